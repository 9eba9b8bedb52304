import type { Condition, Key, Row, TableName, Value, Write } from '../ports.ts';
import type { Database } from './database.ts';
import { decodeRow, encodeRow } from './encoding.ts';
import type { RowCache } from './row-cache.ts';

/** A row of the feed as it was committed; `id` counts up without gaps. */
export interface Change {
  readonly id: number;
  readonly pk: string;
  readonly sk: string;
  readonly row?: Row;
}

export interface Applied {
  /** Indexes of the writes whose conditions did not hold; then the caller rolls back. */
  readonly failed: readonly number[];
  readonly changes: readonly Change[];
}

/** Applies the writes of one transaction inside a transaction of SQLite that the caller began. */
export class Writer {
  readonly #db: Database;
  readonly #now: () => number;
  readonly #cache: RowCache;

  constructor(db: Database, cache: RowCache, now: () => number) {
    this.#db = db;
    this.#cache = cache;
    this.#now = now;
  }

  apply(writes: readonly Write[]): Applied {
    const failed: number[] = [];
    const changes: Change[] = [];
    // A row is touched once, so that no write can change what a later condition sees.
    writes.forEach((write, index) => {
      const change = this.#write(write);
      if (change === false) failed.push(index);
      else if (change !== true && failed.length === 0) changes.push(this.#record(change));
    });
    return { failed, changes };
  }

  /** @returns `false` when the condition does not hold, what the feed shall tell, or `true` when that is nothing. */
  #write(write: Write): boolean | Omit<Change, 'id'> {
    switch (write.op) {
      case 'put':
        return this.#put(write.table, write.row, write.when) && told(write.table, write.row, write.row);
      case 'update': {
        const row = this.#update(write);
        return row !== undefined && told(write.key.table, write.key, row);
      }
      case 'delete':
        return this.#delete(write.key, write.when);
      case 'check':
        return holds(this.#read(write.key), write.when);
    }
  }

  #put(table: TableName, row: Row, when: Condition | undefined): boolean {
    const { pk, sk, ttl = null } = row;
    if (when && 'equals' in when && !holds(this.#read({ table, pk, sk }), when)) return false;
    this.#cache.forget({ table, pk, sk });
    const text = encodeRow(row);
    if (when && 'row' in when && when.row === 'present') {
      const sql = `UPDATE ${table} SET ttl = ?3, body = ?4 WHERE pk = ?1 AND sk = ?2`;
      return this.#db.sql(sql).run(pk, sk, ttl, text).changes === 1;
    }
    const insert = `INSERT INTO ${table} (pk, sk, ttl, body) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (pk, sk) DO`;
    const absent = when && 'row' in when;
    const otherwise = absent ? 'NOTHING' : 'UPDATE SET ttl = ?3, body = ?4';
    return this.#db.sql(`${insert} ${otherwise}`).run(pk, sk, ttl, text).changes === 1;
  }

  #update({ key, set, add, remove, when }: Extract<Write, { op: 'update' }>): Row | undefined {
    const before = this.#read(key);
    if (when && !holds(before, when)) return undefined;
    const after: Record<string, Value | undefined> = { ...(before ?? { pk: key.pk, sk: key.sk }), ...set };
    for (const [name, by] of Object.entries(add ?? {})) {
      const value = Object.hasOwn(after, name) ? (after[name] ?? 0) : 0;
      if (typeof value !== 'number') throw new TypeError(`attribute ${name} is no number to add to`);
      after[name] = value + by;
    }
    for (const name of remove ?? []) delete after[name];
    const row = after as Row;
    this.#put(key.table, row, undefined);
    return row;
  }

  #delete(key: Key, when: Condition | undefined): boolean | Omit<Change, 'id'> {
    if (when && !('row' in when && when.row === 'present') && !holds(this.#read(key), when)) return false;
    this.#cache.forget(key);
    const { changes } = this.#db.sql(`DELETE FROM ${key.table} WHERE pk = ? AND sk = ?`).run(key.pk, key.sk);
    if (changes === 0) return !(when && 'row' in when && when.row === 'present');
    return told(key.table, key, undefined);
  }

  #read(key: Key): Row | undefined {
    const found = this.#db.sql(`SELECT body FROM ${key.table} WHERE pk = ? AND sk = ?`).get(key.pk, key.sk);
    return found && decodeRow((found as unknown as [string])[0]);
  }

  #record(change: Omit<Change, 'id'>): Change {
    const { lastInsertRowid } = this.#db
      .sql('INSERT INTO feed (pk, sk, at, body) VALUES (?, ?, ?, ?)')
      .run(change.pk, change.sk, this.#now(), change.row ? encodeRow(change.row) : null);
    return { ...change, id: Number(lastInsertRowid) };
  }
}

function holds(row: Row | undefined, when: Condition): boolean {
  if ('row' in when) return (row !== undefined) === (when.row === 'present');
  if (!row) return false;
  return Object.entries(when.equals).every(([name, value]) => Object.hasOwn(row, name) && row[name] === value);
}

/** Only folder heads and `STATE` rows of mailboxes are told. */
function told(
  table: TableName,
  { pk, sk }: { readonly pk: string; readonly sk: string },
  row: Row | undefined,
): true | Omit<Change, 'id'> {
  if (table !== 'mailboxes' || !(sk === 'STATE' || sk.startsWith('F#'))) return true;
  return { pk, sk, row };
}
