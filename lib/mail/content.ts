import { createHash } from 'node:crypto';
import type { ItemId, MailboxId } from '../ops/ids.ts';
import { messageBlobs } from './file-reference.ts';
import type { ParsedMessage } from './parse.ts';
import { cutUtf8, utf8Length } from './text.ts';
import type { EmailContent, StoredAttachment, StoredText } from './types.ts';

/** Bytes of a body that go into the item's row, so that a first Sync reads no blob. Together with the envelope an ordinary row stays under 16 KB. */
export interface InlineLimits {
  readonly textBytes: number;
  readonly htmlBytes: number;
}
export const INLINE: InlineLimits = { textBytes: 4_096, htmlBytes: 8_192 };

export interface StoredMessage {
  readonly content: EmailContent;
  /** To be written before the content is committed. */
  readonly blobs: readonly { readonly key: string; readonly bytes: Uint8Array }[];
}

/**
 * What is stored of a message. Attachments are kept decoded: a phone fetches them in ranges, and decoding 25 MB of
 * base64 again for each range would cost more than the disk does.
 */
export function contentOf(
  message: ParsedMessage,
  raw: Uint8Array,
  place: { readonly mailbox: MailboxId; readonly item: ItemId },
  inline: InlineLimits = INLINE,
): StoredMessage {
  // One item owns a blob: the id names the item too, so that no other item with the same bytes shares it.
  const id = createHash('sha256').update(place.item).update(raw).digest('hex').slice(0, 32);
  const blobs: { key: string; bytes: Uint8Array }[] = [];
  const blob = (key: string, bytes: Uint8Array) => {
    blobs.push({ key, bytes });
    return key;
  };
  const body = (key: string, text: string, bytes: number): StoredText => {
    const prefix = cutUtf8(text, bytes);
    if (prefix.length === text.length) return { size: utf8Length(text), prefix };
    const whole = Buffer.from(text, 'utf8');
    return { size: whole.length, prefix, blob: blob(key, whole) };
  };
  const attachments = message.attachments.map(
    ({ content, ...rest }, n): StoredAttachment =>
      dropUndefined({
        n,
        ...rest,
        size: content.length,
        blob: blob(messageBlobs.attachment(place.mailbox, id, n), content),
      }),
  );
  const { text, html, attachments: _parsed, sent: _sent, degraded: _degraded, listed: _listed, ...envelope } = message;
  const content: EmailContent = dropUndefined({
    ...envelope,
    read: false,
    mime: { blob: blob(messageBlobs.mime(place.mailbox, id), raw), size: raw.length },
    text: body(messageBlobs.text(place.mailbox, id), text, inline.textBytes),
    html: html === undefined ? undefined : body(messageBlobs.html(place.mailbox, id), html, inline.htmlBytes),
    attachments,
  });
  return { content, blobs };
}

/** Rows hold no `undefined`. */
function dropUndefined<T extends object>(value: T): T {
  for (const key of Object.keys(value) as (keyof T)[]) if (value[key] === undefined) delete value[key];
  return value;
}
