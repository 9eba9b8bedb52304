import { isAscii } from 'node:buffer';
import { MOST_PASSWORD } from './password-hash.ts';

/** A name and a password as the client meant them. */
export interface BasicCredentials {
  readonly login: string;
  readonly password: string;
}

export type Authorization =
  | { readonly scheme: 'basic'; readonly candidates: readonly BasicCredentials[] }
  | { readonly scheme: 'bearer'; readonly token: string };

const MOST_BASIC = 4096;
const MOST_BEARER = 16_384;

/**
 * What an Authorization header says, or `undefined` for one that says nothing readable. Basic gives one reading, or two
 * where the bytes may be UTF-8 as well as ISO-8859-1 (older Outlook sends the latter).
 */
export function parseAuthorization(header: string | undefined): Authorization | undefined {
  const [, scheme, value] =
    /^\s*(basic|bearer)\s+([A-Za-z0-9+/=_.~-]+)\s*$/i.exec(header?.slice(0, MOST_BEARER + 16) ?? '') ?? [];
  if (scheme === undefined || value === undefined) return undefined;
  if (scheme.toLowerCase() === 'bearer')
    return value.length > MOST_BEARER ? undefined : { scheme: 'bearer', token: value };
  if (value.length > MOST_BASIC || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(value)) return undefined;
  const candidates = readings(Buffer.from(value, 'base64')).flatMap(split);
  return candidates.length === 0 ? undefined : { scheme: 'basic', candidates };
}

function readings(bytes: Buffer): readonly string[] {
  const latin1 = bytes.toString('latin1');
  // ASCII reads the same in both.
  if (isAscii(bytes)) return [latin1];
  try {
    const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return utf8 === latin1 ? [utf8] : [utf8, latin1];
  } catch {
    return [latin1];
  }
}

/** A name holds no colon, a password may hold many (RFC 7617). */
function split(text: string): BasicCredentials[] {
  const colon = text.indexOf(':');
  const login = text.slice(0, colon);
  const password = text.slice(colon + 1);
  const sound = colon > 0 && password !== '' && password.length <= MOST_PASSWORD;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  return sound && !/[\u0000-\u001f\u007f]/.test(text) ? [{ login, password }] : [];
}
