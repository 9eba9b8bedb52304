import { HttpFailure } from '../http/failure.ts';
import type { EasRequest } from '../http/types.ts';

export const ALLOWED = 'OPTIONS,POST';

/** Methods that HTTP defines; any other is not recognised (MS-ASHTTP R187). */
const KNOWN = new Set(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT']);

/** Windows Mobile and old Outlook write either case; `default.eas` is the file that IIS served it from. */
const PATH = /^\/microsoft-server-activesync(?:\/(?:default\.eas)?)?$/i;

/**
 * @throws HttpFailure 404 for another path, 405 with `Allow` for a method that has no meaning here, 501 for one that
 *   HTTP does not know
 */
export function requestMethod(request: EasRequest): 'OPTIONS' | 'POST' {
  if (!PATH.test(request.path)) throw new HttpFailure(404, 'no such path');
  if (request.method === 'POST' || request.method === 'OPTIONS') return request.method;
  if (KNOWN.has(request.method)) {
    throw new HttpFailure(405, 'method not allowed', { headers: { Allow: ALLOWED, Public: ALLOWED } });
  }
  throw new HttpFailure(501, 'method not recognised');
}
