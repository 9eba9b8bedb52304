import { HttpFailure } from './failure.ts';
import { parseBase64Query } from './query-base64.ts';
import { parsePlainQuery } from './query-plain.ts';
import type { EasQuery } from './types.ts';

/** Longer than any client's query: the longest that is known carries a LongId of 256 characters. */
const MAX_QUERY = 4096;

/** Base64 or base64url, with padding or without; some HTTP stacks percent-encode `+`, `/` and `=`. */
const BASE64 = /^(?:[A-Za-z0-9+/_-]|%2[BbFf])+(?:=|%3[Dd]){0,2}$/;

/**
 * The query of a POST, plain or base64 (MS-ASHTTP 2.2.1.1.1). Missing parameters come back as empty strings: which
 * status a missing DeviceId or DeviceType gets depends on the version.
 * @throws HttpFailure 400 for a query that is neither
 */
export function parseQuery(raw: string): EasQuery {
  if (raw.length > MAX_QUERY) throw new HttpFailure(414, 'query too long');
  if (BASE64.test(raw)) return parseBase64Query(decodeBase64(raw));
  return parsePlainQuery(raw);
}

function decodeBase64(raw: string): Uint8Array {
  const text = raw.includes('%') ? decodeURIComponent(raw) : raw;
  const digits = text.replace(/=+$/, '');
  if (digits.length % 4 === 1) throw new HttpFailure(400, 'query is not base64');
  return Buffer.from(digits, 'base64');
}
