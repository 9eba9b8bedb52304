import type { EmailContent } from '../mail/types.ts';
import type { FolderId } from '../ops/ids.ts';
import type { Write } from '../store/ports.ts';
import { keys } from '../store/schema.ts';
import type { MailboxContext } from './context.ts';

/** Keys of the blobs that an item's content refers to. At any time one item at most refers to a blob. */
export function blobsOf(content: EmailContent): string[] {
  const found = [content.mime.blob, content.text.blob, content.html?.blob, ...content.attachments.map((a) => a.blob)];
  return [...new Set(found.filter((key) => key !== undefined))];
}

/** A row of that many keys stays far below what a row may be; the rest goes to the next. */
const KEYS_A_ROW = 2000;

/**
 * Remembers the blobs that a change leaves without an item. They are not deleted here: whoever read the item a moment
 * ago may still be sending them.
 */
export function garbageWrites(
  { id }: MailboxContext,
  folder: FolderId,
  seq: number,
  at: number,
  blobs: readonly string[],
): Write[] {
  const writes: Write[] = [];
  for (let from = 0; from < blobs.length; from += KEYS_A_ROW) {
    const { pk, sk } = keys.garbage(id, folder, seq);
    const part = from === 0 ? '' : `#${from / KEYS_A_ROW}`;
    const row = { pk, sk: sk + part, at, blobs: blobs.slice(from, from + KEYS_A_ROW) };
    writes.push({ op: 'put', table: 'mailboxes', row });
  }
  return writes;
}
