import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A function as AWS runs it: from its bundle, started by the first event, one event at a time in each process. */
export interface TestLambda {
  /** @throws LambdaError with what the function threw, or when its process ended */
  invoke<T>(event: unknown): Promise<T>;
  /** Runs instead of the next `times` invocations. */
  fail(times: number): void;
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
  timeoutMs: number,
): TestLambda {
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

  function answer(child: ChildProcess, wanted: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve, reject) => {
      const onMessage = (message: Message) => {
        if (!wanted(message)) return;
        done();
        resolve(message);
      };
      const onExit = () => {
        done();
        all.delete(child);
        reject(new LambdaError(`the runtime exited: ${output.slice(-1000)}`));
      };
      const done = () => {
        child.off('message', onMessage);
        child.off('exit', onExit);
      };
      child.on('message', onMessage);
      child.on('exit', onExit);
    });
  }

  let count = 0;
  return {
    async invoke<T>(event: unknown) {
      invocations++;
      if (failures > 0) {
        failures--;
        throw new LambdaError('made to fail');
      }
      const child = idle.pop() ?? (await started());
      const id = ++count;
      const answered = answer(child, (message) => message.id === id);
      child.send({ id, event, timeoutMs });
      const { result, error } = await answered;
      idle.push(child);
      if (error) throw new LambdaError(`${error.name}: ${error.message}`);
      return result as T;
    },
    fail(times) {
      failures += times;
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
