/** A consistent copy of a data folder, also while processes work in it, and the way back. */
import { constants } from 'node:fs';
import { access, copyFile, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's modules lacks it
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite';
import { randomToken } from '../../ops/ids.ts';
import { syncFolder } from '../files/blobs.ts';
import { FILE_SUFFIX } from '../files/paths.ts';
import { decodeRow, encodeRow } from './encoding.ts';
import { FILE_VERSION, migrate } from './migrate.ts';
import { BLOB_FOLDER, DATABASE_FILE } from './open.ts';

export interface BackupReport {
  /** Of the database file. */
  readonly bytes: number;
  /** Files of blobs that were copied, and those that the target had from an earlier backup. */
  readonly copied: number;
  readonly kept: number;
}

/** Written last: a folder without it is no finished backup. */
const MANIFEST = 'backup.json';
/** All pages in one step. A copy in several steps begins again whenever another process commits. */
const ALL_PAGES = 2 ** 31 - 1;

/**
 * Copies the store in `dir` to `target`. A later backup to the same folder copies only what is new.
 * @throws Error when `dir` holds no store
 */
export async function backup(dir: string, target: string): Promise<BackupReport> {
  const file = join(dir, DATABASE_FILE);
  if (!(await exists(file))) throw new Error(`there is no store in ${dir}`);
  await unseal(target);
  const counts = { copied: 0, kept: 0 };
  const blobs = [join(dir, BLOB_FOLDER), join(target, BLOB_FOLDER)] as const;

  // Blobs are written before the rows that name them, and deleted after. Copied before and after the rows, so that
  // neither what is deleted nor what is written meanwhile is missing.
  await copyFolder(...blobs, counts);
  const fresh = join(target, `${DATABASE_FILE}.new`);
  await rm(fresh, { force: true });
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    await copyDatabase(db, fresh, { rate: ALL_PAGES });
  } finally {
    db.close();
  }
  const late = { copied: 0, kept: 0 };
  await copyFolder(...blobs, late);
  const bytes = await seal(target, fresh);
  return { bytes, copied: counts.copied + late.copied, kept: counts.kept };
}

/** Until it is sealed again the folder is no finished backup. */
export async function unseal(target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  await rm(join(target, MANIFEST), { force: true });
}

/** Puts the database in its place and says that the backup is whole. @returns its size */
export async function seal(target: string, fresh: string): Promise<number> {
  await syncFile(fresh);
  await rename(fresh, join(target, DATABASE_FILE));
  const { size } = await stat(join(target, DATABASE_FILE));
  await writeFile(join(target, MANIFEST), `${JSON.stringify({ format: 1, fileVersion: FILE_VERSION, bytes: size })}\n`);
  await syncFile(join(target, MANIFEST));
  await syncFolder(target);
  return size;
}

/**
 * Makes `dir` from a backup. Every mailbox gets a new incarnation: devices have seen changes that are not in the
 * backup, and must begin again.
 * @returns the number of mailboxes
 * @throws Error when `source` is no finished backup, or `dir` already holds a store
 */
export async function restore(source: string, dir: string): Promise<number> {
  await finished(source);
  const file = join(dir, DATABASE_FILE);
  if (await exists(file)) throw new Error(`${dir} already holds a store: move it away first`);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await copyFolder(join(source, BLOB_FOLDER), join(dir, BLOB_FOLDER), { copied: 0, kept: 0 });
  const mailboxes = await restoreRows(source, file);
  await syncFolder(dir);
  return mailboxes;
}

/** @throws Error when `source` is no finished backup, or one of a newer release */
export async function finished(source: string): Promise<void> {
  const manifest = await readFile(join(source, MANIFEST), 'utf8').catch(() => undefined);
  if (manifest === undefined) throw new Error(`${source} is no finished backup`);
  const { fileVersion } = JSON.parse(manifest) as { readonly fileVersion: number };
  if (fileVersion > FILE_VERSION) throw new Error('this backup was made by a newer release');
}

/** The rows of a backup as a database of this release, mailboxes with a new incarnation. @returns their number */
export async function restoreRows(source: string, file: string): Promise<number> {
  // Under another name until it is whole, so that an interrupted restore can be begun again.
  const fresh = `${file}.restoring`;
  for (const name of [fresh, `${fresh}-wal`, `${fresh}-shm`]) await rm(name, { force: true });
  await copyFile(join(source, DATABASE_FILE), fresh);
  const db = new DatabaseSync(fresh);
  let mailboxes: number;
  try {
    // One file, with nothing beside it that a rename would leave behind.
    db.exec('PRAGMA journal_mode = DELETE');
    migrate(db);
    mailboxes = renew(db);
  } finally {
    db.close();
  }
  await syncFile(fresh);
  await rename(fresh, file);
  return mailboxes;
}

function renew(db: DatabaseSync): number {
  db.exec('BEGIN IMMEDIATE');
  const states = db.prepare("SELECT pk, body FROM mailboxes WHERE sk = 'STATE'").all() as {
    pk: string;
    body: string;
  }[];
  const update = db.prepare("UPDATE mailboxes SET body = ? WHERE pk = ? AND sk = 'STATE'");
  for (const { pk, body } of states) update.run(encodeRow({ ...decodeRow(body), incarnation: randomToken(9) }), pk);
  db.exec('DELETE FROM feed; COMMIT');
  return states.length;
}

/** Copies the files that `to` does not have yet; a blob's file never changes. */
async function copyFolder(from: string, to: string, counts: { copied: number; kept: number }): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  const have = new Set(await readdir(to));
  let copied = 0;
  for (const entry of await readdir(from, { withFileTypes: true }).catch(() => [])) {
    // Unfinished files have other names.
    if (entry.isDirectory() ? entry.name.startsWith('.') : !entry.name.endsWith(FILE_SUFFIX)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyFolder(source, target, counts);
    else if (have.has(entry.name)) counts.kept++;
    else if (await copyBlob(source, target)) copied++;
  }
  counts.copied += copied;
  if (copied > 0) await syncFolder(to);
}

/** @returns `false` when the blob was deleted meanwhile */
async function copyBlob(source: string, target: string): Promise<boolean> {
  const temporary = `${target}.part`;
  try {
    await copyFile(source, temporary, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  await syncFile(temporary);
  await rename(temporary, target);
  return true;
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
