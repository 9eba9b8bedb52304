import type { Clock } from '../ops/clock.ts';
import { ProtocolFailure } from './command.ts';

/**
 * Runs with a signal that aborts after `ms` or when `outer` does, and does not wait for one that ignores its signal.
 * What still runs then finds every effect conditional, so its late end harms nothing.
 * @throws ProtocolFailure 111 after `ms`; the reason of `outer` when the client went away
 */
export async function withTimeLimit<T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted();
  const controller = new AbortController();
  let stop: (reason: unknown) => void = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = (reason) => {
      reject(reason);
      controller.abort(reason);
    };
  });
  const onAbort = () => stop(outer.reason);
  outer.addEventListener('abort', onAbort, { once: true });
  const cancel = clock.after(ms, () => stop(new ProtocolFailure(111, 'the command took too long')));
  try {
    return await Promise.race([run(controller.signal), stopped]);
  } finally {
    cancel();
    outer.removeEventListener('abort', onAbort);
  }
}
