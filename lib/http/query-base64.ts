import { commandName } from '../protocol/command-codes.ts';
import { parseVersion } from '../protocol/versions.ts';
import { HttpFailure } from './failure.ts';
import type { EasQuery } from './types.ts';

/** Tags of the command parameters at the end (MS-ASHTTP 2.2.1.1.1.1.3). */
const TEXT_TAGS: ReadonlyMap<number, 'attachmentName' | 'collectionId' | 'itemId' | 'longId' | 'occurrence' | 'user'> =
  new Map([
    [0, 'attachmentName'],
    [1, 'collectionId'],
    [3, 'itemId'],
    [4, 'longId'],
    [6, 'occurrence'],
    [8, 'user'],
  ]);
const OPTIONS_TAG = 7;
const SAVE_IN_SENT = 0x01;
const ACCEPT_MULTIPART = 0x02;

/**
 * The byte sequence of MS-ASHTTP 2.2.1.1.1.1: version, command, locale, DeviceId, policy key, DeviceType, parameters.
 * @throws HttpFailure 400 where it ends early or a field has a length or value that cannot be
 */
export function parseBase64Query(bytes: Uint8Array): EasQuery {
  const fields = new Fields(bytes);
  const version = parseVersion((fields.byte() / 10).toFixed(1));
  if (version === undefined) throw new HttpFailure(400, 'unknown protocol version in the query');
  const code = fields.byte();
  const locale = fields.byte() | (fields.byte() << 8);
  const deviceId = deviceIdText(fields.counted());
  const policyKey = policyKeyText(fields.counted());
  const deviceType = text(fields.counted());
  return {
    // A code without a name stays visible in the log, and is no registered command's name.
    command: commandName(code) ?? `#${code}`,
    deviceId,
    deviceType,
    version,
    policyKey,
    locale,
    encoding: 'base64',
    ...parameters(fields),
  };
}

function parameters(fields: Fields): Partial<EasQuery> {
  const found: Partial<
    Record<'attachmentName' | 'collectionId' | 'itemId' | 'longId' | 'occurrence' | 'user', string>
  > = {};
  let options = 0;
  while (!fields.atEnd) {
    const tag = fields.byte();
    const value = fields.counted();
    const name = TEXT_TAGS.get(tag);
    // An empty value says nothing; unknown tags are skipped, as a later version may define them.
    if (name && value.length > 0) found[name] ??= text(value);
    else if (tag === OPTIONS_TAG) options |= value[0] ?? 0;
  }
  return { ...found, saveInSent: (options & SAVE_IN_SENT) !== 0, acceptMultiPart: (options & ACCEPT_MULTIPART) !== 0 };
}

/**
 * Text, or the 16 raw bytes of a GUID as 32 hex digits: that is how the same Windows phone writes itself in a plain
 * query. Sixteen characters of text are text; a GUID whose every byte is a letter or digit does not occur.
 */
function deviceIdText(bytes: Uint8Array): string {
  if (bytes.length === 16 && !bytes.every(isIdCharacter)) return Buffer.from(bytes).toString('hex');
  return text(bytes);
}

function isIdCharacter(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x5f
  );
}

/** The key as the decimal text that the header X-MS-PolicyKey would carry. */
function policyKeyText(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes.length !== 4) throw new HttpFailure(400, 'policy key of a wrong length in the query');
  return String(Buffer.from(bytes).readUInt32LE());
}

function text(bytes: Uint8Array): string {
  for (const byte of bytes) {
    if (byte < 0x20 || byte === 0x7f) throw new HttpFailure(400, 'control character in the query');
  }
  return Buffer.from(bytes).toString('utf8');
}

class Fields {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new HttpFailure(400, 'query ends early');
    return byte;
  }

  /** A length byte and so many bytes. */
  counted(): Uint8Array {
    const length = this.byte();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new HttpFailure(400, 'query ends early');
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return value;
  }
}
