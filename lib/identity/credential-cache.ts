import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../ops/clock.ts';
import type { MailboxId } from '../ops/ids.ts';

/** What is known of one credential. Worthless once the account has another `credentialVersion`. */
export interface Known {
  readonly account: MailboxId;
  readonly credentialVersion: number;
  /** `false`: it was tried and is wrong. A phone with an old password asks again for days; that is one guess, not many. */
  readonly good: boolean;
  /** The account's own password, which may expire. */
  readonly own?: boolean;
  /** Another system said so, and may say otherwise without the account changing here. */
  readonly outside?: boolean;
}

export interface CredentialCacheOptions {
  /** What ends with the account's version is believed so long at most, three quarters of it at least. */
  readonly goodMs: number;
  readonly outsideMs: number;
  readonly badMs: number;
  /** Right ones remembered. */
  readonly max: number;
  /** Wrong ones, apart: guesses push no right password out. */
  readonly maxBad: number;
}

type Kept = Known & { readonly until: number };

/** Credentials seen lately, under a keyed hash whose key lives as long as this process. Holds no secret. */
export class CredentialCache {
  readonly #key = randomBytes(32).toString('base64');
  readonly #clock: Clock;
  readonly #options: CredentialCacheOptions;
  readonly #good: LRUCache<string, Kept>;
  readonly #bad: LRUCache<string, Kept>;

  constructor(clock: Clock, options: CredentialCacheOptions) {
    for (const [name, value] of Object.entries(options)) {
      if (!(value > 0)) throw new RangeError(`${name} must be a number above 0`);
    }
    this.#clock = clock;
    this.#options = options;
    this.#good = new LRUCache({ max: options.max });
    this.#bad = new LRUCache({ max: options.maxBad });
  }

  keyOf(login: string, password: string): string {
    // The length parts the two: `a` + `bc` is not `ab` + `c`. A hash behind a secret is enough where nobody sees it: an
    // HMAC costs five times as much, and every request takes one.
    return hash('sha256', `${this.#key}${login.length}:${login}${password}`, 'base64');
  }

  get(key: string): Known | undefined {
    const known = this.#good.get(key) ?? this.#bad.get(key);
    if (!known || known.until > this.#clock.now()) return known;
    this.delete(key);
    return undefined;
  }

  put(key: string, known: Known): void {
    this.delete(key);
    const cache = known.good ? this.#good : this.#bad;
    cache.set(key, { ...known, until: this.#clock.now() + this.#lifeMs(key, known) });
  }

  delete(key: string): void {
    this.#good.delete(key);
    this.#bad.delete(key);
  }

  #lifeMs(key: string, { good, outside }: Known): number {
    const { goodMs, outsideMs, badMs } = this.#options;
    if (!good) return badMs;
    // Those who came all at once after a restart are not asked again all at once.
    return outside ? outsideMs : goodMs * (1 - shareOf(key) / 4);
  }
}

/** A number from 0 to 1 that goes with the key. */
const shareOf = (key: string) => Buffer.from(key.slice(0, 4), 'base64').readUInt16BE(0) / 0x1_0000;
