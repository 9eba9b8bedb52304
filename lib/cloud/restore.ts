/** A backup into the tables and the bucket of a deployed stack. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Domain } from '../embedded/domain.ts';
import { type Clock, sleep } from '../ops/clock.ts';
import { openFileBlobs } from '../store/files/blobs.ts';
import {
  OutcomeUnknown,
  type Row,
  StoreConflict,
  StoreUnavailable,
  type Table,
  type TableName,
} from '../store/ports.ts';
import { keys } from '../store/schema.ts';
import { finished, restoreRows } from '../store/sqlite/backup.ts';
import { rowsOf } from '../store/sqlite/backup-rows.ts';
import { BLOB_FOLDER, DATABASE_FILE } from '../store/sqlite/open.ts';
import { type BackupProgress, copyBlobs } from './backup.ts';

/** Rows that are on their way at one time: each by itself, as a transaction would cost twice as much and fail as a whole. */
const AT_ONCE = { rows: 64, bytes: 512 * 1024 };
/** Windows after which is noted how far it is. */
const NOTED = 50;
/** One mailbox is one partition, which takes a megabyte a second; a new table learns what it is to take in minutes. */
const PATIENCE_MS = 600_000;
const WAIT_MS = { first: 500, most: 30_000 };

/** The directory comes last: until it is there nobody can log in, and the restore can be begun again. */
const ORDER: readonly TableName[] = ['mailboxes', 'devices', 'directory'];

/**
 * Every mailbox gets a new incarnation, so that phones begin again, as with a data folder. A restore that ended early
 * goes on where it was when it is begun again from the same backup.
 * @returns the number of mailboxes
 * @throws Error when `source` is no finished backup, or the store has accounts or a part of another backup
 */
export async function restoreDeployed(
  { store, accounts, clock }: Pick<Domain, 'store' | 'accounts' | 'clock'>,
  source: string,
  progress: BackupProgress = {},
): Promise<number> {
  await finished(source);
  const backup = await digestOf(join(source, DATABASE_FILE));
  const begun = await begunBefore(store.table, backup);
  for await (const { address } of begun === undefined ? accounts.list() : []) {
    throw new Error(`there are accounts in this stack (${address}): a backup is restored into an empty one`);
  }
  await copyBlobs(await openFileBlobs(join(source, BLOB_FOLDER)), store.blobs);
  const scratch = await mkdtemp(join(source, '.restore-'));
  try {
    const file = join(scratch, 'rows.sqlite');
    const mailboxes = await restoreRows(source, file);
    const target = { table: store.table, clock };
    let done = 0;
    for (const rows of windows(file, begun ?? 0)) {
      await Promise.all(rows.put.map(([table, row]) => patiently(target, table, row)));
      done = rows.done;
      if (rows.noted) await patiently(target, 'devices', progressRow(backup, done));
      progress.onProgress?.(done, done);
    }
    await store.table.transact([{ op: 'delete', key: keys.restore() }]);
    return mailboxes;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return hash.digest('base64url');
}

/** How many rows a restore of this backup has written that did not end; `undefined` where none was begun. */
async function begunBefore(table: Table, backup: string): Promise<number | undefined> {
  const row = await table.get(keys.restore(), 'strong');
  if (row === undefined) return undefined;
  if (row.backup !== backup) throw new Error('a part of another backup is in this stack: go on with that one');
  return row.rows as number;
}

function progressRow(backup: string, rows: number): Row {
  const { pk, sk } = keys.restore();
  return { pk, sk, backup, rows };
}

interface Window {
  readonly put: readonly (readonly [TableName, Row])[];
  /** Rows that are written when these are. */
  readonly done: number;
  readonly noted: boolean;
}

/** All rows after the first `skipped`, in an order that is the same every time. The first window is empty, and noted. */
function* windows(file: string, skipped: number): Generator<Window> {
  yield { put: [], done: skipped, noted: true };
  let put: [TableName, Row][] = [];
  let bytes = 0;
  let seen = 0;
  let count = 0;
  for (const table of ORDER) {
    for (const row of rowsOf(file, table)) {
      if (seen++ < skipped) continue;
      put.push([table, row]);
      bytes += sizeOf(row);
      if (put.length < AT_ONCE.rows && bytes < AT_ONCE.bytes) continue;
      yield { put, done: seen, noted: ++count % NOTED === 0 };
      put = [];
      bytes = 0;
    }
  }
  yield { put, done: seen, noted: false };
}

const sizeOf = (row: Row): number =>
  Object.values(row).reduce<number>(
    (sum, value) => sum + (value instanceof Uint8Array ? value.length : JSON.stringify(value ?? '').length),
    0,
  );

/** Putting a row twice is putting it once, so that whatever was not acknowledged is put again, for minutes. */
async function patiently(target: { table: Table; clock: Clock }, table: TableName, row: Row): Promise<void> {
  const { clock } = target;
  const end = clock.now() + PATIENCE_MS;
  for (let wait = WAIT_MS.first; ; wait = Math.min(2 * wait, WAIT_MS.most)) {
    try {
      await target.table.transact([{ op: 'put', table, row }]);
      return;
    } catch (error) {
      const passes = [StoreConflict, StoreUnavailable, OutcomeUnknown].some((kind) => error instanceof kind);
      if (!passes || clock.now() + wait > end) throw error;
      await sleep(clock, wait * (0.5 + Math.random() / 2));
    }
  }
}
