import { type Clock, sleep } from '../ops/clock.ts';
import { ConditionFailed, OutcomeUnknown, StoreConflict, StoreUnavailable } from '../store/ports.ts';

const TRIES = 8;

/**
 * Runs `attempt`, which reads and decides and writes, again from the start while the store says that something was in
 * the way. Errors that are no such thing pass through.
 * @throws StoreUnavailable when that does not end
 */
export async function decideAgain<T>(clock: Clock, attempt: () => Promise<T>): Promise<T> {
  let last: unknown;
  for (let n = 0; n < TRIES; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ConditionFailed || error instanceof StoreConflict || error instanceof OutcomeUnknown)) {
        throw error;
      }
      last = error;
      // A condition that failed is news already; only a busy store is helped by waiting.
      if (error instanceof StoreConflict) await sleep(clock, 5 * 2 ** n * (0.5 + Math.random()));
    }
  }
  throw new StoreUnavailable('the row kept changing', { cause: last });
}
