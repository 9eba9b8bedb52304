import { LRUCache } from 'lru-cache';
import type { Clock } from '../ops/clock.ts';

export interface LockoutOptions {
  /** Failures that cost nothing: people mistype. */
  readonly free: number;
  /** How long the first one after that shuts the door; doubled by each further one. */
  readonly firstMs: number;
  readonly mostMs: number;
  /** So long after the last failure all is forgotten. */
  readonly forgetMs: number;
  /** Keys remembered; the least recently used is forgotten first. */
  readonly max: number;
}

interface Score {
  readonly failures: number;
  readonly last: number;
  readonly lockedUntil: number;
}

/** Counts failures by key and says how long a key must wait. In memory: each process learns by itself. */
export class Lockout {
  readonly #clock: Clock;
  readonly #options: LockoutOptions;
  readonly #scores: LRUCache<string, Score>;

  constructor(clock: Clock, options: LockoutOptions) {
    for (const [name, value] of Object.entries(options)) {
      if (!(value >= 0)) throw new RangeError(`${name} must be a number of at least 0`);
    }
    this.#clock = clock;
    this.#options = options;
    this.#scores = new LRUCache({ max: Math.max(1, options.max) });
  }

  /** Milliseconds until the key may try again; 0: now. */
  wait(key: string): number {
    const score = this.#current(key);
    return score ? Math.max(0, score.lockedUntil - this.#clock.now()) : 0;
  }

  /**
   * Whether one more may try while `running` others are at it: were all of them wrong, the lock would come with the last.
   * Beyond what is free they go one after another, so that guesses made at the same time are no more than guesses made
   * in turn; nothing is counted before its outcome is known.
   */
  allows(key: string, running: number): boolean {
    if (this.wait(key) > 0) return false;
    return running === 0 || (this.#current(key)?.failures ?? 0) + running <= this.#options.free;
  }

  fail(key: string): void {
    const { free, firstMs, mostMs } = this.#options;
    const now = this.#clock.now();
    const failures = (this.#current(key)?.failures ?? 0) + 1;
    const over = failures - free;
    const lockMs = over > 0 ? Math.min(mostMs, firstMs * 2 ** Math.min(over - 1, 40)) : 0;
    this.#scores.set(key, { failures, last: now, lockedUntil: now + lockMs });
  }

  clear(key: string): void {
    this.#scores.delete(key);
  }

  #current(key: string): Score | undefined {
    const score = this.#scores.get(key);
    if (!score || this.#clock.now() - score.last < this.#options.forgetMs) return score;
    this.#scores.delete(key);
    return undefined;
  }
}

/** The peer as one counts it: an IPv6 peer owns its /64, an IPv4 one written as IPv6 is still that one. */
export function sourceKey(source: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(source);
  if (mapped) return mapped[1]!;
  if (!source.includes(':')) return source;
  const [head = '', tail] = source.toLowerCase().split('%')[0]!.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const gap = tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = [...left, ...gap, ...right].map((group) => group.replace(/^0+(?=.)/, ''));
  return `${groups.slice(0, 4).join(':')}::/64`;
}
