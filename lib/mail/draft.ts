/** A draft as a message: made from the elements of a client, changed by them (EAS 16.0). */
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import type { Email } from '../documents/items/email.ts';
import { parseAddresses } from './addresses.ts';
import { composeContent, type Enclosure, isContentField } from './compose.ts';
import { htmlToPlain } from './html.ts';
import { mailbox, mailDate } from './outgoing.ts';
import type { Quoted } from './quote.ts';
import { field, joinMessage, type RawField, type RawMessage, splitMessage } from './raw-message.ts';
import { cleanLine } from './text.ts';

/** The elements of a draft that make its message; Read, Flag and Categories are the row's. */
export type DraftElements = Pick<Email, 'To' | 'Cc' | 'Bcc' | 'Subject' | 'Importance' | 'Body' | 'Attachments'>;

export interface DraftParts {
  /** The message as it was, or the header that every draft has. */
  readonly message: RawMessage;
  readonly body: Quoted;
  readonly enclosures: readonly Enclosure[];
}

const MIME = 4;
const HTML = 2;
const PLAIN_CHARS = 512 * 1024;
/** RFC 5322 2.1.1, with room for the name of the field. */
const LINE_CHARS = 900;

/** Whether a Change is about the message, and not only about its flags. */
export function editsMessage(change: Email): boolean {
  const { To, Cc, Bcc, Subject, Importance, Body, Attachments } = change;
  return [To, Cc, Bcc, Subject, Importance, Body, Attachments].some((element) => element !== undefined);
}

/** What every draft begins with. The Message-ID is there from the start: the thread hangs on it once it is sent. */
export function emptyDraft(
  author: { readonly name: string; readonly address: string },
  id: string,
  now: number,
): RawMessage {
  return {
    fields: [
      field('Date', mailDate(now)),
      field('Message-ID', `<${id}>`),
      field('From', mailbox(author.name, author.address)),
      field('MIME-Version', '1.0'),
    ],
    body: new Uint8Array(0),
  };
}

/** A Body of type 4 is a whole message, which Exchange takes for a draft as well; `undefined` for what is none. */
export function wholeMessage({ Body }: DraftElements): RawMessage | undefined {
  return Body?.Type === MIME ? splitMessage(Buffer.from(Body.Data ?? '', 'utf8')) : undefined;
}

/** The text that a client wrote; a plain form for those who read no HTML. */
export function writtenBody({ Body }: DraftElements): Quoted | undefined {
  if (!Body || Body.Type === MIME) return undefined;
  const data = Body.Data ?? '';
  return Body.Type === HTML ? { text: htmlToPlain(data, PLAIN_CHARS), html: data } : { text: data };
}

/** The draft with new header fields; elements that were left out stay as they were, empty ones go. */
export function withElements(message: RawMessage, elements: DraftElements): RawMessage {
  const { To, Cc, Bcc, Subject, Importance } = elements;
  const changed: [string, RawField | undefined][] = [];
  if (To !== undefined) changed.push(['to', addressField('To', To)]);
  if (Cc !== undefined) changed.push(['cc', addressField('Cc', Cc)]);
  if (Bcc !== undefined) changed.push(['bcc', addressField('Bcc', Bcc)]);
  if (Subject !== undefined) changed.push(['subject', textField('Subject', Subject)]);
  if (Importance !== undefined) {
    changed.push(['importance', field('Importance', WORDS[Importance] ?? 'normal')], ['x-priority', undefined]);
  }
  const names = new Set(changed.map(([name]) => name));
  const fields = changed.flatMap(([, made]) => made ?? []);
  return { ...message, fields: [...message.fields.filter(({ name }) => !names.has(name)), ...fields] };
}

const WORDS: readonly string[] = ['low', 'normal', 'high'];

function addressField(name: string, value: string): RawField | undefined {
  // What a person has typed so far need not be an address yet.
  const people = parseAddresses([value]).map((one) =>
    one.address ? mailbox(one.name, one.address) : quoted(one.name),
  );
  return people.length === 0 ? undefined : { name: name.toLowerCase(), line: `${name}: ${people.join(',\r\n ')}` };
}

const quoted = (name: string) => (isAscii(name) ? `"${name.replace(/["\\]/g, ' ')}"` : encodeWord(name, 'B', 50));
const isAscii = (text: string) => /^\p{ASCII}*$/u.test(text);

function textField(name: string, value: string): RawField | undefined {
  const clean = cleanLine(value);
  if (clean === '') return undefined;
  if (isAscii(clean) && clean.length < LINE_CHARS) return field(name, clean);
  // One encoded word to a line.
  return { name: name.toLowerCase(), line: `${name}: ${encodeWord(clean, 'B', 60).replace(/\s+/g, '\r\n ')}` };
}

/** The bytes of a draft whose content is made anew. @throws Error of the composer */
export async function composeDraft({ message, body, enclosures }: DraftParts): Promise<RawMessage> {
  const content = await composeContent(body, enclosures);
  const kept = message.fields.filter((one) => !isContentField(one));
  return {
    fields: [...kept, field('MIME-Version', '1.0'), ...content.fields.filter(({ name }) => name !== 'mime-version')],
    body: content.body,
  };
}

export const draftBytes = (message: RawMessage): Buffer => joinMessage(message);
