import type { EasResponse, Held } from '../http/types.ts';
import type { Clock } from '../ops/clock.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { type Tracer, traced } from '../ops/tracer.ts';
import type { Table } from '../store/ports.ts';
import { Flag, HeldRequest, type Keeper } from './held.ts';
import { LookQueue } from './looks.ts';
import { type HoldOptions, holdOptions } from './options.ts';
import { Paces } from './pace.ts';
import { Roster } from './roster.ts';
import type { Holder, HoldSpec, Outcome, Supersede, TaskMessage, Wake, WakeTransport } from './types.ts';
import { Vigil } from './vigil.ts';
import { LEASE_MS, type Waiter, Waiters } from './waiters.ts';
import { Timed, Wheel } from './wheel.ts';

export interface HolderDeps {
  readonly table: Table;
  readonly clock: Clock;
  readonly log: Log;
  /** The name by which transports reach this process. */
  readonly task: string;
  /** Of this process alone: a new one with every start. */
  readonly epoch: string;
  readonly transport: WakeTransport;
  readonly options?: Partial<HoldOptions>;
  readonly random?: () => number;
  /** Absent: no spans. */
  readonly tracer?: Tracer;
}

/** Resolution of all deadlines. */
const TICK_MS = 25;
/** No drain takes longer: a task is killed two minutes after it was told to stop. */
const LONGEST_DRAIN_MS = 90_000;

/**
 * Parks requests: hold locally, register, look, wait. A change that commits before the look is seen by it; one that
 * commits after it is also after the registration, so its wake finds the waiter. A wake that is lost all the same is
 * found by the sweep.
 * @throws TypeError or RangeError for options that cannot be
 */
export function createHolder(deps: HolderDeps): Holder {
  return new LocalHolder(deps);
}

/** Wakes the holder from time to time to say that its task lives. */
class Beat extends Timed {
  readonly #run: () => void;
  constructor(run: () => void) {
    super();
    this.#run = run;
  }
  override fire(): void {
    this.#run();
  }
}

class LocalHolder implements Holder, Keeper {
  readonly epoch: string;
  readonly #deps: HolderDeps;
  readonly #options: HoldOptions;
  readonly #random: () => number;
  readonly #wheel: Wheel;
  readonly #paces: Paces;
  readonly #vigil: Vigil;
  readonly #looks: LookQueue;
  readonly #waiters: Waiters;
  readonly #roster = new Roster();
  readonly #beat: Beat;
  /** Ended, but answered only later, because the device's requests keep ending each other. */
  readonly #parked = new Set<HeldRequest>();
  /** Settled, but the answer is still being made. */
  #answering = 0;
  /** Looks and store writes under way that `close` waits for. */
  readonly #working = new Set<Promise<void>>();
  #count = 0;
  #draining = false;
  #announced = false;
  #drained: (() => void)[] = [];

