/**
 * A message as bytes: header fields that can be taken out and put in, and a body that is never touched, so that
 * signatures stay whole. Strings here hold one byte per character (latin1).
 */
import { decodeText } from './charset.ts';

export interface RawField {
  /** In lower case. */
  readonly name: string;
  /** The whole field with its folds, without the line end. */
  readonly line: string;
}

export interface RawMessage {
  readonly fields: readonly RawField[];
  readonly body: Uint8Array;
}

const CR = 0x0d;
const LF = 0x0a;
/** RFC 5322 2.2; a blank before the colon is obsolete but means the same field. */
export const FIELD = /^([!-9;-~]{1,100})[ \t]*:/;

/** The parts of a message; `undefined` where its first line is no header field: that is no MIME. */
export function splitMessage(raw: Uint8Array): RawMessage | undefined {
  const bytes = withCrlf(raw);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = buffer.indexOf('\r\n\r\n');
  const head = buffer.toString('latin1', 0, end < 0 ? buffer.length : end);
  const [first = ''] = head.split('\r\n', 1);
  if (!FIELD.test(first)) return undefined;
  const fields: RawField[] = [];
  for (const line of head.replace(/\r\n(?=[ \t])/g, '\n').split('\r\n')) {
    const name = FIELD.exec(line)?.[1]?.toLowerCase();
    // Anything else between the fields would end the header for some readers and not for others.
    if (name !== undefined) fields.push({ name, line: line.replaceAll('\n', '\r\n') });
  }
  return { fields, body: end < 0 ? new Uint8Array(0) : buffer.subarray(end + 4) };
}

export function joinMessage({ fields, body }: RawMessage): Buffer {
  const head = fields.map(({ line }) => `${line}\r\n`).join('');
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body]);
}

/** A field of plain text; characters outside of ASCII become UTF-8, line breaks and controls go. */
export function field(name: string, value: string): RawField {
  const clean = value.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return { name: name.toLowerCase(), line: Buffer.from(`${name}: ${clean}`, 'utf8').toString('latin1') };
}

/** What stands after the colon, unfolded; 8-bit text is UTF-8, or windows-1252 where it is none. */
export function fieldValue({ line }: RawField): string {
  const value = line.slice(line.indexOf(':') + 1).replace(/\r\n/g, '');
  return decodeText(Buffer.from(value, 'latin1'), undefined).trim();
}

/**
 * Every line end as CRLF: SMTP knows no other, and relays that differ about a bare CR or LF can be made to see a second
 * message. The same bytes where nothing is to do.
 */
export function withCrlf(raw: Uint8Array): Uint8Array {
  let bare = 0;
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at];
    if (byte === CR) {
      if (raw[at + 1] === LF) at++;
      else bare++;
    } else if (byte === LF) bare++;
  }
  if (bare === 0) return raw;
  const out = new Uint8Array(raw.length + bare);
  let to = 0;
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at]!;
    if (byte !== CR && byte !== LF) {
      out[to++] = byte;
      continue;
    }
    if (byte === CR && raw[at + 1] === LF) at++;
    out[to++] = CR;
    out[to++] = LF;
  }
  return out;
}

/** Line feeds alone as CRLF, and nothing else: `\r\r\n`, which some mailers write, stays one line end. */
export function lfToCrlf(raw: Uint8Array): Uint8Array {
  let bare = raw[0] === LF ? 1 : 0;
  for (let at = 1; at < raw.length; at++) if (raw[at] === LF && raw[at - 1] !== CR) bare++;
  if (bare === 0) return raw;
  const out = new Uint8Array(raw.length + bare);
  let to = 0;
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at]!;
    if (byte === LF && (at === 0 || raw[at - 1] !== CR)) out[to++] = CR;
    out[to++] = byte;
  }
  return out;
}
