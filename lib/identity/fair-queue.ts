/** In whose line somebody waits: `account` is a line within that of `source`. */
export interface Place {
  readonly source: string;
  readonly account: string;
}

/** Says who may have a turn. Asked each time anew: what one turn shows decides on the next. */
export interface Guard {
  /** Milliseconds for which nobody at this place gets a turn. */
  wait(place: Place): number;
  isSourceLocked(source: string): boolean;
  /** `false` of what is not locked: not before one that runs has ended. */
  sourceMay(source: string): boolean;
  accountMay(place: Place): boolean;
  /** Goes before strangers. */
  isRegular(source: string): boolean;
  began(place: Place): void;
}

/**
 * `go`: the work is done now, and `leave` said afterwards. `full`: there was no room left to wait in. `locked`: the guard
 * shut the place. `gone`: whoever waited has left.
 */
export type Turn = 'go' | 'full' | 'locked' | 'gone';

export interface Ticket {
  readonly turn: Promise<Turn>;
  /** Gives up the place in the line. Nothing is given up once the turn has come. */
  cancel(): void;
}

export interface FairQueueOptions {
  /** Turns at once. */
  readonly concurrency: number;
  /** How many may wait. */
  readonly waiting: number;
}

type Waiter = (turn: Turn) => void;

interface Line {
  readonly source: string;
  /** By account, the one whose turn is next first. */
  readonly accounts: Map<string, Set<Waiter>>;
  size: number;
}

/** Of so many turns one is a stranger's, however many regulars wait. */
const STRANGERS_SHARE = 4;

/**
 * Turns, given round-robin: by source, within a source by account, within an account in the order of arrival. However
 * long the line of one is, another waits for one turn of each. Who finds no room in the queue takes that of the last in
 * the longest line, unless it is its own.
 */
export class FairQueue {
  readonly #options: FairQueueOptions;
  readonly #guard: Guard;
  /** Lines with somebody in them, the one whose turn is next first. */
  readonly #regulars = new Map<string, Line>();
  readonly #strangers = new Map<string, Line>();
  #waiting = 0;
  #running = 0;
  #turns = 0;

  /** @throws RangeError */
  constructor(options: FairQueueOptions, guard: Guard) {
    const { concurrency, waiting } = options;
    if (!(Number.isSafeInteger(concurrency) && concurrency >= 1) || !(Number.isSafeInteger(waiting) && waiting >= 0)) {
      throw new RangeError('concurrency is a whole number of at least 1, waiting one of at least 0');
    }
    this.#options = options;
    this.#guard = guard;
  }

  get waiting(): number {
    return this.#waiting;
  }

