/** What the top header fields say: people, subject, dates, thread, importance. */
import { decodeWords } from 'postal-mime';
import { displayNames, formatAddress, formatAddresses, parseAddresses } from './addresses.ts';
import { type Dating, receivedDate, sentDate } from './dates.ts';
import type { Headers } from './headers.ts';
import type { MailLimits } from './limits.ts';
import { cleanLine, cutUtf8 } from './text.ts';
import { messageIds, referencesOf, threadOf, topicOf } from './thread.ts';
import type { EmailContent } from './types.ts';

export type Envelope = Pick<
  EmailContent,
  | 'received'
  | 'from'
  | 'to'
  | 'cc'
  | 'replyTo'
  | 'sender'
  | 'bcc'
  | 'displayTo'
  | 'subject'
  | 'threadTopic'
  | 'importance'
  | 'messageId'
  | 'references'
  | 'conversationId'
  | 'conversationIndex'
> & { readonly sent?: number };

const SUBJECT_BYTES = 4_096;
const SINGLE_ADDRESS_BYTES = 2_048;

export function envelopeOf(headers: Headers, dating: Dating, limits: MailLimits): Envelope {
  const list = (name: string) => parseAddresses(headers.all(name));
  const subject = cutUtf8(cleanLine(decode(headers.get('subject'))), SUBJECT_BYTES);
  const topic = topicOf(subject);
  const [messageId] = messageIds(headers.get('message-id'));
  const references = referencesOf(headers.get('references'), headers.get('in-reply-to'));
  const from = single(headers, 'from');
  const sender = single(headers, 'sender');
  const to = list('to');
  const received = receivedDate(headers, dating);
  const sent = sentDate(headers, dating);
  const thread = { threadIndex: headers.get('thread-index'), references, messageId, topic, sent: sent ?? received };
  return {
    received,
    sent,
    from: from || sender,
    to: formatAddresses(to, ', ', limits.addressBytes),
    cc: formatAddresses(list('cc'), ', ', limits.addressBytes),
    replyTo: formatAddresses(list('reply-to'), ';', SINGLE_ADDRESS_BYTES * 4),
    // R726: Sender is not sent where it says the same as From.
    sender: sender && from && sender !== from ? sender : undefined,
    bcc: formatAddresses(list('bcc'), ', ', limits.addressBytes) || undefined,
    displayTo: displayNames(to, limits.addressBytes),
    subject,
    threadTopic: topic,
    importance: importanceOf(headers),
    messageId,
    references: references.length > 0 ? references : undefined,
    ...threadOf(thread),
  };
}

function decode(value: string | undefined): string {
  return value ? decodeWords(value.slice(0, 65_536)) : '';
}

function single(headers: Headers, name: string): string {
  const [first] = parseAddresses(
    headers
      .all(name)
      .slice(0, 1)
      .map((value) => value.slice(0, 8_192)),
  );
  return first ? cutUtf8(formatAddress(first), SINGLE_ADDRESS_BYTES) : '';
}

/** Importance, then X-Priority (1-5), then what older mailers write. */
function importanceOf(headers: Headers): 0 | 1 | 2 {
  const word = (headers.get('importance') ?? headers.get('x-msmail-priority') ?? headers.get('priority') ?? '').trim();
  if (/^(?:high|urgent)/i.test(word)) return 2;
  if (/^(?:low|non-urgent)/i.test(word)) return 0;
  const level = Number.parseInt(headers.get('x-priority') ?? '', 10);
  if (level === 1 || level === 2) return 2;
  return level === 4 || level === 5 ? 0 : 1;
}
