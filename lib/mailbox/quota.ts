import { LRUCache } from 'lru-cache';
import type { Clock } from '../ops/clock.ts';
import type { MailboxId } from '../ops/ids.ts';
import type { Table } from '../store/ports.ts';
import { keys } from '../store/schema.ts';

/** How much a mailbox may hold; absent is without limit. */
export interface Quota {
  /** Bytes of all items as they came, Deleted Items included. */
  readonly bytes?: number;
  readonly items?: number;
  /** Items of one folder. */
  readonly folderItems?: number;
  /** Bytes of one item. */
  readonly itemBytes?: number;
}
export const QUOTA_LIMITS = ['bytes', 'items', 'folderItems', 'itemBytes'] as const;
export type QuotaLimit = (typeof QUOTA_LIMITS)[number];

export interface Usage {
  readonly bytes: number;
  readonly items: number;
  /** What applies: the mailbox's own limits over the server's. */
  readonly quota: Quota;
}

/** There is no room for what was to be added; nothing was written. `itemBytes`: nor will there ever be. */
export class QuotaExceeded extends Error {
  override readonly name = 'QuotaExceeded';
  readonly limit: QuotaLimit;
  constructor(limit: QuotaLimit) {
    super(`the mailbox may not hold that much: ${limit}`);
    this.limit = limit;
  }
}

/** @throws RangeError for what is no limit; 0 is: nothing may be added */
export function checkedQuota(quota: Quota): Quota {
  const limits: { [Limit in QuotaLimit]?: number } = {};
  for (const name of QUOTA_LIMITS) {
    const value = quota[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`quota ${name} must be a whole number`);
    limits[name] = value;
  }
  return limits;
}

/** What is added, and where. */
export interface Addition {
  readonly items: number;
  readonly bytes: number;
  /** The largest of them. */
  readonly largest: number;
}

/** @throws QuotaExceeded */
export function checkFolder({ folderItems, itemBytes }: Quota, count: number, addition: Addition): void {
  if (itemBytes !== undefined && addition.largest > itemBytes) throw new QuotaExceeded('itemBytes');
  if (folderItems !== undefined && count + addition.items > folderItems) throw new QuotaExceeded('folderItems');
}

/** @throws QuotaExceeded */
export function checkMailbox({ bytes, items }: Quota, used: Pick<Usage, 'bytes' | 'items'>, addition: Addition): void {
  if (bytes !== undefined && used.bytes + addition.bytes > bytes) throw new QuotaExceeded('bytes');
  if (items !== undefined && used.items + addition.items > items) throw new QuotaExceeded('items');
}

export const limitsMailbox = ({ bytes, items }: Quota): boolean => bytes !== undefined || items !== undefined;

/** Less than this left, and less than a fifth of the limit: more than comes while one addition is being written. */
const NEAR = { bytes: 256 * 1024 * 1024, items: 1000, share: 0.2 } as const;

/** Whether additions at once could break a limit together that each of them alone keeps. */
export function isNear({ bytes, items }: Quota, used: Pick<Usage, 'bytes' | 'items'>): boolean {
  const near = (limit: number | undefined, value: number, least: number) =>
    limit !== undefined && limit - value < Math.max(least, NEAR.share * limit);
  return near(bytes, used.bytes, NEAR.bytes) || near(items, used.items, NEAR.items);
}

/** How full: 0 to 1 and above, by whichever limit is nearer. */
export function fullness({ bytes, items }: Quota, used: Pick<Usage, 'bytes' | 'items'>): number {
  const share = (limit: number | undefined, value: number) => (limit ? value / limit : 0);
  return Math.max(share(bytes, used.bytes), share(items, used.items));
}

/** The user is told from here on, and may be told again once it was less than that. */
export const WARN_FROM = 0.9;
export const WARN_AGAIN_BELOW = 0.8;

const FRESH_MS = 60_000;

/** Where the limits of a mailbox come from that was opened without its account. */
export type QuotaOf = (mailbox: MailboxId) => Promise<Quota | undefined>;

/**
 * What applies to the mailboxes that this process writes. Whoever opens a mailbox has mostly read its account just
 * before, and its limits with it: then nothing is read here. Otherwise once a minute.
 */
export class QuotaBook {
  readonly #table: Pick<Table, 'get'>;
  readonly #clock: Clock;
  readonly #defaults: Quota;
  readonly #quotaOf: QuotaOf;
  readonly #own = new LRUCache<MailboxId, { readonly quota?: Quota; readonly at: number }>({ max: 20_000 });
  readonly #warned = new LRUCache<MailboxId, { readonly warned: boolean; readonly at: number }>({ max: 20_000 });

  constructor(table: Pick<Table, 'get'>, clock: Clock, defaults: Quota = {}, quotaOf: QuotaOf = async () => undefined) {
    this.#table = table;
    this.#clock = clock;
    this.#defaults = checkedQuota(defaults);
    this.#quotaOf = quotaOf;
  }

  /** The mailbox's own limits over those of the server. */
  async limits(mailbox: MailboxId, account: QuotaHolder | undefined): Promise<Quota> {
    return { ...this.#defaults, ...(account ? account.quota : await this.#ask(mailbox)) };
  }

  async #ask(mailbox: MailboxId): Promise<Quota | undefined> {
    const at = this.#clock.now();
    const known = this.#own.get(mailbox);
    if (known && at - known.at < FRESH_MS) return known.quota;
    const quota = await this.#quotaOf(mailbox);
    this.#own.set(mailbox, { quota, at });
    return quota;
  }

  /** Whether the user has been told that the mailbox is nearly full. Asked only where there is a limit. */
  async warned(mailbox: MailboxId): Promise<boolean> {
    const at = this.#clock.now();
    const known = this.#warned.get(mailbox);
    if (known && at - known.at < FRESH_MS) return known.warned;
    const warned = (await this.#table.get(keys.quotaWarned(mailbox), 'strong')) !== undefined;
    this.#warned.set(mailbox, { warned, at });
    return warned;
  }

  setWarned(mailbox: MailboxId, warned: boolean): void {
    this.#warned.set(mailbox, { warned, at: this.#clock.now() });
  }
}

/** An account, as far as it says what its mailbox may hold. */
export interface QuotaHolder {
  readonly quota?: Quota;
}

/**
 * Bytes that an item counts for: those of its message, or of its properties where it never was a message. It depends on
 * nothing but the content, so that what a removal gives back is what the addition took.
 */
export function itemBytes(content: unknown): number {
  const size = (content as { readonly mime?: { readonly size?: unknown } }).mime?.size;
  return typeof size === 'number' ? size : weight(content);
}

function weight(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + weight(one), 0);
  if (typeof value === 'object' && value !== null) {
    let sum = 0;
    for (const [name, one] of Object.entries(value)) if (one !== undefined) sum += name.length + weight(one);
    return sum;
  }
  return 8;
}
