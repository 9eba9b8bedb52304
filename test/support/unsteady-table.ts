/**
 * A table as a distributed one behaves on a bad day, over a real one: transactions that conflict, answers that are
 * lost after or before the commit, and reads that see a part of a transaction until it has been acknowledged.
 */
import {
  type Consistency,
  type Key,
  OutcomeUnknown,
  type Query,
  type Row,
  StoreConflict,
  type Table,
  type Write,
} from '../../lib/store/ports.ts';
import { keyOf } from '../../lib/store/rows.ts';

export interface Misfortune {
  /** Chances from 0 to 1. */
  readonly conflict: number;
  readonly lostAfter: number;
  readonly lostBefore: number;
  /** That a read overlooks a row of a transaction which is being acknowledged. */
  readonly late: number;
  /** Turns of the event loop until a transaction is acknowledged, at most. */
  readonly delay: number;
}

export const CALM: Misfortune = { conflict: 0, lostAfter: 0, lostBefore: 0, late: 0, delay: 0 };

const nameOf = ({ table, pk, sk }: Key) => `${table}\n${pk}\n${sk}`;

export class UnsteadyTable implements Table {
  /** May be changed at any time; `CALM` ends all misfortune. */
  misfortune: Misfortune;
  readonly #table: Table;
  readonly #random: () => number;
  /** Rows as they were before transactions that are not acknowledged yet. */
  readonly #before = new Map<string, { readonly key: Key; readonly row: Row | undefined }[]>();
  transactions = 0;

  constructor(table: Table, random: () => number, misfortune: Misfortune) {
    this.#table = table;
    this.#random = random;
    this.misfortune = misfortune;
  }

  async get(key: Key, consistency?: Consistency) {
    const [row] = await this.batchGet([key], consistency);
    return row;
  }

  async batchGet(keys: readonly Key[], consistency?: Consistency) {
    await this.#turns();
    const rows = await this.#table.batchGet(keys, consistency);
    return rows.map((row, place) => {
      const late = this.#overlooked(nameOf(keys[place]!));
      return late ? late.row : row;
    });
  }

  async query(query: Query) {
    await this.#turns();
    // A row overlooked may make room below the limit: ask for all, cut afterwards.
    const { limit, ...whole } = query;
    const rows = new Map((await this.#table.query(whole)).map((row) => [row.sk, row]));
    for (const [name, [first]] of this.#before) {
      const { table, pk, sk } = first!.key;
      if (table !== query.table || pk !== query.pk || !within(sk, query)) continue;
      const late = this.#overlooked(name);
      if (!late) continue;
      if (late.row) rows.set(late.key.sk, late.row);
      else rows.delete(late.key.sk);
    }
    const sorted = [...rows.values()].sort((a, b) => (a.sk < b.sk ? -1 : 1));
    if (query.order === 'descending') sorted.reverse();
    return sorted.slice(0, limit);
  }

  async transact(writes: readonly Write[]): Promise<void> {
    const { conflict, lostAfter, lostBefore } = this.misfortune;
    await this.#turns();
    if (this.#random() < conflict) throw new StoreConflict('injected');
    if (this.#random() < lostBefore) throw new OutcomeUnknown('injected, nothing written');
    const keys = writes.filter(({ op }) => op !== 'check').map(keyOf);
    const rows = await this.#table.batchGet(keys, 'strong');
    const before = keys.map((key, place) => ({ key, row: rows[place] }));
    for (const one of before) this.#before.set(nameOf(one.key), [...(this.#before.get(nameOf(one.key)) ?? []), one]);
    const acknowledge = () => {
      for (const one of before) {
        const left = (this.#before.get(nameOf(one.key)) ?? []).filter((other) => other !== one);
        if (left.length > 0) this.#before.set(nameOf(one.key), left);
        else this.#before.delete(nameOf(one.key));
      }
    };
    try {
      await this.#table.transact(writes);
      this.transactions++;
    } catch (error) {
      acknowledge();
      throw error;
    }
    if (this.#random() < lostAfter) {
      // The caller hears at once that nothing is known; readers see all of it only later.
      void this.#turns().then(acknowledge);
      throw new OutcomeUnknown('injected, written');
    }
    await this.#turns();
    acknowledge();
  }

  /** A row that was seen new once is not seen old again, as with reads that are strong by row. */
  #overlooked(name: string) {
    const before = this.#before.get(name);
    if (before && this.#random() < this.misfortune.late) return before[0];
    this.#before.delete(name);
    return undefined;
  }

  async #turns(): Promise<void> {
    const turns = Math.floor(this.#random() * (this.misfortune.delay + 1));
    for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

function within(sk: string, { prefix, from, to }: Query): boolean {
  if (prefix !== undefined && !sk.startsWith(prefix)) return false;
  return (from === undefined || sk >= from) && (to === undefined || sk <= to);
}
