/** A text message as a row keeps it, and as the protocol shows it. */
import { createHash } from 'node:crypto';
import type { Email } from '../documents/items/email.ts';
import { mailDate } from './outgoing.ts';
import { field, joinMessage } from './raw-message.ts';
import { cleanLine, cleanText, cutUtf8, utf8Length } from './text.ts';
import type { EmailContent } from './types.ts';

/** Bytes of a text: far more than phones join from parts. It is whole in the row. */
const TEXT_BYTES = 4_096;
const ADDRESS_BYTES = 4_096;
const SUBJECT_CHARS = 80;
export const SMS_CLASS = 'IPM.Note.Mobile.SMS';

/** Addresses are telephone numbers, `"Kim" [MOBILE:+15550100]`: they are kept as they were written. */
export function smsContent(
  elements: Email,
  received: number,
  blob: string,
): { readonly content: EmailContent; readonly raw: Buffer } {
  const text = cutUtf8(cleanText(elements.Body?.Data ?? ''), TEXT_BYTES);
  const from = cutUtf8(cleanLine(elements.From ?? ''), ADDRESS_BYTES);
  const to = cutUtf8(cleanLine(elements.To ?? ''), ADDRESS_BYTES);
  const subject = cleanLine(elements.Subject ?? text)
    .slice(0, SUBJECT_CHARS)
    .toWellFormed();
  const raw = joinMessage({
    fields: [
      field('Date', mailDate(received)),
      field('X-MS-Exchange-Organization-Messaging', 'SMS'),
      ...(from ? [field('From', from)] : []),
      ...(to ? [field('To', to)] : []),
      field('Subject', subject),
      field('MIME-Version', '1.0'),
      field('Content-Type', 'text/plain; charset=utf-8'),
      field('Content-Transfer-Encoding', '8bit'),
    ],
    body: Buffer.from(text, 'utf8'),
  });
  const conversationId = threadOf(from, to);
  const importance = elements.Importance;
  const content: EmailContent = {
    received,
    from,
    to,
    cc: '',
    replyTo: '',
    displayTo: '',
    subject,
    threadTopic: '',
    importance: importance === 0 || importance === 2 ? importance : 1,
    messageClass: SMS_CLASS,
    conversationId,
    conversationIndex: `${'01'.padEnd(12, '0')}${conversationId}`,
    read: elements.Read ?? false,
    nativeBody: 1,
    text: { size: utf8Length(text), prefix: text },
    mime: { blob, size: raw.length },
    attachments: [],
  };
  return { content, raw };
}

/** One conversation with each number, whichever side wrote. */
function threadOf(from: string, to: string): string {
  const people = [from, to].flatMap(namesOf).sort();
  return createHash('sha256').update(`sms:${people.join()}`).digest('hex').slice(0, 32);
}

/** Banks and shops write under a name instead of a number. */
function namesOf(side: string): readonly string[] {
  const numbers = side.match(/\+?\d[\d ().-]{2,30}\d/g);
  if (numbers) return numbers.map((number) => number.replace(/[^\d+]/g, ''));
  const name = side.trim().toLowerCase();
  return name === '' ? [] : [name];
}

/** What a text message has of the elements of mail (MS-ASMS 2.2.1). */
export function smsElements(told: Email): Email {
  const { To, From, Subject, DateReceived, Importance, Read, Body, InternetCPID, Flag } = told;
  const { ConversationId, ConversationIndex, LastVerbExecuted, LastVerbExecutionTime, Categories } = told;
  return {
    ...{ To, From, Subject, DateReceived, Importance, Read, Body, InternetCPID, Flag },
    ...{ ConversationId, ConversationIndex, LastVerbExecuted, LastVerbExecutionTime, Categories },
  };
}
