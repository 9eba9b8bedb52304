/** The rows of a backup, written and read one by one: for stores of another engine. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's modules lacks it
import { DatabaseSync } from 'node:sqlite';
import type { Row, TableName } from '../ports.ts';
import { seal, unseal } from './backup.ts';
import { decodeRow, encodeRow } from './encoding.ts';
import { migrate } from './migrate.ts';
import { DATABASE_FILE } from './open.ts';

/** A backup that is being made. Without `finish` the folder is none. */
export class BackupWriter {
  readonly #db: DatabaseSync;
  readonly #target: string;
  readonly #fresh: string;

  private constructor(target: string, fresh: string) {
    this.#target = target;
    this.#fresh = fresh;
    this.#db = new DatabaseSync(fresh);
    // Nobody else has the file, and a half-written one is thrown away.
    this.#db.exec('PRAGMA page_size = 8192; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF');
    migrate(this.#db);
  }

  static async begin(target: string): Promise<BackupWriter> {
    await unseal(target);
    const fresh = join(target, `${DATABASE_FILE}.new`);
    await rm(fresh, { force: true });
    return new BackupWriter(target, fresh);
  }

  put(table: TableName, rows: readonly Row[]): void {
    const insert = this.#db.prepare(`INSERT OR REPLACE INTO ${table} (pk, sk, ttl, body) VALUES (?, ?, ?, ?)`);
    this.#db.exec('BEGIN');
    for (const row of rows) insert.run(row.pk, row.sk, row.ttl ?? null, encodeRow(row));
    this.#db.exec('COMMIT');
  }

  /** Takes back rows of a partition whose sort keys begin so. */
  remove(table: TableName, pk: string, prefix: string): void {
    this.#db.prepare(`DELETE FROM ${table} WHERE pk = ? AND substr(sk, 1, length(?)) = ?`).run(pk, prefix, prefix);
  }

  /** @returns bytes of the database */
  async finish(): Promise<number> {
    this.#db.close();
    return seal(this.#target, this.#fresh);
  }

  async abandon(): Promise<void> {
    if (this.#db.isOpen) this.#db.close();
    await rm(this.#fresh, { force: true });
  }
}

/** All rows of a table in a database that `restoreRows` made. */
export function* rowsOf(file: string, table: TableName): Generator<Row> {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const bodies = db.prepare(`SELECT body FROM ${table} ORDER BY pk, sk`).iterate();
    for (const { body } of bodies) yield decodeRow(String(body));
  } finally {
    db.close();
  }
}
