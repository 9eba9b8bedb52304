import type { Cancel, Clock } from '../../ops/clock.ts';
import { errorFields, type Log } from '../../ops/log.ts';
import { limit } from '../../store/limits.ts';
import { unpackMessage } from '../task-message.ts';
import type { TaskMessage } from '../types.ts';

/** A connection that is open. */
export interface Wire {
  /** Called for each message; for the end of the connection, once, whoever ended it. */
  listen(on: { readonly message: (text: string) => void; readonly pong: () => void; readonly close: () => void }): void;
  /** Says something, so that the connection does not count as idle, and asks for a pong. */
  ping(): void;
  close(): void;
}

/** All times in milliseconds. */
export interface TaskSocketOptions {
  /** A connection is swapped before it is this old. API Gateway ends it at two hours. */
  readonly swapMs: number;
  /** Both connections are listened to for this long: a sender may still hold the old one's id. */
  readonly overlapMs: number;
  /** A connection is silent for at most this long. API Gateway ends it after ten minutes. */
  readonly pingMs: number;
  /** An answer to a ping that is later than this means that the connection is dead. */
  readonly pongMs: number;
  /** Between failed attempts to connect, at first and at most. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
}

export const SOCKET_DEFAULTS: TaskSocketOptions = {
  swapMs: 110 * 60_000,
  overlapMs: 10_000,
  pingMs: 300_000,
  pongMs: 30_000,
  retryMs: 500,
  maxRetryMs: 30_000,
};

export interface TaskSocketDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Opens a connection that is registered as this task's when it resolves. */
  readonly dial: () => Promise<Wire>;
  readonly receive: (message: TaskMessage) => void;
  /** There was a time without a connection: wakes may be lost. */
  readonly recheck: () => void;
  readonly options?: Partial<TaskSocketOptions>;
  readonly random?: () => number;
}

/** The connection by which a task hears wakes: kept, swapped before its end, and made again when it is lost. */
export class TaskSocket {
  readonly #deps: TaskSocketDeps;
  readonly #options: TaskSocketOptions;
  readonly #random: () => number;
  #line: Line | undefined;
  readonly #old = new Set<Line>();
  #dialling = false;
  #failures = 0;
  #everConnected = false;
  #stopped = false;
  #retry: Cancel = () => {};

  /** @throws RangeError for a time that cannot be */
  constructor(deps: TaskSocketDeps) {
    this.#deps = deps;
    this.#options = { ...SOCKET_DEFAULTS, ...deps.options };
    for (const [name, ms] of Object.entries(this.#options)) limit(name, ms, 1, 7_200_000);
    this.#random = deps.random ?? Math.random;
  }

  get connected(): boolean {
    return this.#line !== undefined;
  }

  /** Resolves after the first attempt; later ones go on by themselves. */
  start(): Promise<void> {
    return this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#retry();
    this.#line?.end();
    for (const line of this.#old) line.end();
    this.#line = undefined;
    this.#old.clear();
  }

  async #connect(): Promise<void> {
    if (this.#dialling || this.#stopped) return;
    this.#dialling = true;
    this.#retry();
    try {
      this.#take(await this.#deps.dial());
    } catch (error) {
      this.#deps.log.warn('task-socket', { stage: 'connect', ...errorFields(error) });
      this.#again();
    } finally {
      this.#dialling = false;
    }
  }

  #take(wire: Wire): void {
    if (this.#stopped) {
      wire.close();
      return;
    }
    const before = this.#line;
    const gap = before === undefined && this.#everConnected;
    this.#line = new Line(this.#deps, this.#options, wire, {
      lost: (line) => this.#lost(line),
      old: () => void this.#connect(),
      age: this.#options.swapMs * (1 - this.#random() / 20),
    });
    this.#failures = 0;
    this.#everConnected = true;
    if (before) this.#retire(before);
    this.#deps.log.info('task-socket', { stage: 'connected', gap });
    if (gap) this.#deps.recheck();
  }

  #retire(line: Line): void {
    this.#old.add(line);
    line.retire(() => this.#old.delete(line));
  }

  #lost(line: Line): void {
    if (this.#old.delete(line) || line !== this.#line) return;
    this.#line = undefined;
    this.#deps.log.warn('task-socket', { stage: 'lost' });
    void this.#connect();
  }

  #again(): void {
    if (this.#stopped) return;
    const { retryMs, maxRetryMs } = this.#options;
    const most = Math.min(maxRetryMs, retryMs * 2 ** this.#failures++);
    // Half of it at random, so that the tasks of a service do not come all at once.
    this.#retry = this.#deps.clock.after(most * (0.5 + this.#random() / 2), () => void this.#connect());
  }
}

interface LineEvents {
  readonly lost: (line: Line) => void;
  /** Time for another one. Comes again until there is one. */
  readonly old: () => void;
  readonly age: number;
}

/** One connection, from its opening to its end. */
class Line {
  readonly #deps: TaskSocketDeps;
  readonly #options: TaskSocketOptions;
  readonly #wire: Wire;
  readonly #events: LineEvents;
  readonly #timers = new Map<'age' | 'ping' | 'pong' | 'end', Cancel>();
  #ended = false;

  constructor(deps: TaskSocketDeps, options: TaskSocketOptions, wire: Wire, events: LineEvents) {
    this.#deps = deps;
    this.#options = options;
    this.#wire = wire;
    this.#events = events;
    wire.listen({
      message: (text) => this.#message(text),
      pong: () => this.#clear('pong'),
      close: () => this.#closed(),
    });
    this.#set('age', events.age, events.old);
    this.#set('ping', options.pingMs, () => this.#ping());
  }

  /** Listens on for a while, then ends. */
  retire(ended: () => void): void {
    this.#clear('age');
    this.#set('end', this.#options.overlapMs, () => {
      ended();
      this.end();
    });
  }

  end(): void {
    this.#ended = true;
    for (const name of [...this.#timers.keys()]) this.#clear(name);
    this.#wire.close();
  }

  #message(text: string): void {
    this.#clear('pong');
    if (this.#ended) return;
    const message = unpackMessage(text);
    if (message) this.#deps.receive(message);
  }

  #ping(): void {
    this.#set('ping', this.#options.pingMs, () => this.#ping());
    // A NAT may have forgotten the connection without a word to either side.
    if (!this.#timers.has('pong')) this.#set('pong', this.#options.pongMs, () => this.#closed());
    this.#wire.ping();
  }

  #closed(): void {
    if (this.#ended) return;
    this.end();
    this.#events.lost(this);
  }

  #set(name: 'age' | 'ping' | 'pong' | 'end', ms: number, run: () => void): void {
    this.#clear(name);
    this.#timers.set(
      name,
      this.#deps.clock.after(ms, () => {
        this.#timers.delete(name);
        run();
      }),
    );
  }

  #clear(name: 'age' | 'ping' | 'pong' | 'end'): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }
}
