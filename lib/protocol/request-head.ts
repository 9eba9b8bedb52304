import { HttpFailure } from '../http/failure.ts';
import { parseQuery } from '../http/query.ts';
import type { EasQuery, EasRequest } from '../http/types.ts';
import { ProtocolFailure } from './command.ts';
import type { Registry } from './registry.ts';
import { type ProtocolVersion, parseVersion } from './versions.ts';

/** What the query and the headers that belong to it say. */
export interface RequestHead {
  readonly query: EasQuery;
  readonly version: ProtocolVersion;
  readonly policyKey: string | undefined;
}

/**
 * The base64 query carries version and policy key itself; a plain one leaves them to `MS-ASProtocolVersion` and
 * `X-MS-PolicyKey` (MS-ASHTTP 2.2.1.1.2.6, 2.2.1.1.2.8), and `MS-ASAcceptMultiPart` counts for both.
 * @throws HttpFailure 400 for a broken query, for one without a command (R188), for a base64 one of a version before
 *   12.1, which brought it, and for a missing, unknown or unsupported version: there is no status that such a client would understand. The headers tell it what is spoken.
 */
export function parseHead(request: EasRequest, registry: Registry): RequestHead {
  const query = parseQuery(request.query);
  if (query.command === '') throw new HttpFailure(400, 'the query names no command');
  const named = request.headers['ms-asprotocolversion'];
  const version = query.version ?? (named === undefined ? undefined : parseVersion(named));
  const known = version !== undefined && (query.encoding === 'plain' || version >= FIRST_WITH_BASE64);
  if (!known || !registry.speaks(version)) {
    throw new HttpFailure(400, 'protocol version is missing or not supported', { headers: registry.advertisement });
  }
  const policyKey = (query.encoding === 'base64' ? query.policyKey : undefined) ?? policyKeyHeader(request);
  const acceptMultiPart = query.acceptMultiPart || request.headers['ms-asacceptmultipart']?.trim() === 'T';
  return { query: { ...query, deviceType: tidied(query.deviceType), acceptMultiPart }, version, policyKey };
}

const FIRST_WITH_BASE64: ProtocolVersion = 121;

function policyKeyHeader(request: EasRequest): string | undefined {
  const key = request.headers['x-ms-policykey']?.trim();
  return key ? key : undefined;
}

/** Ids become part of store keys and log lines: nothing but these characters, whatever the client calls itself. */
const DEVICE_ID = /^[A-Za-z0-9._-]{1,64}$/;
const DEVICE_TYPE = /^[A-Za-z0-9 ._-]{1,64}$/;

/**
 * A DeviceType as it is kept and compared: `Moto G (7)` or `E71/1` is no reason to shut a phone out, so what does not fit
 * becomes `-`. Control characters stay, and are refused.
 */
function tidied(deviceType: string): string {
  return deviceType.replace(/[^A-Za-z0-9 ._\p{Cc}-]/gu, '-').slice(0, MAX_TYPE);
}
const MAX_TYPE = 64;

/** @throws ProtocolFailure 108 or 109 */
export function checkDevice(query: EasQuery): void {
  if (!DEVICE_ID.test(query.deviceId)) throw new ProtocolFailure(108, 'DeviceId is missing or malformed');
  if (!DEVICE_TYPE.test(query.deviceType)) throw new ProtocolFailure(109, 'DeviceType is missing or malformed');
}

/** Bodies of the protocol, of SendMail up to 12.1, and what libraries write when nobody told them. */
const CONTENT_TYPES = new Set([
  'application/vnd.ms-sync.wbxml',
  'application/vnd.ms-sync',
  'message/rfc822',
  'application/octet-stream',
]);

/** @throws ProtocolFailure 101 for a body that says it is something else, such as XML or a form */
export function checkContentType(request: EasRequest): void {
  const type = request.headers['content-type']?.replace(/;.*$/s, '').trim().toLowerCase();
  if (type && !CONTENT_TYPES.has(type)) throw new ProtocolFailure(101, 'Content-Type is not WBXML');
}
