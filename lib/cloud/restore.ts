/** A backup into the tables and the bucket of a deployed stack. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Domain } from '../embedded/domain.ts';
import { openFileBlobs } from '../store/files/blobs.ts';
import { type Row, type Table, type TableName, TRANSACTION_LIMIT } from '../store/ports.ts';
import { finished, restoreRows } from '../store/sqlite/backup.ts';
import { rowsOf } from '../store/sqlite/backup-rows.ts';
import { BLOB_FOLDER } from '../store/sqlite/open.ts';
import { type BackupProgress, copyBlobs } from './backup.ts';

/** A transaction takes 4 MB; a row of JSON counts as less than its text in UTF-16. */
const BYTES = 2_000_000;

/** The directory comes last: until it is there nobody can log in, and the restore can be begun again. */
const ORDER: readonly TableName[] = ['mailboxes', 'devices', 'directory'];

/**
 * Every mailbox gets a new incarnation, so that phones begin again, as with a data folder.
 * @returns the number of mailboxes
 * @throws Error when `source` is no finished backup, or the store has accounts
 */
export async function restoreDeployed(
  { store, accounts }: Pick<Domain, 'store' | 'accounts'>,
  source: string,
  progress: BackupProgress = {},
): Promise<number> {
  await finished(source);
  for await (const { address } of accounts.list()) {
    throw new Error(`there are accounts in this stack (${address}): a backup is restored into an empty one`);
  }
  await copyBlobs(await openFileBlobs(join(source, BLOB_FOLDER)), store.blobs);
  const scratch = await mkdtemp(join(source, '.restore-'));
  try {
    const file = join(scratch, 'rows.sqlite');
    const mailboxes = await restoreRows(source, file);
    let done = 0;
    for (const table of ORDER) {
      for (const rows of batches(rowsOf(file, table))) {
        await put(store.table, table, rows);
        done += rows.length;
        progress.onProgress?.(done, done);
      }
    }
    return mailboxes;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function* batches(rows: Iterable<Row>): Generator<readonly Row[]> {
  let batch: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = sizeOf(row);
    if (batch.length === TRANSACTION_LIMIT || (batch.length > 0 && bytes + size > BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(row);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

const sizeOf = (row: Row): number =>
  Object.values(row).reduce<number>(
    (sum, value) => sum + (value instanceof Uint8Array ? value.length : JSON.stringify(value ?? '').length),
    0,
  );

async function put(table: Table, name: TableName, rows: readonly Row[]): Promise<void> {
  await table.transact(rows.map((row) => ({ op: 'put', table: name, row })));
}
