/** Windows' numbers for charsets: what InternetCPID calls the charset that a message came in (MS-ASEMAIL 2.2.2.40). */
import { isAscii, isUtf8 } from 'node:buffer';

export const UTF_8 = 65001;
const ASCII = 20127;
const WESTERN = 1252;

/** By the names that mail writes, in lower case. */
const BY_NAME: Readonly<Record<string, number>> = {
  'us-ascii': ASCII,
  ascii: ASCII,
  'utf-8': UTF_8,
  utf8: UTF_8,
  'utf-7': 65000,
  'utf-16': 1200,
  'utf-16le': 1200,
  'utf-16be': 1201,
  latin1: 28591,
  'latin-1': 28591,
  latin2: 28592,
  'iso-8859-8-i': 38598,
  'iso-8859-11': 874,
  'tis-620': 874,
  'koi8-r': 20866,
  'koi8-u': 21866,
  macintosh: 10000,
  ibm866: 866,
  gb2312: 936,
  gbk: 936,
  gb18030: 54936,
  'hz-gb-2312': 52936,
  big5: 950,
  'big5-hkscs': 950,
  shift_jis: 932,
  'shift-jis': 932,
  sjis: 932,
  'windows-31j': 932,
  'iso-2022-jp': 50220,
  'euc-jp': 51932,
  'ks_c_5601-1987': 949,
  'iso-2022-kr': 50225,
  'euc-kr': 51949,
};
const ISO_8859 = /^iso[-_]8859-([1-9]|1[0356])$/;
/** Windows names its own by their numbers, and so do others who write of them. */
const NUMBERED = /^(?:windows-|cp-?|ms|x-cp)(125[0-8]|874|866|932|936|949|950|850|437)$/;

/**
 * The code page of a text. Where its label says nothing that is known, or calls ASCII what is none, the one by which
 * it is read.
 */
export function codePageOf(bytes: Uint8Array, label: string | undefined): number {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return BY_NAME['utf-16le']!;
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return BY_NAME['utf-16be']!;
  const name = (label ?? '')
    .trim()
    .toLowerCase()
    .replace(/^['"]|['"]$/g, '');
  const named = Object.hasOwn(BY_NAME, name) ? BY_NAME[name]! : numbered(name);
  if (named !== undefined && named !== ASCII) return named;
  if (isAscii(bytes)) return ASCII;
  return isUtf8(bytes) ? UTF_8 : WESTERN;
}

function numbered(name: string): number | undefined {
  const part = ISO_8859.exec(name)?.[1];
  if (part) return 28590 + Number(part);
  const page = NUMBERED.exec(name)?.[1];
  return page ? Number(page) : undefined;
}
