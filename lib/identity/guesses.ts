import { LRUCache } from 'lru-cache';
import type { Clock } from '../ops/clock.ts';
import type { Guard, Place } from './fair-queue.ts';
import type { Lockout } from './lockout.ts';

/** How a check ended; `unknown`: nobody could say whether the password is right. */
export type Outcome = 'right' | 'wrong' | 'unknown';

const REGULAR_MS = 24 * 60 * 60_000;
const MOST_REGULARS = 10_000;

/** Who guesses: failures of an account from a source and of the source in all, and what is being checked now. */
export class Guesses implements Guard {
  readonly #clock: Clock;
  readonly #perAccount: Lockout;
  readonly #perSource: Lockout;
  readonly #running = new Map<string, number>();
  /** Sources of the latest right logins, and when. */
  readonly #regulars = new LRUCache<string, number>({ max: MOST_REGULARS });

  constructor(clock: Clock, perAccount: Lockout, perSource: Lockout) {
    this.#clock = clock;
    this.#perAccount = perAccount;
    this.#perSource = perSource;
  }

  wait({ source, account }: Place): number {
    return Math.max(this.#perSource.wait(source), this.#perAccount.wait(pairOf(source, account)));
  }

  isSourceLocked(source: string): boolean {
    return this.#perSource.wait(source) > 0;
  }

  sourceMay(source: string): boolean {
    return this.#perSource.allows(source, this.#running.get(source) ?? 0);
  }

  accountMay({ source, account }: Place): boolean {
    const pair = pairOf(source, account);
    return this.#perAccount.allows(pair, this.#running.get(pair) ?? 0);
  }

  isRegular(source: string): boolean {
    const last = this.#regulars.get(source);
    return last !== undefined && this.#clock.now() - last < REGULAR_MS;
  }

  /** Somebody there has logged in rightly. */
  regular(source: string): void {
    this.#regulars.set(source, this.#clock.now());
  }

  began({ source, account }: Place): void {
    this.#count(source, 1);
    this.#count(pairOf(source, account), 1);
  }

  ended({ source, account }: Place, outcome: Outcome): void {
    const pair = pairOf(source, account);
    this.#count(source, -1);
    this.#count(pair, -1);
    if (outcome === 'right') {
      this.#perAccount.clear(pair);
      this.regular(source);
    } else if (outcome === 'wrong') {
      this.#perAccount.fail(pair);
      this.#perSource.fail(source);
      if (this.isSourceLocked(source)) this.#regulars.delete(source);
    }
  }

  #count(key: string, by: 1 | -1): void {
    const running = (this.#running.get(key) ?? 0) + by;
    if (running > 0) this.#running.set(key, running);
    else this.#running.delete(key);
  }
}

/** A source has no space in it, so that no pair is a source or another pair. */
const pairOf = (source: string, account: string) => `${source} ${account}`;
