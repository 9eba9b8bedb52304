import { type Clock, sleep } from '../ops/clock.ts';
import type { FeedRecord, Table, Write } from '../store/ports.ts';
import type { Wake } from './types.ts';
import { wakesOf } from './wake.ts';

/**
 * The writer's own wake: whoever commits a change tells those who wait for it at once, without the detour of the
 * stream. The stream tells them too, and cannot be lost; this one may be.
 */
export class FastPath {
  readonly #clock: Clock;
  readonly #tell: (wakes: readonly Wake[]) => Promise<unknown>;
  readonly #under = new Set<Promise<unknown>>();

  /** @param tell never rejects */
  constructor(clock: Clock, tell: (wakes: readonly Wake[]) => Promise<unknown>) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** The same table; what is committed through it is told. */
  over(table: Table): Table {
    return {
      get: (key, consistency) => table.get(key, consistency),
      batchGet: (keys, consistency) => table.batchGet(keys, consistency),
      query: (query) => table.query(query),
      transact: async (writes) => {
        await table.transact(writes);
        const wakes = wakesOf(writes.flatMap((write) => recordOf(write) ?? []));
        if (wakes.length === 0) return;
        const telling = this.#tell(wakes).finally(() => this.#under.delete(telling));
        this.#under.add(telling);
      },
    };
  }

  /** When all is told, or after `ms`: a Lambda is stopped between two requests, with whatever it still had to say. */
  async settled(ms: number): Promise<void> {
    if (this.#under.size === 0) return;
    const enough = new AbortController();
    const late = sleep(this.#clock, ms, enough.signal).catch(() => {});
    await Promise.race([Promise.all(this.#under), late]);
    enough.abort();
  }
}

/** A write as the feed will tell of it; what is no head says nothing to anybody (`wakesOf`). */
function recordOf(write: Write): FeedRecord | undefined {
  switch (write.op) {
    case 'put':
      return write.table === 'mailboxes' ? { pk: write.row.pk, sk: write.row.sk, row: write.row } : undefined;
    case 'update':
    case 'delete': {
      const { table, pk, sk } = write.key;
      if (table !== 'mailboxes') return undefined;
      return { pk, sk, ...(write.op === 'update' && { row: { ...write.set, pk, sk } }) };
    }
    default:
      return undefined;
  }
}
