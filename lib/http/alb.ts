import { LANE_COOKIE_SET } from './lane.ts';
import { peerOf } from './peer.ts';
import { reasonOf } from './reasons.ts';
import type { EasRequest, EasResponse } from './types.ts';

/** What an Application Load Balancer sends to a Lambda, with multi-value headers or without. */
export interface AlbEvent {
  readonly httpMethod: string;
  readonly path: string;
  /** Not URL-decoded; the value is empty where the query had no equals sign. */
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>>;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

export interface AlbResult {
  readonly statusCode: number;
  readonly statusDescription: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Where a Lambda's answer ends: 1 MB of JSON. Whether the load balancer means 10^6 or 2^20 nobody need find out. */
export const RESULT_BYTES = 1_000_000;

/** The load balancer itself is the one proxy in front. */
const HOPS = 1;

/** The same request that a socket would have given. */
export function fromAlb(event: AlbEvent): EasRequest {
  const headers = headersOf(event);
  return {
    method: event.httpMethod,
    path: event.path,
    query: queryOf(event),
    headers,
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    ...peerOf(headers, undefined, true, HOPS),
  };
}

function headersOf({ headers = {}, multiValueHeaders }: AlbEvent): Record<string, string> {
  const all: Record<string, string> = {};
  const given: readonly (readonly [string, readonly string[]])[] = Object.entries(multiValueHeaders ?? headers).map(
    ([name, value]) => [name, value === undefined ? [] : typeof value === 'string' ? [value] : value],
  );
  for (const [name, values] of given) {
    const lower = name.toLowerCase();
    const joined = values.join(lower === 'cookie' ? '; ' : ', ');
    all[lower] = all[lower] === undefined ? joined : `${all[lower]}, ${joined}`;
  }
  return all;
}

/**
 * The query as it was sent. A base64 query has no equals sign but its padding, which the load balancer takes for the
 * one between name and value; of `abc=` and `abc` it makes the same, and the length says which it was.
 */
function queryOf({ queryStringParameters = {}, multiValueQueryStringParameters }: AlbEvent): string {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(multiValueQueryStringParameters ?? queryStringParameters)) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) pairs.push([name, one]);
  }
  const [first] = pairs;
  if (first && pairs.length === 1 && /^=?$/.test(first[1]) && BASE64.test(first[0])) {
    const [token] = first;
    return token + '='.repeat(first[1] === '=' ? 2 : (4 - (token.length % 4)) % 4 === 1 ? 1 : 0);
  }
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

/** No shorter token is a query: version, command, locale and the three counted fields take seven bytes. */
const BASE64 = /^(?:[A-Za-z0-9+/_-]|%2[BbFf]){10,}(?:%3[Dd]){0,2}$/;

/** What the load balancer writes itself, or what belongs to a connection that a Lambda does not have. */
const OMITTED = new Set(['content-length', 'connection', 'keep-alive', 'transfer-encoding']);

/**
 * The answer as the load balancer takes it, in the form in which the request came. One that is too large for it is
 * replaced: the client is sent to the other lane, which has no such limit, and comes again.
 */
export async function toAlb(event: AlbEvent, response: EasResponse): Promise<{ result: AlbResult; tooLarge: boolean }> {
  const body = response.body instanceof Uint8Array ? response.body : await collected(response.body);
  const result = body && resultOf(event, { ...response, body });
  if (result && Buffer.byteLength(JSON.stringify(result)) <= RESULT_BYTES) return { result, tooLarge: false };
  const headers = { 'Retry-After': '1', 'Cache-Control': 'no-store', 'Set-Cookie': LANE_COOKIE_SET };
  return { result: resultOf(event, { status: 503, headers, body: NOTHING }), tooLarge: true };
}

const NOTHING = new Uint8Array(0);

function resultOf(event: AlbEvent, response: EasResponse & { readonly body: Uint8Array }): AlbResult {
  const headers = Object.entries(response.headers).filter(([name]) => !OMITTED.has(name.toLowerCase()));
  const { buffer, byteOffset, length } = response.body;
  return {
    statusCode: response.status,
    statusDescription: `${response.status} ${reasonOf(response.status)}`,
    ...(event.multiValueHeaders
      ? { multiValueHeaders: Object.fromEntries(headers.map(([name, value]) => [name, [value]])) }
      : { headers: Object.fromEntries(headers) }),
    body: Buffer.from(buffer, byteOffset, length).toString('base64'),
    isBase64Encoded: length > 0,
  };
}

/** `undefined` for more than any result takes. */
async function collected(body: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > RESULT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
