/** What becomes of servers: they die, are restored from a backup, and are told another time. */
import { randomToken } from '../../lib/ops/ids.ts';
import type { Consistency, Key, Query, Row, Table, TableName, Write } from '../../lib/store/ports.ts';
import { mailboxPartition } from '../../lib/store/schema.ts';
import type { SyncWorld } from './sync-world.ts';

/** The process is no more. */
export class Died extends Error {
  override readonly name = 'Died';
}

/** A table as one process sees it, whose life may end at any operation. */
export class MortalTable implements Table {
  readonly inner: Table;
  /** Operations until the end. */
  fuse = Number.POSITIVE_INFINITY;
  /** Whether the last operation is done before the process dies of it. */
  done = false;
  dead = false;

  constructor(inner: Table) {
    this.inner = inner;
  }

  get(key: Key, consistency?: Consistency) {
    return this.#live(() => this.inner.get(key, consistency));
  }

  batchGet(keys: readonly Key[], consistency?: Consistency) {
    return this.#live(() => this.inner.batchGet(keys, consistency));
  }

  query(query: Query) {
    return this.#live(() => this.inner.query(query));
  }

  transact(writes: readonly Write[]) {
    return this.#live(() => this.inner.transact(writes));
  }

  async #live<T>(operation: () => Promise<T>): Promise<T> {
    if (this.dead) throw new Died();
    if (--this.fuse > 0) return operation();
    this.dead = true;
    // Whether it was refused as well, nobody hears.
    if (this.done) await operation().catch(() => {});
    throw new Died();
  }
}

const TABLES: readonly TableName[] = ['mailboxes', 'devices'];

export class Disasters {
  /** The world whose command is that of the process that lives now. */
  readonly world: SyncWorld;
  readonly #table: MortalTable;
  #backup: readonly (readonly [TableName, Row])[] | undefined;
  /** How far the clock is from the right time. */
  #off = 0;

  constructor(world: SyncWorld, table: MortalTable) {
    let command = world.another();
    this.#reborn = () => {
      command = world.another();
    };
    this.world = Object.defineProperty({ ...world }, 'command', { get: () => command });
    this.#table = table;
  }

  readonly #reborn: () => void;

  /** Whether what was asked has an answer: a process that is dead gives none, whatever it still computes. */
  answers(): void {
    if (this.#table.dead) throw new Died();
  }

  /** Does it, and starts another process where the one that did it died. */
  async survive(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // Some of what runs in a dying process takes any failure for one of its store.
      if (!this.#table.dead) throw error;
    }
    if (!this.#table.dead) return;
    this.#table.fuse = Number.POSITIVE_INFINITY;
    this.#table.dead = false;
    this.#reborn();
  }

  async kill({ after, done }: { readonly after: number; readonly done: boolean }): Promise<void> {
    Object.assign(this.#table, { fuse: after, done });
  }

  async backUp(): Promise<void> {
    this.#backup = await this.#rows();
  }

  /**
   * Rows as they were, under another incarnation, as a restore leaves them: all, or those of the mailbox alone, since tables
   * of DynamoDB are restored one by one.
   */
  async restore({ whole }: { readonly whole: boolean }): Promise<void> {
    if (!this.#backup) return;
    const { inner } = this.#table;
    const isRestored = ([table]: readonly [TableName, Row]) => whole || table === 'mailboxes';
    for (const [table, { pk, sk }] of (await this.#rows()).filter(isRestored)) {
      await inner.transact([{ op: 'delete', key: { table, pk, sk } }]);
    }
    for (const [table, row] of this.#backup.filter(isRestored)) {
      const renewed = row.sk === 'STATE' ? { ...row, incarnation: randomToken(9) } : row;
      await inner.transact([{ op: 'put', table, row: renewed }]);
    }
  }

  async clock({ ms }: { readonly ms: number }): Promise<void> {
    this.world.clock.jump(ms);
    this.#off += ms;
  }

  /** Nothing of this kind from now on; somebody has set the clock right. */
  async end(): Promise<void> {
    this.#table.fuse = Number.POSITIVE_INFINITY;
    if (this.#off !== 0) this.world.clock.jump(-this.#off);
  }

  async #rows(): Promise<(readonly [TableName, Row])[]> {
    const pk = mailboxPartition(this.world.mailbox.id);
    const all: (readonly [TableName, Row])[] = [];
    for (const table of TABLES) {
      for (const row of await this.#table.inner.query({ table, pk, consistency: 'strong' })) all.push([table, row]);
    }
    return all;
  }
}
