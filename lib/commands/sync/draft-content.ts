/** A draft as it is stored: its message made from what it was and what the client says of it. */
import { createHash } from 'node:crypto';
import type { Delivery } from '../../delivery/deliver.ts';
import type { Email } from '../../documents/items/email.ts';
import { domainPart } from '../../identity/names.ts';
import type { Enclosure } from '../../mail/compose.ts';
import { contentOf } from '../../mail/content.ts';
import { composeDraft, draftBytes, emptyDraft, wholeMessage, withElements, writtenBody } from '../../mail/draft.ts';
import { messageBlobs, parseFileReference } from '../../mail/file-reference.ts';
import { attachmentName } from '../../mail/names.ts';
import type { ParsedMessage } from '../../mail/parse.ts';
import type { Quoted } from '../../mail/quote.ts';
import { type RawMessage, splitMessage } from '../../mail/raw-message.ts';
import type { EmailContent, StoredAttachment } from '../../mail/types.ts';
import type { Item } from '../../mailbox/types.ts';
import type { ItemId, MailboxId } from '../../ops/ids.ts';
import type { CommandContext } from '../../protocol/command.ts';
import type { Blobs } from '../../store/ports.ts';
import { originalOf } from '../compose/source.ts';

export interface DraftContentServices {
  readonly delivery: Pick<Delivery, 'read'>;
  readonly blobs: Pick<Blobs, 'get' | 'put'>;
}

/** An attachment that the client sent now. */
type Fresh = Enclosure & Pick<StoredAttachment, 'clientId' | 'method'>;

export interface DraftMessage {
  readonly raw: RawMessage;
  /** Attachments that the draft had and has still, as they are stored. */
  readonly kept: readonly StoredAttachment[];
  readonly fresh: readonly Fresh[];
}

/** The message after a change; without `current` a new one. @throws BlobMissing, ProtocolFailure 150 for a lost part */
export async function draftMessage(
  { delivery, blobs }: DraftContentServices,
  { account, clock }: Pick<CommandContext, 'account' | 'clock'>,
  elements: Email,
  current: EmailContent | undefined,
  id: string,
): Promise<DraftMessage> {
  const now = clock.now();
  const empty = emptyDraft(account, `${id}@${domainPart(account.address)}`, now);
  const whole = wholeMessage(elements);
  const before = current && splitMessage((await blobs.get(current.mime.blob)) ?? new Uint8Array(0));
  const start = whole ? completed(whole, before ?? empty) : (before ?? empty);
  const message = withElements(start, elements);
  const added = (elements.Attachments?.Add ?? []).map(freshOf);
  const kept = whole ? [] : keptOf(current?.attachments ?? [], elements);
  const body = writtenBody(elements);
  if (whole && added.length === 0) {
    const { attachments } = await parsed(delivery, message, now);
    return { raw: message, kept, fresh: attachments };
  }
  if (!whole && before && !body && !elements.Attachments) return { raw: message, kept, fresh: [] };
  const own = whole ? await parsed(delivery, message, now) : undefined;
  const fresh: readonly Fresh[] = [...(own?.attachments ?? []), ...added];
  const stored = await Promise.all(kept.map(async (one) => ({ ...one, content: await present(blobs, one.blob) })));
  const text = body ?? (own ? textOf(own) : current ? await originalOf(current, blobs) : { text: '' });
  return { raw: await composeDraft({ message, body: text, enclosures: [...stored, ...fresh] }), kept, fresh };
}

const textOf = ({ text, html }: ParsedMessage): Quoted => (html === undefined ? { text } : { text, html });

async function present(blobs: Pick<Blobs, 'get'>, key: string): Promise<Uint8Array> {
  const bytes = await blobs.get(key);
  if (!bytes) throw new Error('an attachment of the draft is gone');
  return bytes;
}

/** A message of the client's own with the fields that every draft has. */
function completed(message: RawMessage, empty: RawMessage): RawMessage {
  const has = new Set(message.fields.map(({ name }) => name));
  return {
    ...message,
    fields: [...empty.fields.filter(({ name }) => DRAFT_FIELDS.has(name) && !has.has(name)), ...message.fields],
  };
}
const DRAFT_FIELDS: ReadonlySet<string> = new Set(['date', 'message-id', 'from']);

function freshOf(add: NonNullable<NonNullable<Email['Attachments']>['Add']>[number]): Fresh {
  const contentType =
    add.ContentType?.toLowerCase() ?? (add.Method === 5 ? 'message/rfc822' : 'application/octet-stream');
  return {
    name: attachmentName(add.DisplayName, contentType, add.Content),
    contentType,
    content: add.Content,
    method: contentType === 'message/rfc822' ? 5 : 1,
    inline: add.IsInline === true && add.ContentId !== undefined,
    clientId: add.ClientId,
    ...(add.ContentId === undefined ? {} : { contentId: add.ContentId.replace(/^<|>$/g, '') }),
    ...(add.ContentLocation === undefined ? {} : { contentLocation: add.ContentLocation }),
  };
}

/** What the client takes away it names by reference; one that is gone already needs no taking away. */
function keptOf(attachments: readonly StoredAttachment[], { Attachments }: Email): readonly StoredAttachment[] {
  const gone = (Attachments?.Delete ?? []).flatMap(({ FileReference }) => parseFileReference(FileReference) ?? []);
  return attachments.filter(({ n, blob }) => !gone.some((ref) => ref.n === n && blob.includes(`/${ref.blobId}/`)));
}

const parsed = async (delivery: Pick<Delivery, 'read'>, message: RawMessage, now: number) =>
  (await delivery.read(draftBytes(message), { from: '', arrival: 'dated', undated: now })).parsed;

/** Writes the blobs. Attachments keep their numbers and blobs over edits, and so their references. */
export async function storeDraft(
  { delivery, blobs }: DraftContentServices,
  { raw, kept, fresh }: DraftMessage,
  place: { readonly mailbox: MailboxId; readonly item: ItemId },
  current: Item | undefined,
  now: number,
): Promise<EmailContent> {
  const bytes = draftBytes(raw);
  const message = await parsed(delivery, raw, now);
  const made = contentOf({ ...message, received: now, attachments: [] }, bytes, place);
  let n = Math.max(-1, ...kept.map((one) => one.n), ...(current?.content.attachments ?? []).map((one) => one.n));
  const files = fresh.map(({ content, ...rest }) => {
    const id = createHash('sha256')
      .update(`${place.item} ${rest.clientId ?? ''} ${++n}`)
      .update(content)
      .digest('hex')
      .slice(0, 32);
    return {
      content,
      stored: { ...rest, n, size: content.length, blob: messageBlobs.attachment(place.mailbox, id, n) },
    };
  });
  for (const { key, bytes: blob } of made.blobs) await blobs.put(key, blob);
  for (const { content, stored } of files) await blobs.put(stored.blob, content);
  const { flag, categories } = current?.content ?? {};
  return {
    ...made.content,
    ...(flag && { flag }),
    ...(categories && { categories }),
    attachments: [...kept, ...files.map(({ stored }) => withoutUndefined(stored))],
    isDraft: true,
    read: current?.content.read ?? true,
  };
}

/** Rows hold no `undefined`. */
function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
