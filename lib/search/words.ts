import { decodeUtf8Prefix } from '../mail/text.ts';
import type { EmailContent } from '../mail/types.ts';
import type { Item } from '../mailbox/types.ts';
import type { Blobs } from '../store/ports.ts';
import { tokens } from './tokens.ts';
import type { IndexedItem } from './types.ts';

/** Bytes of a body that are searched: what follows in a longer one are logs, lists and quotations of quotations. */
const BODY_BYTES = 64 * 1024;
const MAX_WORDS = 8_000;

/** The words of an item. A body whose blob is gone is searched as far as the row has it: the item is being deleted. */
export async function indexedItem(item: Item, blobs: Pick<Blobs, 'get'>): Promise<IndexedItem> {
  const { content } = item;
  const { from, sender = '', to, cc, bcc = '', subject, attachments } = content;
  const words = {
    subject: tokens(subject),
    sender: tokens(`${from} ${sender}`, MAX_WORDS),
    recipients: tokens(`${to} ${cc} ${bcc}`, MAX_WORDS),
    body: tokens(await bodyOf(content, blobs), MAX_WORDS),
    files: tokens(attachments.map(({ name }) => name).join(' '), MAX_WORDS),
  };
  return {
    folder: item.folder,
    item: item.id,
    class: item.class,
    conversation: content.conversationId,
    attachments: attachments.some(({ inline }) => !inline),
    words,
  };
}

async function bodyOf({ text }: EmailContent, blobs: Pick<Blobs, 'get'>): Promise<string> {
  if (text.blob === undefined) return text.prefix;
  const bytes = await blobs.get(text.blob, { start: 0, end: BODY_BYTES });
  return bytes ? decodeUtf8Prefix(bytes) : text.prefix;
}
