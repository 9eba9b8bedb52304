/** Bytes of unknown honesty to text: a label may be missing, wrong or invented. */
import { isUtf8 } from 'node:buffer';

const unicode = new TextDecoder('utf-8');
const western = new TextDecoder('windows-1252');
type Decoder = InstanceType<typeof TextDecoder>;
const known = new Map<string, Decoder>();

/** Labels that mail uses and the Encoding Standard does not list. */
const ALIASES: Readonly<Record<string, string>> = {
  cp932: 'shift_jis',
  cp936: 'gbk',
  cp949: 'euc-kr',
  cp950: 'big5',
  ms936: 'gbk',
  ms949: 'euc-kr',
  ms950: 'big5',
  'windows-932': 'shift_jis',
  'windows-936': 'gbk',
  'windows-950': 'big5',
  'iso-8859-8-e': 'iso-8859-8',
  'latin-1': 'iso-8859-1',
  'cp-850': 'windows-1252',
  utf8mb4: 'utf-8',
  'utf-8-strict': 'utf-8',
};
/** Labels that say nothing: most mailers that write them send UTF-8 or windows-1252. */
const VAGUE = new Set(['', 'us-ascii', 'ascii', 'utf-8', 'utf8', 'unknown-8bit', 'x-unknown', 'default', '8bit']);

function decoderFor(label: string): Decoder | undefined {
  const cached = known.get(label);
  if (cached) return cached;
  for (const name of [label, ALIASES[label], label.replace(/^x-/, '')]) {
    if (!name) continue;
    try {
      const decoder = new TextDecoder(name);
      // Bounded: only labels of the Encoding Standard and the aliases above get here.
      known.set(label, decoder);
      return decoder;
    } catch {
      // Not a label of the Encoding Standard; the next candidate may be one.
    }
  }
  return undefined;
}

/** Text of a body or a header. Never throws; undecodable bytes become U+FFFD only in charsets that cannot hold them. */
export function decodeText(bytes: Uint8Array, label: string | undefined): string {
  const mark = markedCharset(bytes);
  if (mark) return new TextDecoder(mark).decode(bytes);
  const name = (label ?? '')
    .trim()
    .toLowerCase()
    .replace(/^['"]|['"]$/g, '');
  if (!VAGUE.has(name)) {
    const decoder = decoderFor(name);
    if (decoder) return decoder.decode(bytes);
  }
  return (isUtf8(bytes) ? unicode : western).decode(bytes);
}

function markedCharset(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

/** The charset that an HTML document names in its first kilobytes; used where its part names none. */
export function htmlCharset(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 2048)).toString('latin1');
  return /<meta[^<>]{0,200}charset\s{0,8}=\s{0,8}["']?\s{0,8}([\w.:-]{1,40})/i.exec(head)?.[1];
}

/**
 * The message with its top header block in UTF-8. Old mailers write 8-bit headers without encoding them (RFC 2047
 * forbids it); as they are, every such byte would become U+FFFD. The charset is the one that the body declares.
 */
export function repairHeaders(raw: Uint8Array): Uint8Array {
  const end = headerEnd(raw);
  const head = raw.subarray(0, end);
  if (isUtf8(head)) return raw;
  const latin = Buffer.from(head.subarray(0, 65_536)).toString('latin1');
  const label = /^content-type:[^\n]*(?:\n[ \t][^\n]*)*?charset\s*=\s*"?([\w.:-]{1,40})/im.exec(latin)?.[1];
  return Buffer.concat([Buffer.from(decodeText(head, label), 'utf8'), raw.subarray(end)]);
}

/** Offset of the empty line that ends the header block; the end of the message where there is none. */
export function headerEnd(raw: Uint8Array): number {
  for (let at = raw.indexOf(0x0a); at >= 0; at = raw.indexOf(0x0a, at + 1)) {
    const next = raw[at + 1] === 0x0d ? at + 2 : at + 1;
    if (raw[next] === 0x0a) return at + 1;
  }
  return raw.length;
}
