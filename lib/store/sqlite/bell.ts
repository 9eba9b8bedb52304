/**
 * How the processes that share a data folder tell each other of a commit: each that listens has a Unix socket in
 * `<data>/run`, and whoever commits writes a byte to every socket there. What was committed is read from the database;
 * a bell that is not heard costs time, never a change.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cancel } from '../../ops/clock.ts';
import { errorFields, type Log } from '../../ops/log.ts';

const SUFFIX = '.sock';
/** `sun_path` takes 104 bytes on macOS and 108 on Linux, the closing NUL included. */
const MAX_SOCKET_PATH = 103;
const NAME_LENGTH = 14 + SUFFIX.length;

/** The folder of the sockets: in the data folder, or where its path is too long for a socket, one in the temporary folder. */
export function bellFolder(dir: string, temporary = tmpdir()): string {
  const near = join(dir, 'run');
  if (Buffer.byteLength(near) + 1 + NAME_LENGTH <= MAX_SOCKET_PATH) return near;
  return join(temporary, `dp-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`);
}

export class Bell {
  readonly #folder: string;
  readonly #log: Log;
  readonly #own = `${randomBytes(7).toString('hex')}${SUFFIX}`;
  readonly #peers = new Map<string, Socket>();
  #server: Server | undefined;
  #ringing: Promise<void> | undefined;

  /** `dir` is the absolute, real path of the data folder: all processes must come to the same one. */
  constructor(dir: string, log: Log) {
    this.#folder = bellFolder(dir);
    this.#log = log;
  }

  /** Calls `heard` when another process may have committed, and once when the bell is up. One listener at a time. */
  listen(heard: () => void): Cancel {
    const path = join(this.#folder, this.#own);
    const server = createServer((socket) => {
      socket.on('data', heard).on('error', () => socket.destroy());
      socket.unref();
    });
    server.on('error', (error) => this.#log.warn('bell.deaf', errorFields(error)));
    try {
      makeFolder(this.#folder);
      server.listen(path, () => {
        chmodSync(path, 0o600);
        // What was committed while nobody could ring is heard now.
        if (this.#server === server) heard();
      });
      server.unref();
    } catch (error) {
      this.#log.warn('bell.deaf', errorFields(error));
    }
    this.#server = server;
    return () => {
      if (this.#server !== server) return;
      this.#server = undefined;
      server.close();
    };
  }

  /** Tells the other processes. Rings that come while one is going out are one. */
  ring(): void {
    this.#ringing ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#ringing = undefined;
        this.#ringNow().then(resolve, resolve);
      });
    });
  }

  /** Resolves when every ring has gone out. */
  async close(): Promise<void> {
    this.#server?.close();
    this.#server = undefined;
    await this.#ringing;
    for (const socket of this.#peers.values()) socket.end();
    this.#peers.clear();
  }

  async #ringNow(): Promise<void> {
    let names: string[];
    try {
      names = readdirSync(this.#folder);
    } catch {
      return; // Nobody ever listened.
    }
    await Promise.all(
      names.filter((name) => name.endsWith(SUFFIX) && name !== this.#own).map((name) => this.#poke(name)),
    );
  }

  #poke(name: string): Promise<void> {
    return new Promise((resolve) => {
      const socket = this.#peers.get(name) ?? this.#connect(name);
      socket.once('close', resolve);
      socket.write('!', () => {
        socket.off('close', resolve);
        resolve();
      });
    });
  }

  #connect(name: string): Socket {
    const path = join(this.#folder, name);
    const socket = createConnection(path);
    socket.unref();
    this.#peers.set(name, socket);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Left by a process that was killed.
      if (error.code === 'ECONNREFUSED') remove(path);
    });
    socket.on('close', () => this.#peers.delete(name));
    return socket;
  }
}

/** @throws Error when somebody else owns the folder: in a shared temporary folder anybody may make one. */
function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid } = statSync(folder);
  if (process.getuid && uid !== process.getuid() && process.getuid() !== 0) {
    throw new Error('the folder of the sockets belongs to somebody else');
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another process was faster.
  }
}
