/**
 * What the domain needs of a database. Engines: `sqlite/` (embedded), `dynamo/` (cloud), `files/` (blobs). One
 * contract suite (`test/contract`) runs over every engine; what it does not promise, the domain may not assume.
 */
import type { Cancel } from '../ops/clock.ts';

/** `mailboxes` is followed by the feed; `devices` is volatile and may expire rows; `directory` holds accounts. */
export type TableName = 'mailboxes' | 'devices' | 'directory';

/** An attribute. No `undefined` inside; numbers are finite; a row is at most 400 KB as DynamoDB counts. */
export type Value =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly Value[]
  | { readonly [name: string]: Value };

export interface Key {
  readonly table: TableName;
  readonly pk: string;
  readonly sk: string;
}

/**
 * A row as stored: `pk`, `sk` and attributes. `ttl` (epoch seconds) lets an engine delete the row some time after;
 * a reader must not take its presence or absence for the time.
 */
export type Row = { readonly pk: string; readonly sk: string; readonly ttl?: number } & {
  readonly [name: string]: Value | undefined;
};

/** Holds when the row is absent, is present, or has all the named attributes with exactly these scalar values. */
export type Condition =
  | { readonly row: 'absent' }
  | { readonly row: 'present' }
  | { readonly equals: Readonly<Record<string, string | number | boolean>> };

export type Write =
  | { readonly op: 'put'; readonly table: TableName; readonly row: Row; readonly when?: Condition }
  /** Creates the row where it is absent (unless `when` forbids it). `add` counts from 0 where the attribute is absent. */
  | {
      readonly op: 'update';
      readonly key: Key;
      readonly set?: Readonly<Record<string, Value>>;
      readonly add?: Readonly<Record<string, number>>;
      readonly remove?: readonly string[];
      readonly when?: Condition;
    }
  | { readonly op: 'delete'; readonly key: Key; readonly when?: Condition }
  | { readonly op: 'check'; readonly key: Key; readonly when: Condition };

export interface Query {
  readonly table: TableName;
  readonly pk: string;
  /** Sort keys `>= from` and `<= to`, compared as UTF-8 bytes. `prefix` is short for the range of that prefix. */
  readonly from?: string;
  readonly to?: string;
  readonly prefix?: string;
  readonly limit?: number;
  readonly order?: 'ascending' | 'descending';
  readonly consistency?: Consistency;
}

/** `strong`, the default, sees every transaction that was acknowledged before the read began. A query is never atomic with a transaction. */
export type Consistency = 'eventual' | 'strong';

export const TRANSACTION_LIMIT = 100;

/** Every method may reject with `StoreUnavailable`; reads are safe to repeat. */
export interface Table {
  get(key: Key, consistency?: Consistency): Promise<Row | undefined>;
  /** In the order of `keys`, `undefined` where there is no row. Any number of keys; not one snapshot. */
  batchGet(keys: readonly Key[], consistency?: Consistency): Promise<readonly (Row | undefined)[]>;
  /** Pages until `limit` rows or the end of the range; at most one page of memory where the caller stops iterating. */
  query(query: Query): Promise<readonly Row[]>;
  /**
   * All or nothing, 1 to `TRANSACTION_LIMIT` writes, each row at most once, across tables.
   * @throws ConditionFailed nothing was written: `indexes` says which writes' conditions did not hold
   * @throws StoreConflict nothing was written: another transaction was in the way, or the engine was throttled
   * @throws OutcomeUnknown the answer was lost: it may be committed or not; read again before deciding again
   */
  transact(writes: readonly Write[]): Promise<void>;
}

export class ConditionFailed extends Error {
  override readonly name = 'ConditionFailed';
  readonly indexes: readonly number[];
  constructor(indexes: readonly number[], options?: ErrorOptions) {
    super(`condition of write ${indexes.join(', ')} did not hold`, options);
    this.indexes = indexes;
  }
}
export class StoreConflict extends Error {
  override readonly name = 'StoreConflict';
}
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
export class BlobMissing extends Error {
  override readonly name = 'BlobMissing';
}

/** A committed change of a folder head (`F#...`) or `STATE` row of the mailbox table. */
export interface FeedRecord {
  readonly pk: string;
  readonly sk: string;
  /** The row as of the change; absent when it was deleted. */
  readonly row?: Row;
}

/** Changes of head and `STATE` rows: at least once, in order for each row, from the time of subscribing. Hints, never the truth. */
export interface Feed {
  subscribe(listener: (records: readonly FeedRecord[]) => void): Cancel;
}

/** Raw MIME, large bodies, attachments. Keys are `<mailbox>/<id>/<part>`; a key is written once and never changed. */
export interface Blobs {
  /** Durable when it resolves. Putting the same key again with the same bytes is harmless. */
  put(key: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;
  /** `undefined` where there is no such blob. `start`/`end` are byte offsets, `end` exclusive, clamped to the size. */
  get(key: string, range?: { readonly start: number; readonly end?: number }): Promise<Uint8Array | undefined>;
  /** @throws BlobMissing where there is no such blob, at the first read. */
  stream(key: string, range?: { readonly start: number; readonly end?: number }): AsyncIterable<Uint8Array>;
  delete(keys: readonly string[]): Promise<void>;
  list(prefix: string): AsyncIterable<string>;
}

/** All of one engine, opened. */
export interface Store {
  readonly table: Table;
  readonly feed: Feed;
  readonly blobs: Blobs;
  close(): Promise<void>;
}
