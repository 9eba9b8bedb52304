/** Removes what deletions left behind. Every step may be repeated, by several processes at once, and stopped anywhere. */
import type { EmailContent } from '../mail/types.ts';
import type { FolderId } from '../ops/ids.ts';
import type { Blobs, Key, Row } from '../store/ports.ts';
import { keys, mailboxPartition } from '../store/schema.ts';
import { blobsOf } from './blobs.ts';
import type { MailboxContext } from './context.ts';
import { folderOf } from './rows.ts';

/** Whoever read an item just before it was deleted may still be sending its attachments. */
const GRACE_MS = 3_600_000;
const PAGE = 50;

/** @returns how many rows it removed */
export async function reap(context: MailboxContext, blobs: Blobs): Promise<number> {
  const folders = await context.table.query(inPartition(context, 'F#'));
  let removed = 0;
  for (const row of folders) if (folderOf(row).hidden) removed += await reapFolder(context, blobs, folderOf(row).id);
  return removed + (await reapGarbage(context, blobs));
}

/**
 * Nothing writes to a hidden folder any more, so what its items refer to is theirs alone: an item that was moved out
 * in time left a tombstone, which refers to nothing. The folder's row goes last; while it is there, the work is known.
 */
async function reapFolder(context: MailboxContext, blobs: Blobs, folder: FolderId): Promise<number> {
  let removed = 0;
  for (const prefix of [`M#${folder}#`, `L#${folder}#`]) {
    for (;;) {
      const rows = await context.table.query({ ...inPartition(context, prefix), limit: PAGE });
      if (rows.length === 0) break;
      const unused = rows.flatMap((row) => blobsIn(row));
      if (unused.length > 0) await blobs.delete(unused);
      removed += await removeRows(context, rows);
    }
  }
  await context.table.transact([{ op: 'delete', key: keys.folder(context.id, folder) }]);
  return removed + 1;
}

function blobsIn(row: Row): string[] {
  return row.content === undefined ? [] : blobsOf(row.content as unknown as EmailContent);
}

async function reapGarbage(context: MailboxContext, blobs: Blobs): Promise<number> {
  let removed = 0;
  let from = 'G#';
  const due = context.clock.now() - GRACE_MS;
  for (;;) {
    const rows = await context.table.query({ ...inPartition(context, 'G#'), from, limit: PAGE });
    const ripe = rows.filter((row) => (row.at as number) <= due);
    if (ripe.length > 0) {
      await blobs.delete(ripe.flatMap((row) => row.blobs as string[]));
      removed += await removeRows(context, ripe);
    }
    if (rows.length < PAGE) return removed;
    from = `${rows.at(-1)!.sk} `;
  }
}

function inPartition(context: MailboxContext, prefix: string) {
  return { table: 'mailboxes', pk: mailboxPartition(context.id), prefix, consistency: 'strong' } as const;
}

async function removeRows(context: MailboxContext, rows: readonly Row[]): Promise<number> {
  const gone: Key[] = rows.map(({ pk, sk }) => ({ table: 'mailboxes', pk, sk }));
  await context.table.transact(gone.map((key) => ({ op: 'delete', key })));
  return gone.length;
}
