import { createHash, randomBytes } from 'node:crypto';
import { encodeTime, monotonicFactory } from 'ulid';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A mailbox, which is also the account that owns it. */
export type MailboxId = Branded<'MailboxId'>;
/** A folder of one mailbox; what the protocol calls CollectionId. */
export type FolderId = Branded<'FolderId'>;
/** An item of one folder; `<FolderId>:<ItemId>` is the protocol's ServerId. */
export type ItemId = Branded<'ItemId'>;
/** The DeviceId of the query, lower-cased; 16 raw bytes arrive as 32 hex digits (MS-ASHTTP 2.2.1.1.1.1.1). */
export type DeviceId = Branded<'DeviceId'>;

/** ulid asks for sixteen fractions an id: one call of the system for each would cost more than all else that makes it. */
const POOL_BYTES = 4096;
let pool = randomBytes(POOL_BYTES);
let used = 0;

function fraction(): number {
  if (used + 4 > POOL_BYTES) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  used += 4;
  return pool.readUInt32BE(used - 4) / 0x1_0000_0000;
}

const next = monotonicFactory(fraction);

/** A new ULID: sorts by time, then by creation within this process. */
export function newId(now: number): string {
  return next(now);
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A ULID that is fixed by what it names: the time part from `receivedMs` (so a folder sorts by received date), the
 * 80 random bits from a hash of `key`. A delivery that is tried again arrives at the same id.
 */
export function ulidFor(receivedMs: number, key: string | Uint8Array): ItemId {
  const digest = createHash('sha256').update(key).digest();
  let bits = 0n;
  for (const byte of digest.subarray(0, 10)) bits = (bits << 8n) | BigInt(byte);
  let tail = '';
  for (let shift = 75n; shift >= 0n; shift -= 5n) tail += CROCKFORD[Number((bits >> shift) & 31n)];
  return (ulidTime(receivedMs) + tail) as ItemId;
}

/** The ten characters with which every ULID of this millisecond begins; dates outside 1970..10889 are clamped. */
export function ulidTime(ms: number): string {
  const whole = Number.isFinite(ms) ? Math.trunc(ms) : 0;
  return encodeTime(Math.min(Math.max(whole, 0), 281_474_976_710_655), 10);
}

/** A bit of the time that no date of mail has before the year 6429: it marks the ids of text messages. */
const SMS_MARK = 4;

/** The same id in a range of its own, apart from mail: what a device wants of each is a range of ids. */
export function smsId(id: ItemId): ItemId {
  return (String(SMS_MARK | Number(id[0])) + id.slice(1)) as ItemId;
}

/** The range of the ids of text messages: `from <= id < below`. */
export const SMS_IDS = { from: String(SMS_MARK), below: String(2 * SMS_MARK) } as const;

export const isSms = (id: string): boolean => id >= SMS_IDS.from && id < SMS_IDS.below;

/** The id without its mark: its first ten characters are a time again. */
export function unmarked(id: ItemId): ItemId {
  return isSms(id) ? ((String(Number(id[0]) & ~SMS_MARK) + id.slice(1)) as ItemId) : id;
}

/** Unpadded base64url of `bytes` random bytes. */
export function randomToken(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
