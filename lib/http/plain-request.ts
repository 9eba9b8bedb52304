/** A whole request as it stood in the buffer. */
export interface PlainRequest {
  readonly method: 'POST' | 'OPTIONS';
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * `more`: the beginning of such a request, so far. `other`: node:http shall read it, whatever it is: the strict answer
 * to every doubt, so that two parsers can never disagree about where a request ends.
 */
export type Recognised = PlainRequest | 'more' | 'other';

/** Larger heads and bodies are read by node:http, which bounds the one and streams the other. */
const MAX_HEAD = 8 * 1024;
const MAX_BODY = 32 * 1024;
const MAX_HEADERS = 64;

const REQUEST_LINE = /^(POST|OPTIONS) (\/[!"$-~]*) HTTP\/1\.1$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible ASCII, Latin-1, spaces and tabs. */
const VALUE = /^[\t -~\x80-\xff]*$/;
/** What changes how the message ends or what comes after it. */
const SPECIAL = new Set(['transfer-encoding', 'expect', 'upgrade', 'trailer', '__proto__']);
const METHODS = ['POST /', 'OPTIONS /'];

/** Reads a buffer that begins with a request: plain, well-formed, complete, and with nothing after it. */
export function recognise(buffer: Buffer): Recognised {
  const end = buffer.indexOf('\r\n\r\n');
  if (end < 0) return buffer.length <= MAX_HEAD && beginsLikeOne(buffer) ? 'more' : 'other';
  if (end > MAX_HEAD) return 'other';
  const lines = buffer.toString('latin1', 0, end).split('\r\n');
  const line = REQUEST_LINE.exec(lines[0]!);
  const headers = line && parseFields(lines);
  if (!headers) return 'other';
  const method = line[1] as 'POST' | 'OPTIONS';
  const length = bodyLength(method, headers);
  const start = end + 4;
  if (length === undefined || buffer.length > start + length) return 'other';
  if (buffer.length < start + length) return 'more';
  return { method, target: line[2]!, headers, body: buffer.subarray(start) };
}

/** So that the first byte of anything else already leaves for node:http. */
function beginsLikeOne(buffer: Buffer): boolean {
  const head = buffer.toString('latin1', 0, 9);
  return METHODS.some((method) => head.startsWith(method.slice(0, head.length)) || head.startsWith(method));
}

/** `undefined` for a field that is malformed, repeated or special. */
function parseFields(lines: readonly string[]): Record<string, string> | undefined {
  if (lines.length - 1 > MAX_HEADERS) return undefined;
  const headers: Record<string, string> = {};
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at]!;
    const colon = line.indexOf(':');
    if (colon < 0) return undefined;
    const name = line.slice(0, colon).toLowerCase();
    if (!NAME.test(name) || SPECIAL.has(name) || Object.hasOwn(headers, name)) return undefined;
    const value = trimmed(line, colon + 1);
    if (!VALUE.test(value)) return undefined;
    headers[name] = value;
  }
  const connection = headers.connection;
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return undefined;
  return headers.host === undefined ? undefined : headers;
}

/** Without spaces and tabs at its ends, and nothing else: `trim` would take a non-breaking space. */
function trimmed(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start++;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

const isBlank = (code: number) => code === 0x20 || code === 0x09;

function bodyLength(method: 'POST' | 'OPTIONS', headers: Readonly<Record<string, string>>): number | undefined {
  const given = headers['content-length'];
  if (given === undefined) return method === 'OPTIONS' ? 0 : undefined;
  if (!/^\d{1,6}$/.test(given)) return undefined;
  const length = Number(given);
  return length <= MAX_BODY ? length : undefined;
}
