/** Strings as they may go into WBXML, and cutting them by bytes of UTF-8. */
import { isUtf8 } from 'node:buffer';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: false });
const scratch = new Uint8Array(64 * 1024);

/**
 * The longest beginning of `text` that has at most `bytes` bytes as UTF-8 and ends between two characters. Nothing is
 * copied when all of it fits.
 */
export function cutUtf8(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  // encodeInto stops before a character that does not fit, so it never splits one.
  const room = bytes <= scratch.length ? scratch.subarray(0, bytes) : new Uint8Array(Math.min(bytes, text.length * 3));
  const { read } = encoder.encodeInto(text, room);
  return read === text.length ? text : text.slice(0, read);
}

export function utf8Length(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** Bytes that may stop in the middle of a character, as text without that half. */
export function decodeUtf8Prefix(bytes: Uint8Array): string {
  return decoder.decode(wholeCharacters(bytes));
}

/** Without the half of a character at the end. */
export function wholeCharacters(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  // At most three bytes back: the lead byte tells how many must follow it.
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    if (needs > back) end = bytes.length - back;
    break;
  }
  return end === bytes.length ? bytes : bytes.subarray(0, end);
}

// What XML 1.0 does not allow. A NUL would end a WBXML inline string early and turn the rest into tags.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const FORBIDDEN_ALL = new RegExp(FORBIDDEN.source, 'g');

/** Without NUL and the other characters that XML forbids, and without halves of surrogate pairs. */
export function cleanText(text: string): string {
  const allowed = FORBIDDEN.test(text) ? text.replace(FORBIDDEN_ALL, '') : text;
  return allowed.isWellFormed() ? allowed : allowed.toWellFormed();
}

/** The bytes as text, where they are UTF-8 and hold nothing that `cleanText` takes out. */
export function textOf(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = decoder.decode(bytes);
  return FORBIDDEN.test(text) ? undefined : text;
}

export const fitsText = (bytes: Uint8Array): boolean => textOf(bytes) !== undefined;

/** `cleanText` on one line: what a header field becomes. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ').trim();
}

/** Links that the conversion of HTML wrote after their text; a preview is no place for them. */
const LINK = /<(?:https?|mailto|cid|data):[^>\s]*>?/gi;

/** At most `length` UTF-16 units of running text on one line, never half of a surrogate pair (MS-ASAIRS R250). */
export function previewOf(text: string, length: number): string {
  if (length <= 0) return '';
  const line = text
    .slice(0, length * 8 + 1024)
    .replace(LINK, '')
    .replace(/\s+/g, ' ')
    .trim();
  const cut = line.slice(0, length);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
