import { createHash, randomBytes } from 'node:crypto';
import type { MailLimits } from '../mail/limits.ts';
import type { ParsedMessage, parseMessage } from '../mail/parse.ts';
import { lfToCrlf } from '../mail/raw-message.ts';
import { type ItemId, ulidFor } from '../ops/ids.ts';

/** How a message came. */
export interface Envelope {
  /** MAIL FROM, without brackets; empty for a bounce. */
  readonly from: string;
  /** Header lines of this server, each ended by CRLF, put before the message. Not part of what makes it the same. */
  readonly trace?: string;
  /** `live`: it is arriving now, whatever it says. `dated`: it arrived when it says (an import). */
  readonly arrival: 'live' | 'dated';
  /** Epoch milliseconds, for a `dated` message that says nothing usable. */
  readonly undated?: number;
  /** Tells this transmission from all others, and is the same when it is tried again; where somebody knows such a thing. */
  readonly once?: string;
  /** Nobody who is away answers it. */
  readonly unanswered?: boolean;
}

/** A message that came in, read once for all its recipients. */
export interface IncomingMessage {
  /** As it is stored: with the trace, and CRLF at all line ends. */
  readonly raw: Uint8Array;
  readonly parsed: ParsedMessage;
  /** MAIL FROM as it came; empty for a bounce. */
  readonly from: string;
  readonly unanswered?: boolean;
  /** The same for every attempt to deliver this message, and for no other message. */
  readonly key: string;
  /** The item it becomes, in whatever mailbox. */
  readonly item: ItemId;
}

/** A message that took longer than this to get here is new now, not then: a phone's filter would hide it otherwise. */
const LATE_MS = 3_600_000;

export async function readMessage(
  raw: Uint8Array,
  envelope: Envelope,
  options: { readonly now: number; readonly limits?: Partial<MailLimits>; readonly parse: typeof parseMessage },
): Promise<IncomingMessage> {
  const { now, limits, parse } = options;
  // Files of Unix have line feeds alone. Kept so, neither Outlook's quoted-printable nor signatures would come out right.
  const mail = lfToCrlf(raw);
  const dated = await parse(mail, { now, limits, undated: envelope.undated });
  const late = envelope.arrival === 'live' && now - dated.received > LATE_MS;
  const parsed = late ? { ...dated, received: now } : dated;
  // Of the bytes that came: an import is found again whatever is made of them.
  const key = keyOf(raw, dated, envelope);
  const stored = envelope.trace ? Buffer.concat([Buffer.from(envelope.trace, 'utf8'), mail]) : mail;
  const { from, unanswered } = envelope;
  return { raw: stored, parsed, from, ...(unanswered && { unanswered }), key, item: ulidFor(parsed.received, key) };
}

/**
 * From Message-Id, sender and every byte, so that an SMTP retry is recognised and nothing else is. A live message with
 * neither Message-Id nor Date (a script's alert, the same each time) is never taken for its predecessor: where nothing
 * tells transmissions apart, one alert too many after a retry is better than one too few.
 */
function keyOf(raw: Uint8Array, parsed: ParsedMessage, envelope: Envelope): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([parsed.messageId ?? null, envelope.from.toLowerCase()])).update(raw);
  if (envelope.arrival === 'live' && parsed.messageId === undefined && parsed.sent === undefined) {
    hash.update(envelope.once ?? randomBytes(16));
  }
  return hash.digest('hex');
}
