import {
  ConditionFailed,
  type Key,
  OutcomeUnknown,
  StoreConflict,
  StoreUnavailable,
  TRANSACTION_LIMIT,
  type Write,
} from '../store/ports.ts';
import type { MailboxContext } from './context.ts';

/** A change decided from rows as they were read: what would be written, and what the caller gets when it is. */
export interface Decision<T> {
  readonly writes: readonly Write[];
  /** A row that only this operation's commit leaves behind, with its `tx`. */
  readonly proof: Key;
  readonly result: T;
  /** Only a part of the work: the caller's rows wait for the last part. */
  readonly partial?: boolean;
}

/** Nothing to change. */
export interface Settled<T> {
  readonly result: T;
}

/** Tries before the mailbox counts as unavailable. Whoever loses to another writer every time waits seconds by then. */
const MAX_TRIES = 14;

/**
 * Reads, decides, writes; after a conflict or a lost answer all of it again. `tx` is fixed before the first try, so
 * that a commit whose answer was lost is recognised by its proof and not made twice.
 *
 * @param decide reads all it looks at anew each time it is called; what it throws ends the operation
 * @param extra the caller's rows: committed with the change, or alone where there is nothing to change
 * @throws ConditionFailed a condition of `extra` did not hold; `indexes` count in `extra`
 * @throws StoreUnavailable
 */
export async function commit<T>(
  context: MailboxContext,
  tx: string,
  extra: readonly Write[],
  decide: () => Promise<Decision<T> | Settled<T>>,
): Promise<T> {
  const tried: Decision<T>[] = [];
  let unknown = false;
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    if (attempt > 0) {
      await context.pause(attempt);
      const done = await proven(context, tx, tried);
      if (done) return done.result;
    }
    const decision = await decided(decide);
    if (unknown && !('writes' in decision)) {
      // That there is nothing left to do may be one's own doing, seen before its proof.
      const done = await lateProof(context, tx, tried);
      if (done) return done.result;
    }
    if ('error' in decision) throw decision.error;
    const writes = 'writes' in decision ? decision.writes : [];
    const all = 'partial' in decision && decision.partial ? writes : [...writes, ...extra];
    if (all.length === 0) return decision.result;
    if (all.length > TRANSACTION_LIMIT) throw new RangeError('too many rows for one transaction');
    if ('writes' in decision) tried.push(decision);
    try {
      await context.table.transact(all);
      return decision.result;
    } catch (error) {
      const refused = refusedExtra(error, writes.length);
      if (refused) {
        // Rows of one's own lost commit are in the way of their repetition.
        const done = unknown ? await lateProof(context, tx, tried) : undefined;
        if (done) return done.result;
        throw refused;
      }
      if (!repeatable(error)) throw error;
      unknown ||= error instanceof OutcomeUnknown;
    }
  }
  throw new StoreUnavailable(`no commit in ${MAX_TRIES} tries`);
}

async function decided<T>(
  decide: () => Promise<Decision<T> | Settled<T>>,
): Promise<Decision<T> | Settled<T> | { readonly error: unknown }> {
  try {
    return await decide();
  } catch (error) {
    return { error };
  }
}

function repeatable(error: unknown): boolean {
  return error instanceof ConditionFailed || error instanceof StoreConflict || error instanceof OutcomeUnknown;
}

/** The failure as the caller sees it, when none but the caller's own conditions failed. */
function refusedExtra(error: unknown, own: number): ConditionFailed | undefined {
  if (!(error instanceof ConditionFailed) || error.indexes.length === 0) return undefined;
  if (error.indexes.some((index) => index < own)) return undefined;
  return new ConditionFailed(
    error.indexes.map((index) => index - own),
    { cause: error },
  );
}

/** Looks for a commit that nobody has acknowledged: its rows need not come to be seen all at once. */
const LOOKS = 6;

async function lateProof<T>(
  context: MailboxContext,
  tx: string,
  tried: readonly Decision<T>[],
): Promise<Decision<T> | undefined> {
  for (let look = 1; look <= LOOKS; look++) {
    const done = await proven(context, tx, tried);
    if (done) return done;
    await context.pause(look);
  }
  return undefined;
}

/** The try that was committed after all. */
async function proven<T>(
  { table }: MailboxContext,
  tx: string,
  tried: readonly Decision<T>[],
): Promise<Decision<T> | undefined> {
  if (tried.length === 0) return undefined;
  const rows = await table.batchGet(
    tried.map(({ proof }) => proof),
    'strong',
  );
  const place = rows.findIndex((row) => row?.tx === tx);
  return place < 0 ? undefined : tried[place];
}
