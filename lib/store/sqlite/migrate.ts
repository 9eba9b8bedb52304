/** The database file's own version (`PRAGMA user_version`) and the way from each version to the next. */
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's modules lacks it
import type { DatabaseSync } from 'node:sqlite';

/** Marks the file as ours ("DPsh"), so that no other database is taken for a store. */
const APPLICATION_ID = 0x44507368;

/**
 * `UPGRADES[n]` takes a file from version n to n + 1; 0 is an empty file. A released entry never changes.
 *
 * `body` is the whole row as text (`encoding.ts`); `ttl` stands beside it for the sweep's index. WITHOUT ROWID keeps
 * a partition's rows side by side, so that a range is read from neighbouring pages.
 */
const UPGRADES: readonly string[] = [
  `${['mailboxes', 'devices', 'directory']
    .map(
      (table) => `
  CREATE TABLE ${table} (
    pk TEXT NOT NULL, sk TEXT NOT NULL, ttl INTEGER, body TEXT NOT NULL, PRIMARY KEY (pk, sk)
  ) WITHOUT ROWID;
  CREATE INDEX ${table}_ttl ON ${table} (ttl) WHERE ttl IS NOT NULL;`,
    )
    .join('')}
  CREATE TABLE feed (
    id INTEGER PRIMARY KEY AUTOINCREMENT, pk TEXT NOT NULL, sk TEXT NOT NULL, at INTEGER NOT NULL, body TEXT
  );`,
];

export const FILE_VERSION = UPGRADES.length;

/** Brings the file to `FILE_VERSION`. Safe when several processes open a new file at once. */
export function migrate(db: DatabaseSync): void {
  if (versionOf(db) === FILE_VERSION && pragma(db, 'application_id') === APPLICATION_ID) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    // Read again under the lock: another process may just have done the work.
    const version = versionOf(db);
    if (version > FILE_VERSION) {
      throw new Error(
        `this store was written by a newer release (file version ${version}; this release knows ${FILE_VERSION}): ` +
          'install that release, or restore a backup that this one made',
      );
    }
    const owner = pragma(db, 'application_id');
    if (version > 0 ? owner !== APPLICATION_ID : owner !== 0 || hasTables(db)) {
      throw new Error('this database file belongs to another program');
    }
    for (const upgrade of UPGRADES.slice(version)) db.exec(upgrade);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FILE_VERSION}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(db: DatabaseSync): number {
  return pragma(db, 'user_version');
}

function hasTables(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined;
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}
