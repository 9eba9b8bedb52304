/** A deployed store as a backup folder, the same as of a data folder: it can be restored on a machine or on AWS. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Domain } from '../embedded/domain.ts';
import type { MailboxId } from '../ops/ids.ts';
import { openFileBlobs } from '../store/files/blobs.ts';
import type { Blobs, Row, Table, TableName } from '../store/ports.ts';
import { HIERARCHY, mailboxPartition } from '../store/schema.ts';
import type { BackupReport } from '../store/sqlite/backup.ts';
import { BackupWriter } from '../store/sqlite/backup-rows.ts';
import { BLOB_FOLDER } from '../store/sqlite/open.ts';

export interface BackupSource {
  readonly domain: Pick<Domain, 'store' | 'accounts'>;
  /** All rows of a table, page by page. */
  readonly scan: (table: TableName) => AsyncIterable<readonly Row[]>;
}

export interface BackupProgress {
  onProgress?(done: number, total: number): void;
}

const PAGE = 500;
/** How often a mailbox that changes is looked at again; each time only its changed folders are read. */
const ROUNDS = 50;
const BLOBS_AT_ONCE = 8;
/** Kinds of rows that belong to a folder and change with its head, in the order of their keys. */
const OF_FOLDERS = ['G#', 'L#', 'M#'] as const;

/**
 * Copies while everything runs. Each mailbox is copied as it was at one moment; two of them perhaps at two moments.
 * A later backup to the same folder fetches only the blobs that are new.
 */
export async function backupDeployed(
  { domain, scan }: BackupSource,
  target: string,
  progress: BackupProgress = {},
): Promise<BackupReport> {
  const { table, blobs } = domain.store;
  const writer = await BackupWriter.begin(target);
  try {
    const kept = await openFileBlobs(join(target, BLOB_FOLDER));
    // As with a data folder: before the rows and after them, so that neither what is deleted nor what is written
    // meanwhile is missing.
    const before = await copyBlobs(blobs, kept);
    for await (const rows of scan('directory')) writer.put('directory', rows);
    const mailboxes: MailboxId[] = [];
    for await (const { id } of domain.accounts.list()) mailboxes.push(id);
    for (const [n, mailbox] of mailboxes.entries()) {
      await copyMailbox(table, mailbox, writer);
      progress.onProgress?.(n + 1, mailboxes.length);
    }
    for await (const rows of scan('devices')) writer.put('devices', rows.filter(lasting));
    const after = await copyBlobs(blobs, kept);
    return { bytes: await writer.finish(), copied: before.copied + after.copied, kept: before.kept };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Who waits where is of the moment; an index of words is made anew. */
const lasting = ({ pk, sk }: Row) => !/^[TX]#/.test(pk) && !(pk.startsWith('U#') && sk.startsWith('W#'));

/** Every change moves the head of its folder: once the heads are those that were read before the rows, all fits. */
async function copyMailbox(table: Table, mailbox: MailboxId, writer: BackupWriter): Promise<void> {
  const pk = mailboxPartition(mailbox);
  let copied = new Map<string, Row>();
  for (let round = 0; round < ROUNDS; round++) {
    const rows = await headsOf(table, mailbox);
    const heads = new Map(rows.map((row) => [row.sk, row]));
    // Attributes come in another order each time.
    const moved = [...new Set([...heads.keys(), ...copied.keys()])].filter(
      (sk) => !isDeepStrictEqual(heads.get(sk), copied.get(sk)),
    );
    if (moved.length === 0) return;
    for (const sk of moved) {
      writer.remove('mailboxes', pk, sk);
      // The log of the hierarchy belongs to the mailbox's own row.
      const folder = sk === 'STATE' ? HIERARCHY : sk.startsWith('F#') ? sk.slice('F#'.length) : undefined;
      if (folder === undefined) continue;
      for (const kind of OF_FOLDERS) await copyRange(table, pk, `${kind}${folder}#`, writer);
    }
    writer.put('mailboxes', rows);
    copied = heads;
  }
  throw new Error(`mailbox ${mailbox} changes faster than it can be copied: try again when it is quieter`);
}

/** All rows of a mailbox that stand for themselves: its own, the heads of its folders, and whatever else there is. */
async function headsOf(table: Table, mailbox: MailboxId): Promise<readonly Row[]> {
  const bounds = OF_FOLDERS.map((kind) => [kind, kind.replace('#', '$')] as const);
  const ranges = [undefined, ...bounds].map((bound, n) => ({ from: bound?.[1], to: bounds[n]?.[0] }));
  const pk = mailboxPartition(mailbox);
  const found = await Promise.all(
    ranges.map((range) => table.query({ table: 'mailboxes', pk, ...range, consistency: 'strong' })),
  );
  return found.flat();
}

async function copyRange(table: Table, pk: string, prefix: string, writer: BackupWriter): Promise<void> {
  writer.remove('mailboxes', pk, prefix);
  let from: string | undefined;
  for (;;) {
    const rows = await table.query({ table: 'mailboxes', pk, prefix, from, limit: PAGE, consistency: 'strong' });
    writer.put('mailboxes', rows);
    if (rows.length < PAGE) return;
    from = `${rows.at(-1)!.sk}\u0000`;
  }
}

/** What the other side does not have yet: a blob never changes. */
export async function copyBlobs(from: Blobs, to: Blobs): Promise<{ readonly copied: number; readonly kept: number }> {
  const have = new Set<string>();
  for await (const key of to.list('')) have.add(key);
  const counts = { copied: 0, kept: 0 };
  const running = new Set<Promise<void>>();
  for await (const key of from.list('')) {
    if (have.has(key)) {
      counts.kept++;
      continue;
    }
    const one = copyBlob(from, to, key).then((copied) => {
      if (copied) counts.copied++;
      running.delete(one);
    });
    running.add(one);
    if (running.size >= BLOBS_AT_ONCE) await Promise.race(running);
  }
  await Promise.all(running);
  return counts;
}

/** @returns `false` when the blob was deleted meanwhile */
async function copyBlob(from: Blobs, to: Blobs, key: string): Promise<boolean> {
  const bytes = await from.get(key);
  if (!bytes) return false;
  await to.put(key, bytes);
  return true;
}
