import { domainPart, parseAddress } from '../../identity/names.ts';
import { parseAddresses } from '../../mail/addresses.ts';
import { isAutomatic } from '../../mail/automatic.ts';
import { fieldValue, joinMessage, type RawField, splitMessage } from '../../mail/raw-message.ts';
import { type Harm, harmOf, isProven, type Receipt } from './receipt.ts';

/** A message as it lies in a bucket, with what whoever put it there said of it. */
export interface InboundObject {
  readonly raw: Uint8Array;
  /** The object's own metadata, names in lower case: `mail-from`, and `rcpt-to` with commas. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface InboundMessage {
  /** MAIL FROM; empty for a bounce, and where nobody knows. */
  readonly from: string;
  readonly to: readonly string[];
  /** Header lines of the receiving system; no part of what makes two copies the same message. */
  readonly trace: string;
  readonly raw: Uint8Array;
  /** No person wrote it, so nobody is to be answered (RFC 3834). */
  readonly automatic: boolean;
  /** `from` is who sent it, and may be told what became of it: SES proved it, or the mail system that put it there says so. */
  readonly proven: boolean;
  readonly harm?: Harm;
}

const MAX_RECIPIENTS = 500;

/**
 * Whom a message in the bucket is for. Of what SES received, its receipt says it, and no header: those know of no blind
 * recipient and no list, and name people whom nobody sent it to. An own mail system says it in the metadata; without
 * that it is for those of our domains that To and Cc name.
 */
export function inboundMessage(
  { raw, metadata }: InboundObject,
  domains: readonly string[],
  receipt?: Receipt,
): InboundMessage {
  const message = splitMessage(raw);
  const fields = message?.fields ?? [];
  const cut = traceEnd(fields);
  const rest = cut === 0 || !message ? raw : joinMessage({ fields: fields.slice(cut), body: message.body });
  const own = fields.slice(cut);
  const common = {
    trace: fields
      .slice(0, cut)
      .map(({ line }) => `${line}\r\n`)
      .join(''),
    raw: rest,
    automatic: isAutomatic(own),
  };
  if (receipt) {
    const authors = addressesOf(own, 'from');
    const from = addressIn(receipt.from);
    const harm = harmOf(receipt);
    const proven = isProven({ ...receipt, from }, authors);
    return { ...common, from, to: parsed(receipt.to), proven, ...(harm && { harm }) };
  }
  const rcptTo = metadata['rcpt-to'];
  const returnPath = fields.find(({ name }) => name === 'return-path');
  return {
    ...common,
    from: addressIn(metadata['mail-from'] ?? (returnPath ? fieldValue(returnPath) : '')),
    to: rcptTo !== undefined ? parsed(rcptTo.split(',')) : namedBy(fields, cut, domains),
    // A field of the message is anybody's to write.
    proven: metadata['mail-from'] !== undefined,
  };
}

/** Whoever is named too often gets the message once, because copies of one message are recognised. */
function namedBy(fields: readonly RawField[], cut: number, domains: readonly string[]): readonly string[] {
  const named = [
    ...fields.slice(0, Math.max(cut, 1)).flatMap(receivedFor),
    ...addressesOf(fields.slice(cut), 'to', 'cc', 'bcc', 'resent-to', 'resent-cc'),
  ];
  return parsed(named)
    .filter((address) => domains.includes(domainPart(address)))
    .slice(0, MAX_RECIPIENTS);
}

function addressesOf(fields: readonly RawField[], ...names: string[]): string[] {
  const values = fields.filter(({ name }) => names.includes(name)).map(fieldValue);
  return parseAddresses(values).map(({ address }) => address);
}

const parsed = (texts: readonly string[]) => [...new Set(texts.flatMap((text) => addressIn(text) || []))];

/** What SES writes in front of a message, down to the field that it always ends with. */
const SES = /^(?:return-path|received|received-spf|authentication-results|x-ses-[\w-]+)$/;

function traceEnd(fields: readonly RawField[]): number {
  const others = fields.findIndex(({ name }) => !SES.test(name));
  const front = fields.slice(0, others < 0 ? fields.length : others);
  return front.findLastIndex(({ name }) => name.startsWith('x-ses-')) + 1;
}

function receivedFor(field: RawField): string[] {
  if (field.name !== 'received') return [];
  const [, address] = /\sfor\s+<?([^\s<>;]+@[^\s<>;]+?)>?\s*;/.exec(fieldValue(field)) ?? [];
  return address === undefined ? [] : [address];
}

const addressIn = (text: string) => parseAddress(text.trim().replace(/^<|>$/g, '')) ?? '';
