/**
 * Whatever the order in which commits, registrations, looks and wakes happen to each other, no addition stays
 * unannounced. Sweeps are switched off: they would heal what is to be shown not to break.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Held } from '../../lib/http/types.ts';
import type { DeviceId, FolderId, MailboxId } from '../../lib/ops/ids.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { createHolder } from '../../lib/push/hold.ts';
import type { Holder, HoldSpec, Outcome, Sight, Wake, WakeTransport } from '../../lib/push/types.ts';
import { Waiters } from '../../lib/push/waiters.ts';
import { Waker } from '../../lib/push/wake.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { createInProcessTransport } from '../support/in-process-transport.ts';
import { MemoryTable } from '../support/memory-table.ts';

const mailbox = 'anna' as MailboxId;
const device = 'phone' as DeviceId;
const inbox = 'inbox' as FolderId;
const HEARTBEAT_MS = 600_000;
const TASKS = ['task0', 'task1'] as const;

type Action =
  /** An addition, or a change of flags. */
  | { readonly kind: 'commit'; readonly add: boolean }
  /** The phone loses its connection, unnoticed or not, and Pings again, perhaps on the other task. */
  | { readonly kind: 'reconnect'; readonly task: number; readonly noticed: boolean }
  /** The socket of a task dies; some wakes later it has a new one and looks at everything. */
  | { readonly kind: 'socket'; readonly task: number; readonly back: boolean }
  | { readonly kind: 'turns'; readonly count: number }
  | { readonly kind: 'time'; readonly ms: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit' as const), add: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('reconnect' as const), task: fc.nat(1), noticed: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('socket' as const), task: fc.nat(1), back: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('turns' as const), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(1500) }) },
);

class Simulation {
  readonly clock = new FakeClock();
  readonly table = new MemoryTable();
  readonly head = { seq: 0, added: 0 };
  /** What the phone has. */
  readonly phone = { seq: 0, added: 0 };
  readonly down = new Set<string>();
  readonly holders: Holder[];
  readonly #waker: Waker;
  readonly #delays: readonly number[];
  #delay = 0;
  #current: { readonly held: Held } | undefined;
  #busy = 0;

  constructor(delays: readonly number[], wakes: boolean) {
    this.#delays = delays;
    this.table.before = () => this.#turns();
    this.table.after = () => this.#turns();
    const inner = createInProcessTransport();
    const transport: WakeTransport = {
      send: async (task, message) => {
        await this.#turns();
        if (!wakes || this.down.has(task)) return wakes ? 'gone' : 'delivered';
        return inner.send(task, message);
      },
    };
    this.holders = TASKS.map((task) => {
      const { clock, table } = this;
      const options = { sweepMs: 9e8, rowsPerWrite: 1 };
      const holder = createHolder({ table, clock, log: silentLog, task, epoch: task, transport, options });
      inner.attach(task, (message) => holder.receive(message));
      return holder;
    });
    const waiters = new Waiters({ table: this.table, clock: this.clock });
    this.#waker = new Waker({ waiters, transport, log: silentLog });
  }

  async run(actions: readonly Action[]): Promise<void> {
    this.ping(0);
    for (const one of actions) await this.#act(one);
    for (const task of TASKS) this.#socketBack(task);
    // Merging ends within a second and quarrels within ten.
    for (let round = 0; round < 4; round++) await this.#pass(15_000);
  }

  async heartbeatEnds(): Promise<void> {
    for (let round = 0; round < 2; round++) await this.#pass(HEARTBEAT_MS + 5_000);
  }

