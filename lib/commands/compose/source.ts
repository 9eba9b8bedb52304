import type { BodyBlobs } from '../../mail/body.ts';
import type { Enclosure } from '../../mail/compose.ts';
import type { Original } from '../../mail/quote.ts';
import type { EmailContent, StoredText } from '../../mail/types.ts';
import { type ItemRef, parseFolderId, parseItemId, parseServerId } from '../../mailbox/server-id.ts';
import type { Item, Mailbox } from '../../mailbox/types.ts';
import { ProtocolFailure } from '../../protocol/command.ts';
import type { Source } from './request.ts';

export const Status = { InvalidCombination: 105, NotFound: 150 } as const;
/** Moves of a source that are followed: a rule, a person and another phone. */
const MAX_MOVES = 5;
/** Where a source is when no folder is named (MS-ASCMD 2.2.3.93). */
const INBOX = 'inbox';

/**
 * The message that is answered or forwarded, also where it has been moved since the client saw it.
 * @throws ProtocolFailure 105 for ids that exclude each other or are missing, 150 for an item that is not there
 */
export async function findSource(mailbox: Mailbox, source: Source): Promise<Item> {
  let ref: ItemRef | undefined = refOf(source);
  for (let hop = 0; ref && hop <= MAX_MOVES; hop++) {
    const item: Item | undefined = (await mailbox.items(ref.folder, [ref.item])).get(ref.item);
    if (item) {
      // Only a recurring event has occurrences; R4930 for what has none.
      if (source.instance && !item.content.messageClass.startsWith('IPM.Schedule.Meeting')) break;
      return item;
    }
    ref = await mailbox.moved(ref.folder, ref.item);
  }
  throw new ProtocolFailure(Status.NotFound, 'the source is not in the mailbox');
}

function refOf({ folder, item, longId }: Source): ItemRef | undefined {
  // R1847: a LongId stands alone; a folder says nothing without an item.
  if (longId !== undefined && (folder !== undefined || item !== undefined)) {
    throw new ProtocolFailure(Status.InvalidCombination, 'LongId beside another id');
  }
  const whole = longId ?? item;
  if (whole === undefined) throw new ProtocolFailure(Status.InvalidCombination, 'the source has no id');
  const ref = parseServerId(whole);
  // An item is where its ServerId says; FolderId may name the folder of a search that found it.
  if (ref || longId !== undefined) return ref;
  const bare = parseItemId(whole);
  const within = parseFolderId(folder ?? INBOX);
  return bare !== undefined && within !== undefined ? { folder: within, item: bare } : undefined;
}

/** @throws ProtocolFailure 150 where a blob is gone: the item was deleted while we looked */
export async function originalOf(content: EmailContent, blobs: BodyBlobs): Promise<Original> {
  const { from, to, cc, subject, received } = content;
  const text = await wholeText(content.text, blobs);
  const html = content.html && (await wholeText(content.html, blobs));
  return { from, to, cc, subject, received, text, html };
}

async function wholeText({ prefix, blob }: StoredText, blobs: BodyBlobs): Promise<string> {
  return blob === undefined ? prefix : Buffer.from(await present(blob, blobs)).toString('utf8');
}

/** The source's attachments: all of them, or those that its HTML shows. */
export async function enclosuresOf(
  { attachments }: EmailContent,
  which: 'all' | 'inline',
  blobs: BodyBlobs,
): Promise<readonly Enclosure[]> {
  const found: Enclosure[] = [];
  for (const { blob, ...attachment } of attachments) {
    if (which === 'inline' && !attachment.inline) continue;
    found.push({ ...attachment, content: await present(blob, blobs) });
  }
  return found;
}

/** The source as a file, for what cannot be quoted. */
export async function sourceAsFile({ mime }: EmailContent, blobs: BodyBlobs): Promise<Enclosure> {
  const content = await present(mime.blob, blobs);
  return { name: 'message.eml', contentType: 'message/rfc822', content, inline: false };
}

async function present(blob: string, blobs: BodyBlobs): Promise<Uint8Array> {
  const bytes = await blobs.get(blob);
  if (!bytes) throw new ProtocolFailure(Status.NotFound, 'the source has lost a part');
  return bytes;
}
