import {
  type Consistency,
  type Key,
  OutcomeUnknown,
  type Query,
  type Row,
  StoreConflict,
  StoreUnavailable,
  type Table,
  type Write,
} from '../../lib/store/ports.ts';
import { keyOf } from '../../lib/store/rows.ts';

/**
 * What goes wrong with one transaction: `conflict` and `throttled` write nothing; `lost` commits and `dropped` does
 * not, and neither answers.
 */
export type WriteFault = 'conflict' | 'throttled' | 'lost' | 'dropped';

export interface Faults {
  /** Asked before each transaction. */
  readonly write?: (writes: readonly Write[]) => WriteFault | undefined;
  /** Asked before each read; `true` fails it. */
  readonly read?: () => boolean;
  /**
   * Asked for each row that a committed transaction wrote: `true` keeps it from queries until `reveal()`, as DynamoDB
   * may show one row of a transaction before another. `get` and `batchGet` (strong reads of single rows) see it at once.
   */
  readonly hide?: (key: Key) => boolean;
  /** Called before every operation; may reject, as when the process dies there. */
  readonly before?: (operation: 'get' | 'batchGet' | 'query' | 'transact') => Promise<void> | void;
}

/** A table that fails as a real one may, on top of a real one. */
export class FaultyTable implements Table {
  faults: Faults;
  readonly #table: Table;
  /** What queries still show in place of the hidden rows. */
  readonly #hidden = new Map<string, { readonly key: Key; readonly before: Row | undefined }>();

  constructor(table: Table, faults: Faults = {}) {
    this.#table = table;
    this.faults = faults;
  }

  /** Lets queries see all that was committed. */
  reveal(): void {
    this.#hidden.clear();
  }

  async get(key: Key, consistency?: Consistency): Promise<Row | undefined> {
    await this.#read('get');
    return this.#table.get(key, consistency);
  }

  async batchGet(keys: readonly Key[], consistency?: Consistency): Promise<readonly (Row | undefined)[]> {
    await this.#read('batchGet');
    return this.#table.batchGet(keys, consistency);
  }

  async query(query: Query): Promise<readonly Row[]> {
    await this.#read('query');
    const affected = [...this.#hidden.values()].filter(({ key }) => key.table === query.table && key.pk === query.pk);
    if (affected.length === 0) return this.#table.query(query);
    const { limit, ...whole } = query;
    const rows = new Map((await this.#table.query(whole)).map((row) => [row.sk, row]));
    for (const { key, before } of affected) {
      if (!inRange(query, key.sk)) continue;
      if (before) rows.set(key.sk, before);
      else rows.delete(key.sk);
    }
    const sorted = [...rows.values()].sort((a, b) => Buffer.compare(Buffer.from(a.sk), Buffer.from(b.sk)));
    if (query.order === 'descending') sorted.reverse();
    return sorted.slice(0, limit);
  }

  async transact(writes: readonly Write[]): Promise<void> {
    await this.faults.before?.('transact');
    const fault = this.faults.write?.(writes);
    if (fault === 'conflict') throw new StoreConflict('injected: TransactionConflict');
    if (fault === 'throttled') throw new StoreConflict('injected: ThrottlingError');
    if (fault === 'dropped') throw new OutcomeUnknown('injected: the request was lost');
    const kept = await this.#before(writes);
    await this.#table.transact(writes);
    for (const entry of kept) {
      const name = JSON.stringify(entry.key);
      if (!this.#hidden.has(name)) this.#hidden.set(name, entry);
    }
    if (fault === 'lost') throw new OutcomeUnknown('injected: the answer was lost');
  }

  async #read(operation: 'get' | 'batchGet' | 'query'): Promise<void> {
    await this.faults.before?.(operation);
    if (this.faults.read?.()) throw new StoreUnavailable('injected: no answer');
  }

  /** The rows that will be hidden, as they are now. */
  async #before(writes: readonly Write[]): Promise<readonly { key: Key; before: Row | undefined }[]> {
    const { hide } = this.faults;
    if (!hide) return [];
    const keys = writes
      .filter(({ op }) => op !== 'check')
      .map(keyOf)
      .filter((key) => hide(key));
    const rows = await this.#table.batchGet(keys, 'strong');
    return keys.map((key, at) => ({ key, before: rows[at] }));
  }
}

function inRange({ from, to, prefix }: Query, sk: string): boolean {
  const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (prefix !== undefined && !sk.startsWith(prefix)) return false;
  if (from !== undefined && compare(sk, from) < 0) return false;
  return to === undefined || compare(sk, to) <= 0;
}
