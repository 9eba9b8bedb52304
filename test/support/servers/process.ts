import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection, createServer } from 'node:net';

/** A server that runs beside the tests. */
export interface TestServer {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Started below a shell that ends the server when its own standard input closes: that happens however this process
 * ends, also when it is killed. The shell's own last words then have no reader, hence the trap.
 */
const KEEPER =
  '"$@" </dev/null & pid=$!; trap "" PIPE; (read _; kill $pid 2>/dev/null) <&3 3<&- & wait $pid; rm -rf "$SCRATCH"';

/** Starts `command` on a free port, which `args` gets, and waits until it takes connections. */
export async function startServer(
  command: string,
  args: (port: number) => readonly string[],
  options: {
    readonly cwd?: string;
    readonly timeoutMs: number /** A folder that goes with the server. */;
    readonly scratch?: string;
  },
): Promise<TestServer> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = spawn('/bin/sh', ['-c', `exec 3<&0; ${KEEPER}`, 'sh', command, ...args(port)], {
      cwd: options.cwd,
      env: { ...process.env, SCRATCH: options.scratch ?? '' },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    try {
      await accepting(child, port, options.timeoutMs);
      return { endpoint: `http://127.0.0.1:${port}`, stop: () => stop(child) };
    } catch (error) {
      await stop(child);
      // Somebody else may have taken the port in between.
      if (attempt === 3) throw error;
    }
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function accepting(child: ChildProcess, port: number, timeoutMs: number): Promise<void> {
  let ended: string | undefined;
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    ended = `exit ${code ?? signal}: ${said}`;
  });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  (child.stderr as unknown as { unref(): void }).unref();
  const until = Date.now() + timeoutMs;
  while (!(await connects(port))) {
    if (ended !== undefined) throw new Error(`the server ended: ${ended}`);
    if (Date.now() > until) throw new Error(`the server does not listen after ${timeoutMs} ms: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => resolve(false));
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.stdin?.end();
  });
}
