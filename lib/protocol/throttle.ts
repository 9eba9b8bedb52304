import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ThrottleReason } from '../identity/types.ts';
import type { Clock } from '../ops/clock.ts';

/** What a device may ask for before it is shut out for a while. 0 switches a limit off. */
export interface ThrottleOptions {
  readonly commandsPerMinute: number;
  readonly syncsPerMinute: number;
  /** The very same request, so many times within `samePeriodMs`. */
  readonly sameCommands: number;
  readonly samePeriodMs: number;
  readonly blockMs: number;
}

/**
 * No phone comes near: a first synchronisation over a fast network is some ten requests in a second. A client that asks
 * the same thing a hundred times in ten minutes does not listen to the answers.
 */
export const THROTTLE: ThrottleOptions = {
  commandsPerMinute: 3000,
  syncsPerMinute: 1800,
  sameCommands: 100,
  samePeriodMs: 600_000,
  blockMs: 600_000,
};

/** Label of what is refused to such a device, before the reason: trouble of the device, none of the server. */
export const THROTTLED = 'throttled-';

const MINUTE_MS = 60_000;
const MAX_DEVICES = 20_000;
/** Larger ones are messages: to hash them would cost more than they do. */
const MAX_HASHED = 64 * 1024;
/** Different requests remembered of one device. */
const MAX_REMEMBERED = 16;

interface Repeats {
  count: number;
  readonly since: number;
}

interface Seen {
  since: number;
  commands: number;
  syncs: number;
  /** Absent for a device that only Pings, as nearly all do nearly always. */
  repeats?: Map<string, Repeats>;
  /** The last request that may well be repeated, and how often it came without another between. */
  run?: Repeats & { readonly digest: string };
}

/** @throws RangeError for a NaN, a fraction or a negative number: no limit is switched off by accident */
export function throttleOptions(given: Partial<ThrottleOptions> = {}): ThrottleOptions {
  const options = { ...THROTTLE, ...given };
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`throttle ${name} must be a whole number`);
  }
  return options;
}

/** Counts what devices ask for. In the memory of this process: what it finds is kept with the device, and holds everywhere. */
export class Throttle {
  readonly #clock: Clock;
  readonly #options: ThrottleOptions;
  readonly #seen = new LRUCache<string, Seen>({ max: MAX_DEVICES });

  constructor(clock: Clock, given?: Partial<ThrottleOptions>) {
    this.#clock = clock;
    this.#options = throttleOptions(given);
  }

  get blockMs(): number {
    return this.#options.blockMs;
  }

  /** Counts one request; the reason where it is one too many. `query` tells requests apart that have no body. */
  count(device: string, command: string, query: string, body: Uint8Array): ThrottleReason | undefined {
    const now = this.#clock.now();
    const seen = this.#seen.get(device) ?? { since: now, commands: 0, syncs: 0 };
    this.#seen.set(device, seen);
    if (now - seen.since >= MINUTE_MS) Object.assign(seen, { since: now, commands: 0, syncs: 0 });
    seen.commands++;
    if (command === 'Sync') seen.syncs++;
    const { commandsPerMinute, syncsPerMinute } = this.#options;
    let reason: ThrottleReason | undefined;
    if (this.#isRepeated(seen, command, query, body, now)) reason = 'RecentCommands';
    else if (syncsPerMinute > 0 && seen.syncs > syncsPerMinute) reason = 'SyncCommands';
    else if (commandsPerMinute > 0 && seen.commands > commandsPerMinute) reason = 'CommandFrequency';
    // After its time is over it begins anew.
    if (reason) this.#seen.delete(device);
    return reason;
  }

  #isRepeated(seen: Seen, command: string, query: string, body: Uint8Array, now: number): boolean {
    const { sameCommands, samePeriodMs } = this.#options;
    if (sameCommands === 0 || body.length > MAX_HASHED) return false;
    const digest = hash('sha1', Buffer.concat([Buffer.from(`${query}\0`), body]), 'base64');
    // A Ping or an empty Sync says the same for days: only a row of nothing else is a loop.
    if (command === 'Ping' || body.length === 0) {
      const same = seen.run?.digest === digest && now - seen.run.since < samePeriodMs ? seen.run : undefined;
      seen.run = { digest, since: same?.since ?? now, count: (same?.count ?? 0) + 1 };
      return seen.run.count > sameCommands;
    }
    seen.run = undefined;
    seen.repeats ??= new Map();
    const { repeats } = seen;
    const known = repeats.get(digest);
    const same = known && now - known.since < samePeriodMs ? known : { count: 0, since: now };
    same.count++;
    repeats.delete(digest);
    repeats.set(digest, same);
    if (repeats.size > MAX_REMEMBERED) repeats.delete(repeats.keys().next().value!);
    return same.count > sameCommands;
  }
}
