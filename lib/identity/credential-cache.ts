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
}

export interface CredentialCacheOptions {
  readonly goodMs: number;
  readonly badMs: number;
  readonly max: number;
}

/** Credentials seen lately, under a keyed hash whose key lives as long as this process. Holds no secret. */
export class CredentialCache {
  readonly #key = randomBytes(32).toString('base64');
  readonly #clock: Clock;
  readonly #options: CredentialCacheOptions;
  readonly #known: LRUCache<string, Known & { readonly until: number }>;

  constructor(clock: Clock, options: CredentialCacheOptions) {
    for (const [name, value] of Object.entries(options)) {
      if (!(value > 0)) throw new RangeError(`${name} must be a number above 0`);
    }
    this.#clock = clock;
    this.#options = options;
    this.#known = new LRUCache({ max: options.max });
  }

  keyOf(login: string, password: string): string {
    // The length parts the two: `a` + `bc` is not `ab` + `c`. A hash behind a secret is enough where nobody sees it: an
    // HMAC costs five times as much, and every request takes one.
    return hash('sha256', `${this.#key}${login.length}:${login}${password}`, 'base64');
  }

  get(key: string): Known | undefined {
    const known = this.#known.get(key);
    if (!known || known.until > this.#clock.now()) return known;
    this.#known.delete(key);
    return undefined;
  }

  put(key: string, known: Known): void {
    const lifeMs = known.good ? this.#options.goodMs : this.#options.badMs;
    this.#known.set(key, { ...known, until: this.#clock.now() + lifeMs });
  }

  delete(key: string): void {
    this.#known.delete(key);
  }
}
