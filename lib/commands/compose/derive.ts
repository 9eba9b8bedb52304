/** Makes the message of a reply or forward whole: what the client wrote, and the source below it. */
import type { BodyBlobs } from '../../mail/body.ts';
import { composeContent, isContentField, separateIds } from '../../mail/compose.ts';
import type { ParsedMessage, parseMessage } from '../../mail/parse.ts';
import { quote } from '../../mail/quote.ts';
import { field, joinMessage, type RawField, type RawMessage } from '../../mail/raw-message.ts';
import { replyIndex } from '../../mail/thread.ts';
import type { EmailContent } from '../../mail/types.ts';
import { ProtocolFailure } from '../../protocol/command.ts';
import type { Verb } from './request.ts';
import { enclosuresOf, originalOf, sourceAsFile } from './source.ts';

const ATTACHMENT_TOO_LARGE = 122;

interface DeriveOptions {
  readonly verb: Verb;
  readonly now: number;
  readonly maxBytes: number;
  readonly blobs: BodyBlobs;
  /** Reads what was written: with its files it may be as large as any message. */
  readonly parse: typeof parseMessage;
}

/**
 * `written` with the source quoted, and for a forward its attachments. Signed, encrypted and calendar messages go as they
 * are: nothing can be put into them without breaking them.
 * @throws ProtocolFailure 122 for too much to enclose, 150 where the source vanishes
 */
export async function derive(written: RawMessage, source: EmailContent, options: DeriveOptions): Promise<RawMessage> {
  const message = await options.parse(joinMessage(written), { now: options.now });
  if (!isEditable(message)) return written;
  const { blobs, verb } = options;
  const sealed = source.messageClass.startsWith('IPM.Note.SMIME') && source.text.size === 0;
  checkSize(source, sealed, options);
  const original = await originalOf(source, blobs);
  const below = sealed
    ? verb === 'forward'
      ? [await sourceAsFile(source, blobs)]
      : []
    : await enclosuresOf(source, verb === 'forward' ? 'all' : 'inline', blobs);
  const { html, enclosures } = separateIds(original.html, below, message.attachments);
  const body = quote(message, { ...original, html });
  const content = await composeContent(body, [...message.attachments, ...enclosures]);
  return {
    fields: [...written.fields.filter((one) => !isContentField(one)), ...content.fields],
    body: content.body,
  };
}

function isEditable({ messageClass, attachments, degraded }: ParsedMessage): boolean {
  const calendar = attachments.some(({ contentType }) => contentType === 'text/calendar');
  // PGP's multiparts have no class of their own.
  const pgp = attachments.some(({ contentType }) => /^application\/pgp-/.test(contentType));
  return messageClass === 'IPM.Note' && !calendar && !pgp && degraded === undefined;
}

/** Before anything is read: base64 makes four bytes of three. */
function checkSize(source: EmailContent, sealed: boolean, { verb, maxBytes }: DeriveOptions): void {
  const attachments = source.attachments.filter(({ inline }) => inline || verb === 'forward');
  const sum = attachments.reduce((total, { size }) => total + size, 0);
  const enclosed = sealed ? (verb === 'forward' ? source.mime.size : 0) : sum * (4 / 3);
  if (enclosed + source.text.size + (source.html?.size ?? 0) > maxBytes) {
    throw new ProtocolFailure(ATTACHMENT_TOO_LARGE, 'the source is too large to go with the message');
  }
}

/** In-Reply-To and References where the client left them out, as most do: the other side's threads hang on them. */
export function withThread(given: RawMessage, source: EmailContent, now: number): RawMessage {
  const has = (wanted: string) => given.fields.some(({ name }) => name === wanted);
  // Each answer adds a level to the index of its thread (MS-ASCON R88, R91), for those who sort by it: Outlook does.
  const index = has('thread-index') ? undefined : replyIndex(source.conversationIndex, now);
  const message = index ? { ...given, fields: [...given.fields, threadIndex(index)] } : given;
  if (source.messageId === undefined || has('in-reply-to') || has('references')) return message;
  const references = [...(source.references ?? []), source.messageId].join('\r\n ');
  const added = [field('In-Reply-To', source.messageId), { name: 'references', line: `References: ${references}` }];
  return { ...message, fields: [...message.fields, ...added] };
}

/** Lines end where RFC 5322 wants them to: a long thread has a long index. */
function threadIndex(index: string): RawField {
  return { name: 'thread-index', line: `Thread-Index: ${(index.match(/.{1,70}/g) ?? []).join('\r\n ')}` };
}
