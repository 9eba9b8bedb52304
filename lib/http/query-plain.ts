import { HttpFailure } from './failure.ts';
import type { EasQuery } from './types.ts';

/**
 * `Cmd=Sync&User=...&DeviceId=...&DeviceType=...` (MS-ASHTTP 2.2.1.1.1.2). Names in any case, the first of a repeated
 * one counts. A `+` stays a plus: clients write addresses such as `name+tag@host` unescaped.
 * @throws HttpFailure 400 for a value that holds control characters
 */
export function parsePlainQuery(raw: string): EasQuery {
  const values = new Map<string, string>();
  for (const pair of raw.split('&')) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const name = unescapeText(pair.slice(0, equals)).toLowerCase();
    if (!values.has(name)) values.set(name, unescapeText(pair.slice(equals + 1)));
  }
  return {
    command: values.get('cmd') ?? '',
    deviceId: values.get('deviceid') ?? '',
    deviceType: values.get('devicetype') ?? '',
    user: values.get('user') || undefined,
    encoding: 'plain',
    attachmentName: values.get('attachmentname') || undefined,
    collectionId: values.get('collectionid') || undefined,
    itemId: values.get('itemid') || undefined,
    longId: values.get('longid') || undefined,
    occurrence: values.get('occurrence') || undefined,
    saveInSent: values.get('saveinsent') === 'T',
  };
}

function unescapeText(text: string): string {
  const decoded = text.includes('%') ? percentDecode(text) : text;
  for (let at = 0; at < decoded.length; at++) {
    const code = decoded.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) throw new HttpFailure(400, 'control character in the query');
  }
  return decoded;
}

/** UTF-8, or Latin-1 where the octets are none: Windows Mobile escapes a user's name in its own code page. */
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}
