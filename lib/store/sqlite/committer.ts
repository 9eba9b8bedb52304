/**
 * Transactions, one after the other. Those that are asked for while the event loop is busy with one event share one
 * `BEGIN IMMEDIATE ... COMMIT`, and so one wait for the disk; each keeps its own outcome by a savepoint.
 */
import { ConditionFailed, StoreUnavailable, type Write } from '../ports.ts';
import { checkWrites } from '../rows.ts';
import { type Database, storeError } from './database.ts';
import type { RowCache } from './row-cache.ts';
import { type Change, Writer } from './writer.ts';

interface Waiting {
  readonly writes: readonly Write[];
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

type Outcome = { readonly changes: readonly Change[] } | { readonly error: unknown };

/** Bounds how long one commit keeps the event loop. */
const MAX_BATCH = 64;
/**
 * Commits in one turn of the event loop. Promises alone never end a turn: a loop of transactions would keep timers and
 * sockets waiting for as long as it runs.
 */
const COMMITS_A_TURN = 16;

export class Committer {
  readonly #db: Database;
  readonly #writer: Writer;
  readonly #committed: (changes: readonly Change[]) => void;
  readonly #gather: boolean;
  #waiting: Waiting[] = [];
  /** Commits in this turn. */
  #commits = 0;
  #closed = false;

  /**
   * `committed` is told of every commit's feed changes, before the callers are. `gather` waits for all events of this
   * turn of the event loop: where many connections write, they share the wait for the disk.
   */
  constructor(
    db: Database,
    cache: RowCache,
    now: () => number,
    committed: (changes: readonly Change[]) => void,
    gather = false,
  ) {
    this.#gather = gather;
    this.#db = db;
    this.#writer = new Writer(db, cache, now);
    this.#committed = committed;
  }

  commit(writes: readonly Write[]): Promise<void> {
    return new Promise((resolve, reject) => {
      checkWrites(writes);
      if (this.#closed) throw new StoreUnavailable('the store is closed');
      if (this.#waiting.length === 0) this.#flushSoon();
      this.#waiting.push({ writes, resolve, reject });
    });
  }

  #flushSoon(): void {
    const flush = () => this.flush();
    if (this.#gather) {
      setImmediate(flush);
      return;
    }
    if (this.#commits === 0) {
      setImmediate(() => {
        this.#commits = 0;
      });
    }
    if (++this.#commits > COMMITS_A_TURN) setImmediate(flush);
    else process.nextTick(flush);
  }

  /** Commits what waits. Returns when it is on disk. */
  flush(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < all.length; start += MAX_BATCH) this.#commit(all.slice(start, start + MAX_BATCH));
  }

  close(): void {
    this.flush();
    this.#closed = true;
  }

  #commit(batch: readonly Waiting[]): void {
    let during: 'write' | 'commit' = 'write';
    try {
      this.#db.sql('BEGIN IMMEDIATE').run();
      const outcomes = batch.map(({ writes }) => this.#apply(writes, batch.length > 1));
      during = 'commit';
      const changes = outcomes.flatMap((outcome) => ('changes' in outcome ? outcome.changes : []));
      // Where the only transaction of the batch failed it is rolled back already.
      if (this.#db.db.isTransaction) this.#db.sql('COMMIT').run();
      if (changes.length > 0) this.#committed(changes);
      outcomes.forEach((outcome, place) => {
        if ('error' in outcome) batch[place]!.reject(outcome.error);
        else batch[place]!.resolve();
      });
    } catch (error) {
      const reason = storeError(error, during);
      this.#rollback();
      for (const { reject } of batch) reject(reason);
    }
  }

  #apply(writes: readonly Write[], nested: boolean): Outcome {
    if (nested) this.#db.sql('SAVEPOINT one').run();
    let error: unknown;
    try {
      const { failed, changes } = this.#writer.apply(writes);
      if (failed.length === 0) {
        if (nested) this.#db.sql('RELEASE one').run();
        return { changes };
      }
      error = new ConditionFailed(failed);
    } catch (thrown) {
      error = storeError(thrown, 'write');
      // A full disk ends the whole transaction, and with it what others of the batch had written.
      if (nested && !this.#db.db.isTransaction) throw thrown;
    }
    if (!nested) {
      this.#rollback();
      return { error };
    }
    this.#db.sql('ROLLBACK TO one').run();
    this.#db.sql('RELEASE one').run();
    return { error };
  }

  #rollback(): void {
    try {
      if (this.#db.db.isOpen && this.#db.db.isTransaction) this.#db.sql('ROLLBACK').run();
    } catch {
      // The failure that led here is the one to tell.
    }
  }
}
