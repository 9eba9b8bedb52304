/**
 * Keys of blobs as keys of objects. Segments are written in letters, digits, `-`, `_` and `%XX`: what S3, XML lists and
 * the file systems of compatible servers all take. Written character by character, so that a prefix stays a prefix.
 */
const MAX_KEY = 1024;

/** @throws RangeError for a key that is empty or too long */
export function encodeKey(key: string): string {
  if (key === '') throw new RangeError('a blob needs a key');
  const encoded = key.split('/').map(segmentName).join('/');
  if (Buffer.byteLength(key) > MAX_KEY || encoded.length > MAX_KEY) {
    throw new RangeError(`a blob's key takes ${MAX_KEY} bytes`);
  }
  return encoded;
}

/** The last segment may go on in the keys that begin with it. */
export function encodePrefix(prefix: string): string {
  const segments = prefix.split('/');
  const last = segments.pop() ?? '';
  return [...segments.map(segmentName), encoded(last)].join('/');
}

/** `undefined` for objects that this store did not put. */
export function keyOf(object: string): string | undefined {
  if (!/^(?:[A-Za-z0-9_/-]|%[0-9A-F]{2}|%(?=\/|$))+$/.test(object)) return undefined;
  try {
    return object
      .split('/')
      .map((name) => (name === '%' ? '' : decodeURIComponent(name)))
      .join('/');
  } catch {
    return undefined;
  }
}

/** An empty segment has a name too, as a folder must. */
const segmentName = (segment: string) => (segment === '' ? '%' : encoded(segment));

function encoded(text: string): string {
  if (/^[A-Za-z0-9_-]*$/.test(text)) return text;
  let name = '';
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    name += /[A-Za-z0-9_-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return name;
}
