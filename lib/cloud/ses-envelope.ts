import { parseAddresses } from '../mail/addresses.ts';
import { fieldValue, joinMessage, type RawMessage, splitMessage } from '../mail/raw-message.ts';

export interface SesDestination {
  readonly ToAddresses?: string[];
  readonly BccAddresses?: string[];
}

const SHOWN: ReadonlySet<string> = new Set(['to', 'cc']);
const HIDDEN: ReadonlySet<string> = new Set(['bcc', 'resent-bcc']);

/**
 * The envelope of a raw message. Whoever the header does not name gets a blind copy; the header is sent as it is and
 * decides about nobody.
 */
export function destinationOf(to: readonly string[], raw: Uint8Array): SesDestination {
  const values =
    splitMessage(headOf(raw))
      ?.fields.filter(({ name }) => SHOWN.has(name))
      .map(fieldValue) ?? [];
  const named = new Set(parseAddresses(values).map(({ address }) => address.toLowerCase()));
  const shown = to.filter((address) => named.has(address.toLowerCase()));
  const blind = to.filter((address) => !named.has(address.toLowerCase()));
  return { ...(shown.length > 0 && { ToAddresses: shown }), ...(blind.length > 0 && { BccAddresses: blind }) };
}

/** SES sends the header to everybody: whoever made the message, no blind recipient leaves in it. */
export function withoutBcc(raw: Uint8Array): Uint8Array {
  const hides = (message: RawMessage) => message.fields.some(({ name }) => HIDDEN.has(name));
  const head = splitMessage(headOf(raw));
  if (!head || !hides(head)) return raw;
  const message = splitMessage(raw)!;
  return joinMessage({ fields: message.fields.filter(({ name }) => !HIDDEN.has(name)), body: message.body });
}

/** Up to the empty line, so that 40 MB of a body are not looked through for it. */
function headOf(raw: Uint8Array): Uint8Array {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  const ends = ['\r\n\r\n', '\n\n', '\r\r'].map((end) => bytes.indexOf(end)).filter((at) => at >= 0);
  return ends.length === 0 ? raw : raw.subarray(0, Math.min(...ends));
}