  async #act(one: Action): Promise<void> {
    switch (one.kind) {
      case 'commit':
        this.head.seq++;
        if (one.add) this.head.added = this.head.seq;
        void this.#announce({ mailbox, folder: inbox, ...this.head });
        return;
      case 'reconnect':
        if (one.noticed) this.#current?.held.abandon();
        this.ping(one.task);
        return;
      case 'socket':
        if (one.back) this.#socketBack(TASKS[one.task]!);
        else this.down.add(TASKS[one.task]!);
        return;
      case 'turns':
        for (let turn = 0; turn < one.count; turn++) await nextTurn();
        return;
      case 'time':
        await this.clock.advance(one.ms);
    }
  }

  #socketBack(task: string): void {
    if (this.down.delete(task)) this.holders[TASKS.indexOf(task as 'task0')]!.recheck(0);
  }

  /** The stream: some time after the commit, at least once. */
  async #announce(wake: Wake): Promise<void> {
    this.#busy++;
    await this.#turns();
    await this.#waker.wake([wake]);
    if (this.#next() === 0) await this.#waker.wake([wake]);
    this.#busy--;
  }

  ping(task: number): void {
    const current: { held: Held } = { held: undefined as unknown as Held };
    const spec: HoldSpec<Outcome> = {
      kind: 'ping',
      mailbox,
      device,
      deadline: this.clock.now() + HEARTBEAT_MS,
      folders: [inbox],
      look: () => this.#look(),
      answer: (outcome) => outcome,
    };
    let told: Outcome;
    current.held = this.holders[task]!.hold(spec, (outcome) => {
      told = outcome;
      return { status: 200, headers: {}, body: new Uint8Array(0) };
    });
    this.#current = current;
    current.held.complete(() => {
      // An answer to a connection that is gone is heard by nobody.
      if (this.#current === current) void this.#answered(told);
    });
  }

  async #look(): Promise<Sight> {
    await this.#turns();
    const { seq, added } = this.head;
    const now = added > this.phone.added ? [inbox] : [];
    const later = now.length === 0 && seq > this.phone.seq ? [inbox] : [];
    await this.#turns();
    return { now, later, hierarchy: false };
  }

  async #answered(outcome: Outcome): Promise<void> {
    this.#busy++;
    await this.#turns();
    if ((outcome.kind === 'changes' || outcome.kind === 'expired') && outcome.folders.length > 0) {
      Object.assign(this.phone, this.head);
    }
    await this.#turns();
    this.#busy--;
    this.ping(this.#next() % 2);
  }

  async #pass(ms: number): Promise<void> {
    do await this.clock.advance(100);
    while (this.#busy > 0);
    await this.clock.advance(ms);
    for (let turn = 0; turn < 60; turn++) await nextTurn();
  }

  #next(): number {
    return this.#delays[this.#delay++ % this.#delays.length]!;
  }
  async #turns(): Promise<void> {
    for (let turn = this.#next(); turn > 0; turn--) await nextTurn();
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Mostly none, so that much can happen during one operation that takes long. */
const delays = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(9) }), {
  minLength: 1,
  maxLength: 60,
});
const actions = fc.array(action, { maxLength: 30 });

/** The wake arrives after the look has read and before it ends. */
const WHILE_LOOKING: { readonly actions: Action[]; readonly delays: number[] } = {
  actions: [
    { kind: 'turns', count: 1 },
    { kind: 'commit', add: true },
  ],
  delays: [0, 0, 0, 0, 0, 0, 1],
};

/** A flag is committed while the socket of a living task is dead: its waiter must outlive that. */
const SOCKET_DIED: { readonly actions: Action[]; readonly delays: number[] } = {
  actions: [
    { kind: 'time', ms: 500 },
    { kind: 'socket', task: 0, back: false },
    { kind: 'commit', add: false },
    { kind: 'time', ms: 500 },
    { kind: 'socket', task: 0, back: true },
    { kind: 'time', ms: 500 },
    { kind: 'commit', add: true },
  ],
  delays: [0],
};

async function simulate(
  given: { readonly actions: readonly Action[]; readonly delays: readonly number[] },
  wakes = true,
) {
  const simulation = new Simulation(given.delays, wakes);
  await simulation.run(given.actions);
  return simulation;
}

test('no addition stays unannounced, and every flag is told by the end of the heartbeat', async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ actions, delays }), async (given) => {
      const simulation = await simulate(given);
      expect(simulation.phone.added).toBe(simulation.head.added);
      await simulation.heartbeatEnds();
      expect(simulation.phone.seq).toBe(simulation.head.seq);
      // One request waits, one row says so.
      expect(simulation.holders.reduce((sum, { held }) => sum + held, 0)).toBeLessThanOrEqual(2);
    }),
    { numRuns: 2500, interruptAfterTimeLimit: 15_000, examples: [[SOCKET_DIED], [WHILE_LOOKING]] },
  );
}, 60_000);

test('the simulation would notice: without wakes an addition stays unannounced', async () => {
  const late: Action[] = [
    { kind: 'time', ms: 500 },
    { kind: 'commit', add: true },
  ];
  const simulation = await simulate({ actions: late, delays: [1] }, false);
  expect(simulation.phone.added).toBeLessThan(simulation.head.added);
});
