import { domainPart, parseAddress } from '../../identity/names.ts';
import { parseAddresses } from '../../mail/addresses.ts';
import { isAutomatic } from '../../mail/automatic.ts';
import { fieldValue, joinMessage, type RawField, splitMessage } from '../../mail/raw-message.ts';

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
}

const MAX_RECIPIENTS = 500;

/**
 * Whom a message in the bucket is for. An own mail system says it in the metadata. SES keeps the envelope to itself:
 * it leaves a Received field that may name one recipient, and the rest are those of To and Cc that are of our domains.
 * Whoever is named too often gets the message once, because copies of one message are recognised.
 */
export function inboundMessage({ raw, metadata }: InboundObject, domains: readonly string[]): InboundMessage {
  const message = splitMessage(raw);
  const fields = message?.fields ?? [];
  const cut = traceEnd(fields);
  const rest = cut === 0 || !message ? raw : joinMessage({ fields: fields.slice(cut), body: message.body });
  const own = fields.slice(cut);
  const values = (...names: string[]) => own.filter(({ name }) => names.includes(name)).map(fieldValue);
  const named =
    metadata['rcpt-to'] !== undefined
      ? metadata['rcpt-to'].split(',')
      : [
          ...fields.slice(0, Math.max(cut, 1)).flatMap(receivedFor),
          ...parseAddresses(values('to', 'cc', 'bcc', 'resent-to', 'resent-cc')).map(({ address }) => address),
        ];
  const addresses = named.flatMap((text) => parseAddress(text.trim().replace(/^<|>$/g, '')) ?? []);
  const ours = (address: string) => metadata['rcpt-to'] !== undefined || domains.includes(domainPart(address));
  const returnPath = fields.find(({ name }) => name === 'return-path');
  return {
    from: addressIn(metadata['mail-from'] ?? (returnPath ? fieldValue(returnPath) : '')),
    to: [...new Set(addresses.filter(ours))].slice(0, MAX_RECIPIENTS),
    trace: fields
      .slice(0, cut)
      .map(({ line }) => `${line}\r\n`)
      .join(''),
    raw: rest,
    automatic: isAutomatic(own),
  };
}

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
