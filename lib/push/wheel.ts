import type { Cancel, Clock } from '../ops/clock.ts';

/** Ticks of the near wheel, a power of two; the far wheel turns one slot in this many ticks. */
const NEAR = 256;
const FAR = 1024;
/** From here on a late clock is one that was set back. */
const CLOCK_STEP_MS = 1000;

/** Something with a deadline. The links live in the object itself: a deadline costs no memory of its own. */
export abstract class Timed {
  /** The tick at which it fires; negative while it is in no wheel. */
  tick = -1;
  /** Links of the slot's list and the slot's number; only the wheel touches them. */
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;
  slot = -1;

  /** Runs once, out of the wheel; it may enter again. */
  abstract fire(tick: number): void;
}

/**
 * Deadlines by the ten thousand on one timer of the clock: two rings of lists, 256 ticks near and 1,024 x 256 far (with
 * ticks of 25 ms: 6.4 s and 109 minutes; later ones go round again). Entering and leaving cost O(1). The timer is armed
 * for the next slot that is not empty, so an idle wheel does not turn.
 */
export class Wheel {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #failed: (error: unknown) => void;
  /** Slots 0..255 are near, the others far. */
  readonly #slots: (Timed | undefined)[] = new Array(NEAR + FAR).fill(undefined);
  /** Epoch milliseconds of tick 0. */
  #start: number;
  /** All slots up to this tick have been run. */
  #done = 0;
  #size = 0;
  #armed = Number.POSITIVE_INFINITY;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, tickMs: number, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#failed = failed;
    this.#start = clock.now();
  }

  get size(): number {
    return this.#size;
  }

  /** The tick of this moment. It never goes back, also when the clock does. */
  now(): number {
    return Math.max(this.#done, Math.floor((this.#clock.now() - this.#start) / this.#tickMs));
  }

  /** The first tick that is at least `ms` away. */
  in(ms: number): number {
    const now = Math.max(this.#done * this.#tickMs, this.#clock.now() - this.#start);
    return Math.ceil((now + Math.max(0, ms)) / this.#tickMs);
  }

  /** Enters, or moves when it is in already. A tick that has passed fires at the next one. */
  set(entry: Timed, tick: number): void {
    if (entry.slot >= 0) {
      if (entry.tick === tick) return;
      this.clear(entry);
    }
    if (this.#size === 0) this.#done = this.now();
    entry.tick = tick;
    this.#link(entry, Math.max(tick, this.#done + 1));
    this.#size++;
    this.#arm(entry.slot < NEAR ? Math.max(tick, this.#done + 1) : this.#boundary(entry.slot));
  }

  /** Leaves; harmless when it is in no wheel. */
  clear(entry: Timed): void {
    if (entry.slot < 0) return;
    if (entry.before) entry.before.after = entry.after;
    else this.#slots[entry.slot] = entry.after;
    if (entry.after) entry.after.before = entry.before;
    entry.before = undefined;
    entry.after = undefined;
    entry.slot = -1;
    this.#size--;
  }

  /** Forgets everything and the timer. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#armed = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#slots.length; slot++) {
      for (let entry = this.#slots[slot]; entry; entry = this.#slots[slot]) this.clear(entry);
    }
  }

  #link(entry: Timed, tick: number): void {
    const turn = Math.floor(this.#done / NEAR);
    const slot =
      tick - this.#done < NEAR ? tick % NEAR : NEAR + (Math.min(Math.floor(tick / NEAR), turn + FAR - 1) % FAR);
    const head = this.#slots[slot];
    entry.slot = slot;
    entry.after = head;
    if (head) head.before = entry;
    this.#slots[slot] = entry;
  }

  /** The tick at which a far slot comes near. */
  #boundary(slot: number): number {
    const turn = Math.floor(this.#done / NEAR);
    const ahead = (slot - NEAR - (turn % FAR) + FAR) % FAR;
    return (turn + ahead) * NEAR;
  }

  #arm(tick: number): void {
    if (tick >= this.#armed) return;
    this.#cancel?.();
    this.#armed = tick;
    const ms = this.#start + tick * this.#tickMs - this.#clock.now();
    this.#cancel = this.#clock.after(Math.max(0, ms), () => this.#run());
  }

  #run(): void {
    const due = this.#armed;
    const behind = this.#start + due * this.#tickMs - this.#clock.now();
    this.#armed = Number.POSITIVE_INFINITY;
    // A timer that fired proves that its time has passed, so a clock that was set back moves the start. A few
    // milliseconds are the clock's rounding: wait for them, or the deadlines would drift.
    if (behind >= CLOCK_STEP_MS) this.#start -= behind;
    else if (behind > 0) {
      this.#arm(due);
      return;
    }
    const until = this.now();
    for (let tick = this.#next(); tick <= until; tick = this.#next()) {
      this.#done = tick;
      if (tick % NEAR === 0) this.#cascade(NEAR + ((tick / NEAR) % FAR));
      this.#fireSlot(tick);
    }
    this.#done = until;
    if (this.#size > 0) this.#arm(this.#next());
  }

  #fireSlot(tick: number): void {
    const slot = tick % NEAR;
    for (let entry = this.#slots[slot]; entry; entry = this.#slots[slot]) {
      this.clear(entry);
      try {
        entry.fire(tick);
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #cascade(slot: number): void {
    let entry = this.#slots[slot];
    this.#slots[slot] = undefined;
    while (entry) {
      const { after } = entry;
      entry.before = undefined;
      this.#link(entry, Math.max(entry.tick, this.#done));
      entry = after;
    }
  }

  /** The next tick with something to do: a near slot that is not empty, or a far one that comes near. */
  #next(): number {
    let near = Number.POSITIVE_INFINITY;
    for (let tick = this.#done + 1; tick < this.#done + NEAR; tick++) {
      if (this.#slots[tick % NEAR]) {
        near = tick;
        break;
      }
    }
    const turn = Math.floor(this.#done / NEAR);
    for (let ahead = 1; ahead < FAR && (turn + ahead) * NEAR < near; ahead++) {
      if (this.#slots[NEAR + ((turn + ahead) % FAR)]) return (turn + ahead) * NEAR;
    }
    return near;
  }
}
