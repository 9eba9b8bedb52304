import type { Consistency, Key, Query, Row, Table, TableName, Write } from '../ports.ts';
import { sortRange } from '../range.ts';
import type { Committer } from './committer.ts';
import { type Database, storeError } from './database.ts';
import { decodeRow } from './encoding.ts';
import type { RowCache } from './row-cache.ts';

/** Every read of SQLite sees all that was committed before it: both consistencies are strong. */
export class SqliteTable implements Table {
  readonly #db: Database;
  readonly #committer: Committer;
  readonly #cache: RowCache;

  constructor(db: Database, committer: Committer, cache: RowCache) {
    this.#db = db;
    this.#committer = committer;
    this.#cache = cache;
  }

  async get(key: Key, _consistency?: Consistency): Promise<Row | undefined> {
    try {
      return this.#cache.get(key) ?? this.#read(key);
    } catch (error) {
      throw storeError(error, 'read');
    }
  }

  async batchGet(keys: readonly Key[], _consistency?: Consistency): Promise<readonly (Row | undefined)[]> {
    try {
      const rows = keys.map((key) => this.#cache.get(key));
      const missing = keys.flatMap((_, place) => (rows[place] ? [] : [place]));
      for (const places of partitions(keys, missing)) this.#fill(rows, keys, places);
      return rows;
    } catch (error) {
      throw storeError(error, 'read');
    }
  }

  #read(key: Key): Row | undefined {
    const found = this.#db.sql(`SELECT body FROM ${key.table} WHERE pk = ? AND sk = ?`).get(key.pk, key.sk);
    return found && this.#decoded(column(found), key);
  }

  #decoded(text: string, key: Key): Row {
    return this.#cache.keep(decodeRow(text), key, text.length);
  }

  /** Reads the rows of keys that share a partition into their places. */
  #fill(rows: (Row | undefined)[], keys: readonly Key[], places: readonly number[]): void {
    const { table, pk } = keys[places[0]!]!;
    if (places.length === 1) {
      rows[places[0]!] = this.#read(keys[places[0]!]!);
      return;
    }
    const sought = JSON.stringify(places.map((place) => keys[place]!.sk));
    const found = this.#db
      .sql(`SELECT sk, body FROM ${table} WHERE pk = ? AND sk IN (SELECT value FROM json_each(?))`)
      .all(pk, sought) as unknown as [string, string][];
    const bodies = new Map(found);
    for (const place of places) {
      const key = keys[place]!;
      const body = bodies.get(key.sk);
      rows[place] = body === undefined ? undefined : this.#decoded(body, key);
    }
  }

  async query(query: Query): Promise<readonly Row[]> {
    const range = sortRange(query);
    if (!range || query.limit === 0) return [];
    const parts = [`SELECT body FROM ${query.table} WHERE pk = ?`];
    const values = [query.pk];
    const bound = (text: string, value: string | undefined) => {
      if (value === undefined) return;
      parts.push(text);
      values.push(value);
    };
    bound('AND sk >= ?', range.from);
    bound('AND sk <= ?', range.to);
    bound('AND sk < ?', range.before);
    parts.push(query.order === 'descending' ? 'ORDER BY sk DESC LIMIT ?' : 'ORDER BY sk LIMIT ?');
    try {
      return this.#db
        .sql(parts.join(' '))
        .all(...values, query.limit ?? -1)
        .map((found) => decodeRow(column(found)));
    } catch (error) {
      throw storeError(error, 'read');
    }
  }

  transact(writes: readonly Write[]): Promise<void> {
    return this.#committer.commit(writes);
  }
}

/** The only column of a row that came as an array. */
function column(row: unknown): string {
  return (row as [string])[0];
}

/** These places of the keys, by their table's partition. */
function partitions(keys: readonly Key[], places: readonly number[]): Iterable<readonly number[]> {
  const groups = new Map<`${TableName} ${string}`, number[]>();
  for (const place of places) {
    const { table, pk } = keys[place]!;
    const group = groups.get(`${table} ${pk}`);
    if (group) group.push(place);
    else groups.set(`${table} ${pk}`, [place]);
  }
  return groups.values();
}
