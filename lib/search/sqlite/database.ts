import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's modules lacks it
import { DatabaseSync } from 'node:sqlite';

/** Raised with every change of what is kept or how text is cut: an older file is thrown away and made again. */
const VERSION = 1;

/**
 * `id` is the received date with room for what arrived in the same millisecond: the newest matches are the largest ids,
 * and a search that wants a hundred of them reads no more than those. The texts are not kept a second time.
 */
const SCHEMA = `
  CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE marks (folder TEXT PRIMARY KEY, seq INTEGER NOT NULL, n INTEGER NOT NULL, below TEXT);
  CREATE TABLE items (id INTEGER PRIMARY KEY, folder TEXT NOT NULL, item TEXT NOT NULL, UNIQUE (folder, item));
  CREATE VIRTUAL TABLE words USING fts5(
    subject, sender, recipients, body, files, place,
    content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '3'
  );
  PRAGMA user_version = ${VERSION};
`;

const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** Opens the file, and makes it anew where it is broken or of another version: it holds nothing that is nowhere else. */
export function openIndexFile(file: string, busyTimeoutMs: number): DatabaseSync {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  try {
    return open(file, busyTimeoutMs);
  } catch (error) {
    if (!isBroken(error)) throw error;
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    return open(file, busyTimeoutMs);
  }
}

function open(file: string, timeout: number): DatabaseSync {
  const db = new DatabaseSync(file, { timeout });
  try {
    db.exec('PRAGMA journal_mode = WAL');
    // A loss of power takes the last steps back, their marks with them.
    db.exec('PRAGMA synchronous = NORMAL');
    db.exec('PRAGMA cache_size = -8192');
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: DatabaseSync): void {
  if (versionOf(db) === VERSION) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    const version = versionOf(db);
    if (version !== VERSION) {
      if (version !== 0) db.exec('DROP TABLE about; DROP TABLE marks; DROP TABLE items; DROP TABLE words;');
      db.exec(SCHEMA);
    }
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(db: DatabaseSync): number {
  return Number(Object.values(db.prepare('PRAGMA user_version').get() ?? {})[0]);
}

function isBroken(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown };
  const code = typeof errcode === 'number' ? errcode & 0xff : undefined;
  return code === CORRUPT || code === NOT_A_DATABASE;
}