  constructor(deps: HolderDeps) {
    const { clock, log, epoch, table } = deps;
    this.#deps = deps;
    this.epoch = epoch;
    this.#options = holdOptions(deps.options);
    this.#random = deps.random ?? Math.random;
    this.#wheel = new Wheel(clock, TICK_MS, (error) => log.error('hold-timer', errorFields(error)));
    this.#paces = new Paces(this.#wheel, TICK_MS, this.#options);
    this.#looks = new LookQueue(this.#options.looks, (held) => this.#background(this.#look(held)));
    const { rowsPerWrite, writesAtOnce } = this.#options;
    this.#waiters = new Waiters({ table, clock, rowsPerWrite, writesAtOnce });
    this.#vigil = new Vigil({
      wheel: this.#wheel,
      paces: this.#paces,
      options: this.#options,
      random: this.#random,
      actions: {
        end: (held, outcome) => this.#end(held, outcome),
        look: (held, urgent) => this.#looks.add(held, urgent),
        register: (held) => void this.#background(this.#register(held)),
      },
    });
    this.#beat = new Beat(() => this.#announce());
  }

  get held(): number {
    return this.#roster.size;
  }

  hold<T>(spec: HoldSpec<T>, encode: (value: T) => EasResponse): Held {
    const now = this.#deps.clock.now();
    const held = new HeldRequest(this, this.#count++, now, spec, encode as (value: unknown) => EasResponse);
    if (this.#draining || this.#roster.size >= this.#options.maxHeld) {
      held.set(Flag.ended);
      this.#settle(held, { kind: this.#draining ? 'draining' : 'failed' });
      return held;
    }
    for (const older of this.#roster.olderThan(spec, this.#options.maxPerDevice)) this.#supersede(older);
    this.#roster.add(held);
    this.#vigil.begin(held, spec.deadline - now);
    if (!this.#announced) this.#announce();
    void this.#background(this.#register(held));
    return held;
  }

  wake(wakes: readonly Wake[]): void {
    for (const wake of wakes) {
      for (const held of this.#roster.of(wake.mailbox)) this.#vigil.wake(held, wake);
    }
  }

  receive({ wakes, supersedes }: TaskMessage): void {
    this.wake(wakes);
    for (const newer of supersedes ?? []) {
      for (const held of this.#roster.olderThan(newer, Number.POSITIVE_INFINITY)) {
        // By the time the message is here the device may be back with a request that is newer still.
        const older = held.at < newer.at || (held.at === newer.at && held.key < newer.by);
        if (older) this.#supersede(held);
      }
    }
  }

  recheck(ms: number): void {
    for (const held of this.#roster.all()) this.#vigil.recheck(held, this.#random() * ms);
  }

  drain(ms: number): Promise<void> {
    this.#draining = true;
    for (const held of this.#parked) this.#release(held);
    const within = Math.min(Math.max(0, ms), LONGEST_DRAIN_MS);
    // The last look of a request may take its grace; what is left of the time is spread evenly.
    const spread = Math.max(0, within - this.#options.graceMs);
    for (const held of this.#roster.all()) this.#vigil.drain(held, this.#random() * spread);
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.#checkDrained();
    });
  }

  async close(): Promise<void> {
    this.#draining = true;
    for (const held of this.#parked) this.#release(held);
    for (const held of this.#roster.all()) this.#end(held, { kind: 'draining' });
    while (this.#working.size > 0) await Promise.all(this.#working);
    if (this.#announced) {
      await this.#waiters.withdraw(this.#deps.task, this.epoch).catch((error) => this.#lost('withdraw', error));
    }
    this.#wheel.stop();
  }

  // What held requests ask of their keeper.

  due(held: HeldRequest, tick: number): void {
    if (this.#parked.has(held)) this.#release(held);
    else this.#vigil.due(held, tick);
  }

  abandoned(held: HeldRequest): void {
    if (this.#parked.delete(held)) this.#wheel.clear(held);
    else this.#leave(held);
    this.#checkDrained();
  }

  answered(): void {
    this.#answering--;
    this.#checkDrained();
  }

  failed(held: HeldRequest, error: unknown): void {
    this.#deps.log.error('hold-answer', { key: held.key, ...errorFields(error) });
  }

  // The way of one request.

  async #register(held: HeldRequest): Promise<void> {
    const waiter = this.#waiterOf(held);
    try {
      await this.#waiters.register(waiter);
    } catch (error) {
      this.#lost('register', error);
      this.#vigil.failed(held);
      return;
    }
    if (held.ended) {
      await this.#unregister(held);
      return;
    }
    held.set(Flag.registered);
    this.#looks.add(held, true);
    await this.#endElsewhere(held, waiter);
  }

  async #look(held: HeldRequest): Promise<void> {
    const woken = held.has(Flag.dirty);
    held.set(Flag.looking);
    held.unset(Flag.dirty | Flag.stale);
    try {
      const sight = await traced(this.#deps.tracer, 'look', (span) => {
        span.set({ kind: held.spec.kind, request: held.key, folders: held.spec.folders.length });
        return held.spec.look(woken);
      });
      held.unset(Flag.looking);
      this.#vigil.seen(held, sight);
    } catch (error) {
      held.unset(Flag.looking);
      this.#lost('look', error);
      this.#vigil.failed(held);
    }
  }

  #end(held: HeldRequest, outcome: Outcome): void {
    if (held.ended) return;
    this.#leave(held);
    this.#settle(held, outcome);
  }

  #settle(held: HeldRequest, outcome: Outcome): void {
    this.#answering++;
    held.settle(outcome);
  }

  #supersede(held: HeldRequest): void {
    if (held.ended) return;
    const { mailbox, device } = held.spec;
    this.#leave(held);
    const now = this.#wheel.now();
    const at = this.#draining ? now : this.#paces.replacedAt(mailbox, device, now);
    if (at <= now) {
      this.#settle(held, { kind: 'superseded' });
      return;
    }
    this.#parked.add(held);
    this.#wheel.set(held, at);
  }

  #release(held: HeldRequest): void {
    this.#parked.delete(held);
    this.#wheel.clear(held);
    this.#settle(held, { kind: 'superseded' });
  }

  /** Out of everything that could end it; whoever comes first decides. */
  #leave(held: HeldRequest): void {
    if (held.ended) return;
    held.set(Flag.ended);
    this.#wheel.clear(held);
    this.#roster.remove(held);
    if (held.has(Flag.registered)) void this.#background(this.#unregister(held));
  }

  async #unregister(held: HeldRequest): Promise<void> {
    try {
      const { mailbox, device } = held.spec;
      await this.#waiters.unregister({ mailbox, device, request: held.key });
    } catch (error) {
      // The row lapses by itself; until then it costs a message that nobody needs.
      this.#lost('unregister', error);
    }
  }

  /** Tells other tasks that hold an older request of the device; rows that a dead process left are removed. */
  async #endElsewhere(held: HeldRequest, mine: Waiter): Promise<void> {
    try {
      const others = (await this.#waiters.of(mine.mailbox, mine.device)).filter(
        ({ kind, epoch, at }) => kind === mine.kind && epoch !== this.epoch && at <= mine.at,
      );
      if (others.length === 0) return;
      const { mailbox, device, kind, request, at } = mine;
      const newer: Supersede = { mailbox, device, kind, folders: held.spec.folders, by: request, at };
      for (const task of new Set(others.map((other) => other.task))) {
        const ofTask = others.filter((other) => other.task === task);
        const gone = task === this.#deps.task || (await this.#send(task, newer)) === 'gone';
        if (gone) await this.#waiters.bury(ofTask);
      }
    } catch (error) {
      // The older request then ends with its heartbeat; its phone does not listen any more.
      this.#lost('supersede', error);
    }
  }

  #send(task: string, newer: Supersede): Promise<'delivered' | 'gone'> {
    return this.#deps.transport.send(task, { wakes: [], supersedes: [newer] });
  }

  #waiterOf(held: HeldRequest): Waiter {
    const { mailbox, device, kind, deadline } = held.spec;
    const { task, epoch } = this.#deps;
    return { mailbox, device, request: held.key, kind, task, epoch, at: held.at, until: deadline + LEASE_MS };
  }

  /** Three sweeps without a word and the task counts as dead. */
  #announce(): void {
    this.#announced = true;
    const { sweepMs, retryMs } = this.#options;
    this.#wheel.set(this.#beat, this.#wheel.in(sweepMs));
    const { task } = this.#deps;
    void this.#background(
      this.#waiters.announce(task, this.epoch, 3 * sweepMs).catch((error) => {
        this.#lost('announce', error);
        // Until it is said that the task lives, whoever cannot reach it takes its waiters for those of a dead one.
        if (!this.#draining) this.#wheel.set(this.#beat, this.#wheel.in(retryMs));
      }),
    );
  }

  #background(work: Promise<void>): Promise<void> {
    this.#working.add(work);
    return work.finally(() => this.#working.delete(work));
  }

  #lost(stage: string, error: unknown): void {
    this.#deps.log.warn('hold-trouble', { stage, ...errorFields(error) });
  }

  #checkDrained(): void {
    if (!this.#draining || this.#roster.size + this.#parked.size + this.#answering > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
