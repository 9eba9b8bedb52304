import { type Clock, sleep } from '../ops/clock.ts';
import { limit } from './limits.ts';
import { OutcomeUnknown, StoreConflict, StoreUnavailable } from './ports.ts';

export interface RetryOptions {
  /** Attempts in all. Default 10. */
  readonly attempts?: number;
  /** Most of the wait after the first attempt; it doubles with each. Default 10 ms, and at most `maxMs`, 1,000 ms. */
  readonly baseMs?: number;
  readonly maxMs?: number;
  /** Ends the waiting with its reason. */
  readonly signal?: AbortSignal;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Runs `attempt` again after a conflict or a lost answer, until it succeeds or fails otherwise. Each attempt must read
 * afresh and decide afresh: after `OutcomeUnknown` (`after` tells) its own effect may be there already. Waits are drawn
 * between nothing and a growing bound ("full jitter"), so that writers who met once do not meet again.
 *
 * @throws StoreUnavailable when all attempts failed, with the last failure as its cause
 */
export async function retrying<T>(
  clock: Clock,
  options: RetryOptions,
  attempt: (after?: StoreConflict | OutcomeUnknown) => Promise<T>,
): Promise<T> {
  const attempts = limit('attempts', options.attempts ?? 10, 1, 1000);
  const base = limit('baseMs', options.baseMs ?? 10, 0, 60_000);
  const most = limit('maxMs', options.maxMs ?? 1000, 0, 600_000);
  const random = options.random ?? Math.random;
  let last: StoreConflict | OutcomeUnknown | undefined;
  for (let made = 0; made < attempts; made++) {
    if (made > 0) await sleep(clock, random() * Math.min(most, base * 2 ** (made - 1)), options.signal);
    options.signal?.throwIfAborted();
    try {
      return await attempt(last);
    } catch (error) {
      if (!(error instanceof StoreConflict || error instanceof OutcomeUnknown)) throw error;
      last = error;
    }
  }
  throw new StoreUnavailable(`no outcome after ${attempts} attempts`, { cause: last });
}
