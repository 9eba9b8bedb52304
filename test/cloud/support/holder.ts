/** A task of the holder: its bundle in a process of its own, with an agent that tells it who it is. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { randomToken } from '../../../lib/ops/ids.ts';
import { freePort } from '../../support/servers/process.ts';
import { taskAgent } from './agent.ts';
import { filledIn } from './template.ts';
import { until } from './until.ts';

export interface TestHolder {
  readonly url: string;
  readonly task: string;
  /** The service wants the task to stop; the signal comes later. */
  wantStop(): void;
  /** It does nothing at all for a while: other work on its core, a pause of its machine. */
  freeze(): void;
  thaw(): void;
  /** As the orchestrator ends a task; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** As a machine dies. */
  kill(): Promise<void>;
  readonly output: () => string;
  /** The most memory that it had so far, resident, in bytes. */
  peakBytes(): Promise<number>;
}

/** Of Node, as the image's command gives them. */
async function imageFlags(): Promise<string[]> {
  const dockerfile = await readFile(new URL('../../../functions/holder/Dockerfile', import.meta.url), 'utf8');
  const command = JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)![1]!) as string[];
  return command.slice(1, -1);
}

/** @param gone called when the process has ended by one of the ways below */
export async function startHolder(bundle: string, env: Record<string, string>, gone: () => void): Promise<TestHolder> {
  const port = await freePort();
  // Tasks have addresses of their own; processes of one machine have ports instead.
  const wakePort = await freePort();
  const task = randomToken(12);
  const agent = await taskAgent(task);
  let output = '';
  const child: ChildProcess = spawn(process.execPath, [...(await imageFlags()), bundle], {
    env: {
      PATH: process.env.PATH ?? '',
      ...env,
      ...filledIn({ port: String(port), wakePort: String(wakePort) }),
      ECS_CONTAINER_METADATA_URI_V4: agent.url,
      AWS_ENDPOINT_URL_ECS: agent.endpoint,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  void exited.then(() => agent.stop());
  const keep = (chunk: Buffer) => {
    output = `${output}${chunk}`.slice(-200_000);
  };
  child.stdout!.on('data', keep);
  child.stderr!.on('data', keep);
  await until(() => output.includes('task-started') || child.exitCode !== null, 20_000);
  if (child.exitCode !== null) throw new Error(`the holder ended: ${output}`);
  return {
    url: `http://127.0.0.1:${port}`,
    task,
    output: () => output,
    async peakBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
    },
    wantStop: agent.wantStop,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGTERM');
      const code = await exited;
      gone();
      return code;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
      gone();
    },
  };
}
