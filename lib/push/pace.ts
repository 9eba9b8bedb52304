import type { DeviceId, MailboxId } from '../ops/ids.ts';
import { Timed, type Wheel } from './wheel.ts';

/** How many of its requests a device may replace within a minute before the older ones' answers are slowed down. */
const REPLACEMENTS = 3;
const MINUTE_MS = 60_000;

/** The last second of a device: what it was told, and how often its requests ended each other. */
class DevicePace extends Timed {
  readonly key: string;
  readonly #expired: (pace: DevicePace) => void;
  /** When something was last told or merged; negative: never. */
  last = -1;
  /** When merging began; -1 while nothing is merged. */
  first = -1;
  replaced = 0;
  replacedSince = 0;

  constructor(key: string, expired: (pace: DevicePace) => void) {
    super();
    this.key = key;
    this.#expired = expired;
  }
  override fire(): void {
    this.#expired(this);
  }
}

export interface PaceOptions {
  readonly quietMs: number;
  readonly mergeMs: number;
  readonly quarrelMs: number;
}

/**
 * Bursts, by device: the first addition is told at once, those that follow are merged until there is quiet, so that a
 * hundred messages give a few Pings. Devices that were quiet are forgotten.
 */
export class Paces {
  readonly #wheel: Wheel;
  readonly #quiet: number;
  readonly #merge: number;
  readonly #quarrel: number;
  readonly #minute: number;
  readonly #devices = new Map<string, DevicePace>();
  readonly #expire = (pace: DevicePace) => this.#expired(pace);

  constructor(wheel: Wheel, tickMs: number, options: PaceOptions) {
    this.#wheel = wheel;
    this.#quiet = Math.ceil(options.quietMs / tickMs);
    this.#merge = Math.ceil(options.mergeMs / tickMs);
    this.#quarrel = Math.ceil(options.quarrelMs / tickMs);
    this.#minute = Math.ceil(MINUTE_MS / tickMs);
  }

  /** Devices remembered. */
  get size(): number {
    return this.#devices.size;
  }

  /** The tick at which additions found at `now` are told; `now` itself when the device was quiet before. */
  newsAt(mailbox: MailboxId, device: DeviceId, now: number): number {
    const pace = this.#of(mailbox, device, now);
    const quiet = pace.last < 0 || now - pace.last > this.#quiet;
    pace.last = now;
    if (quiet && pace.first < 0) return now;
    if (pace.first < 0) pace.first = now;
    return Math.min(now + this.#quiet, pace.first + this.#merge);
  }

  /** They were told: what comes now begins a new merge. */
  told(mailbox: MailboxId, device: DeviceId, now: number): void {
    const pace = this.#of(mailbox, device, now);
    pace.last = now;
    pace.first = -1;
  }

  /**
   * When a request that a newer one replaced is answered: `now`, unless the device does it all the time. Gmail runs two
   * Ping loops at once, each of which would end the other for ever.
   */
  replacedAt(mailbox: MailboxId, device: DeviceId, now: number): number {
    const pace = this.#of(mailbox, device, now);
    if (pace.replaced === 0 || now - pace.replacedSince > this.#minute) {
      pace.replaced = 0;
      pace.replacedSince = now;
    }
    pace.replaced++;
    return pace.replaced > REPLACEMENTS ? now + this.#quarrel : now;
  }

  #of(mailbox: MailboxId, device: DeviceId, now: number): DevicePace {
    const key = `${mailbox}\n${device}`;
    let pace = this.#devices.get(key);
    if (!pace) {
      pace = new DevicePace(key, this.#expire);
      this.#devices.set(key, pace);
      this.#wheel.set(pace, now + this.#merge + this.#quiet);
    }
    return pace;
  }

  #expired(pace: DevicePace): void {
    const now = this.#wheel.now();
    const quarrelUntil = pace.replaced > 0 ? pace.replacedSince + this.#minute : 0;
    const busyUntil = pace.last < 0 ? 0 : pace.last + this.#merge + this.#quiet;
    const until = Math.max(quarrelUntil, busyUntil);
    if (now >= until) this.#devices.delete(pace.key);
    else this.#wheel.set(pace, until);
  }
}
