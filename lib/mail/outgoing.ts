/** What is done to a client's message before it goes out: sender, missing fields, Bcc, recipients. */
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import { parseAddresses } from './addresses.ts';
import { ownFrom } from './own-from.ts';
import { field, fieldValue, joinMessage, type RawField, type RawMessage } from './raw-message.ts';

export interface Sender {
  /** Primary address. */
  readonly address: string;
  /** Display name; may be empty. */
  readonly name: string;
  /** Whether the account may write under this address. */
  owns(address: string): boolean;
}

export interface Outgoing {
  /** As it leaves: without Bcc. */
  readonly sent: Uint8Array;
  /** As the sender keeps it. */
  readonly kept: Uint8Array;
  /** MAIL FROM: the address of From. */
  readonly from: string;
  readonly messageId: string;
  /** What To, Cc and Bcc name, as written, once each. */
  readonly recipients: readonly string[];
  /** How many servers it has passed. */
  readonly hops: number;
}

/** Fields that only a receiving server writes, or that would send the message to somebody else. */
const REMOVED: ReadonlySet<string> = new Set([
  'return-path',
  'delivered-to',
  'x-original-to',
  'authentication-results',
]);
/** Who passes a message on writes these, and nobody checks them: readers show Resent-From as the author. */
const RESENT = 'resent-';
const RECIPIENTS: ReadonlySet<string> = new Set(['to', 'cc', 'bcc']);

/** MIME as a client sent it, made fit to be sent. The body stays as it is, byte for byte. */
export function prepareOutgoing(
  message: RawMessage,
  options: { readonly sender: Sender; readonly now: number; readonly messageId: string },
): Outgoing {
  const { sender, now } = options;
  const { fields: named, from } = withSender(
    message.fields.filter(({ name }) => !REMOVED.has(name) && !name.startsWith(RESENT)),
    sender,
  );
  const has = (wanted: string) => named.some(({ name }) => name === wanted);
  const missing: RawField[] = [];
  if (!has('date')) missing.push(field('Date', mailDate(now)));
  if (!has('message-id')) missing.push(field('Message-ID', options.messageId));
  if (!has('mime-version')) missing.push(field('MIME-Version', '1.0'));
  const fields = [...missing, ...named];
  const recipients = parseAddresses(fields.filter(({ name }) => RECIPIENTS.has(name)).map(fieldValue));
  const id = fields.find(({ name }) => name === 'message-id');
  const kept = joinMessage({ fields, body: message.body });
  const shown = fields.filter(({ name }) => name !== 'bcc');
  return {
    // Twice in memory only where they differ: a message may have forty megabytes.
    sent: shown.length === fields.length ? kept : joinMessage({ fields: shown, body: message.body }),
    kept,
    from,
    messageId: id ? fieldValue(id) : options.messageId,
    recipients: [...new Set(recipients.map(({ address, name }) => address || name))],
    hops: fields.filter(({ name }) => name === 'received').length,
  };
}

/**
 * Nobody writes under a name that is not his (MS-ASCMD R448): a From that is missing, double or foreign becomes the
 * account's own. An alias is its own as well. Sender says who sent for somebody else, which this server never allows.
 */
function withSender(
  fields: readonly RawField[],
  sender: Sender,
): { readonly fields: readonly RawField[]; readonly from: string } {
  const others = fields.filter(({ name }) => name !== 'from' && name !== 'sender');
  const given = fields.filter(({ name }) => name === 'from');
  const own = given.length === 1 ? ownFrom(given[0]!, sender) : undefined;
  if (own?.raw) return { fields: [own.raw, ...others], from: own.address };
  const { name, address } = own ?? sender;
  return { fields: [field('From', mailbox(name, address)), ...others], from: address };
}

/** Characters of a name that fit the longest line of mail in any alphabet. */
const MOST_NAME = 100;

/** `"Name" <address>` in ASCII. */
export function mailbox(name: string, address: string): string {
  const clean = [...name.replace(/["\\\p{Cc}]/gu, ' ').trim()].slice(0, MOST_NAME).join('');
  if (clean === '') return address;
  return /^\p{ASCII}*$/u.test(clean) ? `"${clean}" <${address}>` : `${encodeWord(clean, 'B', 50)} <${address}>`;
}

/** RFC 5322 3.3. */
export const mailDate = (ms: number) => new Date(ms).toUTCString().replace('GMT', '+0000');