  ask(place: Place): Ticket {
    if (this.#guard.wait(place) > 0) return settled('locked');
    // Whoever could go went when the last turn ended, so nobody is overtaken.
    if (this.#running < this.#options.concurrency && this.#mayGo(place)) {
      this.#begin(place);
      return settled('go');
    }
    if (this.#waiting >= this.#options.waiting && !this.#makeRoom(place.source)) return settled('full');
    const { promise, resolve } = Promise.withResolvers<Turn>();
    this.#enqueue(place, resolve);
    return { turn: promise, cancel: () => this.#remove(place, resolve) && resolve('gone') };
  }

  /** The turn is over. `review` follows, once the guard knows its outcome. */
  leave(): void {
    this.#running--;
  }

  /** A turn at this place has ended, here or in another queue with the same guard. */
  review(place: Place): void {
    const { source } = place;
    const line = this.#lineOf(source);
    if (line && this.#guard.isSourceLocked(source)) {
      for (const account of [...line.accounts.keys()]) this.#lock({ source, account });
    } else if (line && this.#guard.wait(place) > 0) {
      this.#lock(place);
    } else if (line && this.#strangers.has(source) && this.#guard.isRegular(source)) {
      this.#strangers.delete(source);
      this.#regulars.set(source, line);
    }
    while (this.#running < this.#options.concurrency && this.#next()) {}
  }

  #mayGo(place: Place): boolean {
    return this.#guard.sourceMay(place.source) && this.#guard.accountMay(place);
  }

  #begin(place: Place): void {
    this.#running++;
    this.#turns++;
    this.#guard.began(place);
  }

  /** Gives one turn. Lines that must wait for a turn of their own are few: each of them has one that runs. */
  #next(): boolean {
    const last = this.#turns % STRANGERS_SHARE === STRANGERS_SHARE - 1;
    const [first, second] = last ? [this.#strangers, this.#regulars] : [this.#regulars, this.#strangers];
    return this.#nextOf(first) || this.#nextOf(second);
  }

  #nextOf(lines: Map<string, Line>): boolean {
    for (const line of lines.values()) {
      const { source, accounts } = line;
      if (!this.#guard.sourceMay(source)) continue;
      for (const [account, waiters] of accounts) {
        const place = { source, account };
        if (!this.#guard.accountMay(place)) continue;
        const [waiter] = waiters;
        this.#remove(place, waiter!);
        // Behind the others.
        if (accounts.delete(account) && waiters.size > 0) accounts.set(account, waiters);
        if (lines.delete(source) && line.size > 0) lines.set(source, line);
        this.#begin(place);
        waiter!('go');
        return true;
      }
    }
    return false;
  }

  #lineOf(source: string): Line | undefined {
    return this.#regulars.get(source) ?? this.#strangers.get(source);
  }

  #enqueue({ source, account }: Place, waiter: Waiter): void {
    let line = this.#lineOf(source);
    if (!line) {
      line = { source, accounts: new Map(), size: 0 };
      (this.#guard.isRegular(source) ? this.#regulars : this.#strangers).set(source, line);
    }
    const waiters = line.accounts.get(account) ?? new Set();
    line.accounts.set(account, waiters.add(waiter));
    line.size++;
    this.#waiting++;
  }

  /** `false`: is not there any more. */
  #remove({ source, account }: Place, waiter: Waiter): boolean {
    const line = this.#lineOf(source);
    const waiters = line?.accounts.get(account);
    if (!line || !waiters?.delete(waiter)) return false;
    this.#waiting--;
    if (waiters.size === 0) line.accounts.delete(account);
    if (--line.size === 0) {
      this.#regulars.delete(source);
      this.#strangers.delete(source);
    }
    return true;
  }

  #lock(place: Place): void {
    for (const waiter of this.#lineOf(place.source)?.accounts.get(place.account) ?? []) {
      this.#remove(place, waiter);
      waiter('locked');
    }
  }

  /** Sends the last of the longest line away, for one of this source. */
  #makeRoom(source: string): boolean {
    const victim = this.#victim(source);
    if (!victim) return false;
    const [account, waiters] = [...victim.accounts].reduce((most, each) => (each[1].size > most[1].size ? each : most));
    const waiter = [...waiters].at(-1)!;
    this.#remove({ source: victim.source, account }, waiter);
    waiter('full');
    return true;
  }

  /** Any stranger gives way to a regular; otherwise only a line that is still no shorter afterwards than that of `source`. */
  #victim(source: string): Line | undefined {
    const stranger = longest(this.#strangers.values());
    if (stranger && this.#guard.isRegular(source)) return stranger;
    const regular = longest(this.#regulars.values());
    const line = stranger && stranger.size >= (regular?.size ?? 0) ? stranger : regular;
    const own = this.#lineOf(source)?.size ?? 0;
    return line && line.size > own + 1 ? line : undefined;
  }
}

const settled = (turn: Turn): Ticket => ({ turn: Promise.resolve(turn), cancel() {} });

function longest(lines: Iterable<Line>): Line | undefined {
  let most: Line | undefined;
  for (const line of lines) if (!most || line.size > most.size) most = line;
  return most;
}
