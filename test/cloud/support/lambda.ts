import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A function as AWS runs it: from its bundle, started by the first event, one event at a time in each process. */
export interface TestLambda {
  /** @throws LambdaError with what the function threw, or when its process ended */
  invoke<T>(event: unknown): Promise<T>;
  /** The next `times` invocations throw before anything of them is run. */
  fail(times: number): void;
  /** The next `times` invocations are out of time after `ms`: their process is killed, whatever it was doing. */
  cut(times: number, ms: number): void;
  /** What the function is told and given; a test may take some of it away. */
  timeoutMs: number;
  readonly invocations: number;
  /** What it wrote. */
  readonly output: () => string;
  stop(): void;
}

export class LambdaError extends Error {
  override readonly name = 'LambdaError';
}

const MAIN = fileURLToPath(new URL('./lambda-main.ts', import.meta.url));

/** @param bundle builds it, when the function is first asked for */
export function testLambda(
  bundle: () => string,
  environment: Readonly<Record<string, string>>,
  allowedMs: number,
): TestLambda {
  const cuts: number[] = [];
  const idle: ChildProcess[] = [];
  const all = new Set<ChildProcess>();
  let output = '';
  let failures = 0;
  let invocations = 0;

  async function started(): Promise<ChildProcess> {
    const child = fork(MAIN, [bundle()], {
      env: { PATH: process.env.PATH ?? '', ...environment },
      execArgv: [],
      silent: true,
    });
    all.add(child);
    const keep = (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-200_000);
    };
    child.stdout!.on('data', keep);
    child.stderr!.on('data', keep);
    await answer(child, (message) => message.ready === true);
    return child;
  }

  /** @param ms after which the process is killed, as AWS does it */
  function answer(child: ChildProcess, wanted: (message: Message) => boolean, ms?: number): Promise<Message> {
    return new Promise((resolve, reject) => {
      const late = ms === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), ms);
      const onMessage = (message: Message) => {
        if (!wanted(message)) return;
        done();
        resolve(message);
      };
      const onExit = () => {
        done();
        all.delete(child);
        const why = child.signalCode === 'SIGKILL' ? 'Task timed out' : 'the runtime exited';
        reject(new LambdaError(`${why}: ${output.slice(-1000)}`));
      };
      const done = () => {
        clearTimeout(late);
        child.off('message', onMessage);
        child.off('exit', onExit);
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
    });
  }

  let count = 0;
  return {
    timeoutMs: allowedMs,
    async invoke<T>(event: unknown) {
      invocations++;
      const { timeoutMs } = this;
      if (failures > 0) {
        failures--;
        throw new LambdaError('made to fail');
      }
      const limitMs = cuts.shift() ?? timeoutMs;
      const child = idle.pop() ?? (await started());
      const id = ++count;
      const answered = answer(child, (message) => message.id === id, limitMs);
      child.send({ id, event, timeoutMs });
      const { result, error } = await answered;
      idle.push(child);
      if (error) throw new LambdaError(`${error.name}: ${error.message}`);
      return result as T;
    },
    fail(times) {
      failures += times;
    },
    cut(times, ms) {
      cuts.push(...new Array<number>(times).fill(ms));
    },
    get invocations() {
      return invocations;
    },
    output: () => output,
    stop() {
      for (const child of all) child.kill('SIGKILL');
    },
  };
}

interface Message {
  readonly ready?: boolean;
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
}
