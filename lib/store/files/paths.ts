/**
 * Keys of blobs as paths. A key comes from the outside in parts (names of attachments), so nothing of it is taken for
 * a path: each segment is written in letters, digits, `-`, `_` and `%XX`, which leaves no dots, no separators, no NUL.
 * A blob's file ends in `.b` and a folder never does, so that `a` and `a/b` can both be keys.
 */
import { join } from 'node:path';

export const FILE_SUFFIX = '.b';
/** Most file systems take names of 255 bytes. */
const MAX_NAME = 240;
/** As S3 has it. */
const MAX_KEY = 1024;

/** The file of a key below `root`. @throws RangeError for a key that is empty or too long. */
export function pathOf(root: string, key: string): string {
  if (key === '') throw new RangeError('a blob needs a key');
  if (Buffer.byteLength(key) > MAX_KEY) throw new RangeError(`a blob's key takes ${MAX_KEY} bytes`);
  const names = key.split('/').map(encodeSegment);
  if (names.some((name) => name.length > MAX_NAME)) throw new RangeError('a segment of a blob key is too long');
  return `${join(root, ...names)}${FILE_SUFFIX}`;
}

/** The key segment of a file or folder name, and which it is; `undefined` for names that no key makes. */
export function segmentOf(name: string): { readonly segment: string; readonly file: boolean } | undefined {
  const file = name.endsWith(FILE_SUFFIX);
  const encoded = file ? name.slice(0, -FILE_SUFFIX.length) : name;
  if (!/^(?:[A-Za-z0-9_-]|%[0-9A-F]{2})+$|^%$/.test(encoded)) return undefined;
  if (encoded === '%') return { segment: '', file };
  try {
    return { segment: decodeURIComponent(encoded), file };
  } catch {
    return undefined;
  }
}

export function encodeSegment(segment: string): string {
  // A name may not be empty.
  if (segment === '') return '%';
  if (/^[A-Za-z0-9_-]+$/.test(segment)) return segment;
  let name = '';
  for (const byte of Buffer.from(segment)) {
    const character = String.fromCharCode(byte);
    name += /[A-Za-z0-9_-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return name;
}
