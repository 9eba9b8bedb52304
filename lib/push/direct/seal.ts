import { createHmac, timingSafeEqual } from 'node:crypto';

/** Header with the time of sending (epoch milliseconds) and the seal over time, task and body. */
export const SEAL_HEADER = 'x-direct-push-seal';
/** A message that was caught on the way is worth nothing after this. */
export const SEAL_MS = 60_000;

/** HMAC-SHA-256 under the key that only the task and those who may read its row know. */
export function seal(key: string, task: string, body: Uint8Array, at: number): string {
  return `${at}.${mac(key, task, body, at)}`;
}

export function isSealed(given: unknown, key: string, task: string, body: Uint8Array, now: number): boolean {
  if (typeof given !== 'string') return false;
  const [, time = '', sealed = ''] = /^(\d{1,15})\.([\w-]{43})$/.exec(given) ?? [];
  const at = Number(time);
  if (sealed === '' || Math.abs(now - at) > SEAL_MS) return false;
  return timingSafeEqual(Buffer.from(sealed), Buffer.from(mac(key, task, body, at)));
}

function mac(key: string, task: string, body: Uint8Array, at: number): string {
  return createHmac('sha256', key).update(`${at}\n${task}\n`).update(body).digest('base64url');
}
