import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Throttled, ThrottleReason } from '../identity/types.ts';
import type { Clock } from '../ops/clock.ts';

/** What a device may ask for before it is shut out for a while. 0 switches a limit off. */
export interface ThrottleOptions {
  readonly commandsPerMinute: number;
  readonly syncsPerMinute: number;
  /** The very same request, so many times within `samePeriodMs`. */
  readonly sameCommands: number;
  readonly samePeriodMs: number;
  /** For repeating itself at most so long: see `blocked`. */
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

/**
 * Never counted as repeated, nor refused for what else was: Outlook, which at times asks the same thing each second for
 * hours, has mail to send meanwhile, and who is to be told of a policy must hear it.
 */
const SPARED: ReadonlySet<string> = new Set(['SendMail', 'SmartReply', 'SmartForward', 'Provision', 'Settings']);

/** Whether a device that is shut out for this may run the command all the same. */
export const isSpared = (reason: ThrottleReason, command: string): boolean =>
  reason === 'RecentCommands' && SPARED.has(command);

const MINUTE_MS = 60_000;
/** How long the first offence of repeating itself shuts a device out; each further one for twice as long. */
const FIRST_BLOCK_MS = 30_000;
/** After so long without another the next is a first one again: longer than the slowest loop takes to be one. */
const QUIET_MS = 30 * MINUTE_MS;
const MAX_DEVICES = 20_000;
/** Larger ones are messages: to hash them would cost more than they do. */
const MAX_HASHED = 64 * 1024;
/** Different requests remembered of one device. */
const MAX_REMEMBERED = 16;

/** One request that came again. */
export interface Repeats {
  count: number;
  readonly since: number;
  /** Status that it was answered the last time; why it is repeated, most likely. */
  said?: string;
}

export interface Counted {
  /** It was one too many. */
  readonly reason?: ThrottleReason;
  /** Where the caller notes what it answered. */
  readonly repeats?: Repeats;
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

  /**
   * How long a device is shut out, by what it was shut out for before: at once for the whole time where it asks too much,
   * but for half a minute where it repeats itself, since it gets its mail between. That doubles up to the whole time.
   */
  blocked(reason: ThrottleReason, before: Throttled | undefined): Throttled {
    const now = this.#clock.now();
    const { blockMs } = this.#options;
    if (reason !== 'RecentCommands') return { reason, until: now + blockMs };
    const again = before?.reason === reason && now - before.until < QUIET_MS;
    const times = again ? (before.times ?? 1) + 1 : 1;
    return { reason, until: now + Math.min(blockMs, FIRST_BLOCK_MS * 2 ** (times - 1)), times };
  }

  /** Counts one request, and says where it is one too many. `query` tells requests apart that have no body. */
  count(device: string, command: string, query: string, body: Uint8Array): Counted {
    const now = this.#clock.now();
    const seen = this.#seen.get(device) ?? { since: now, commands: 0, syncs: 0 };
    this.#seen.set(device, seen);
    if (now - seen.since >= MINUTE_MS) Object.assign(seen, { since: now, commands: 0, syncs: 0 });
    seen.commands++;
    if (command === 'Sync') seen.syncs++;
    const { commandsPerMinute, syncsPerMinute, sameCommands } = this.#options;
    let reason: ThrottleReason | undefined;
    const repeats = this.#repeated(seen, command, query, body, now);
    if (repeats && repeats.count > sameCommands) reason = 'RecentCommands';
    else if (syncsPerMinute > 0 && seen.syncs > syncsPerMinute) reason = 'SyncCommands';
    else if (commandsPerMinute > 0 && seen.commands > commandsPerMinute) reason = 'CommandFrequency';
    // After its time is over it begins anew.
    if (reason) this.#seen.delete(device);
    return { reason, repeats };
  }

  #repeated(seen: Seen, command: string, query: string, body: Uint8Array, now: number): Repeats | undefined {
    const { sameCommands, samePeriodMs } = this.#options;
    if (sameCommands === 0 || body.length > MAX_HASHED) return undefined;
    if (SPARED.has(command)) {
      seen.run = undefined;
      return undefined;
    }
    const digest = hash('sha1', Buffer.concat([Buffer.from(`${query}\0`), body]), 'base64');
    // A Ping or an empty Sync says the same for days: only a row of nothing else is a loop.
    if (command === 'Ping' || body.length === 0) {
      const same = seen.run?.digest === digest && now - seen.run.since < samePeriodMs ? seen.run : undefined;
      seen.run = { digest, since: same?.since ?? now, count: (same?.count ?? 0) + 1, said: same?.said };
      return seen.run;
    }
    seen.run = undefined;
    seen.repeats ??= new Map();
    const { repeats } = seen;
    const known = repeats.get(digest);
    const same: Repeats = known && now - known.since < samePeriodMs ? known : { count: 0, since: now };
    same.count++;
    repeats.delete(digest);
    repeats.set(digest, same);
    if (repeats.size > MAX_REMEMBERED) repeats.delete(repeats.keys().next().value!);
    return same;
  }
}
