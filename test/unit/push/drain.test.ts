import { describe, expect, it } from 'vitest';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { createHolder } from '../../../lib/push/hold.ts';
import type { Write } from '../../../lib/store/ports.ts';
import { settle } from '../../support/fake-clock.ts';
import { FaultyTable } from '../../support/faulty-table.ts';
import { added, encodeOutcome, found, inbox, later, World } from './support.ts';

const many = async (world: World, count: number) => {
  const probes = [];
  for (let n = 0; n < count; n++) probes.push(world.hold({ mailbox: `m${n}` as MailboxId }));
  await settle();
  return probes;
};

describe('draining', () => {
  it('answers everything that is held, and what comes is answered at once', async () => {
    const world = new World();
    const probes = await many(world, 10);
    let done = false;
    const drained = world.holder.drain(60_000).then(() => (done = true));
    const late = world.hold({ sight: found(inbox) });
    expect(late.outcomes).toEqual([{ kind: 'draining' }]);
    expect(late.looks).toBe(0);
    await world.clock.advance(1000);
    expect(done).toBe(false);
    await world.clock.advance(59_000);
    await drained;
    for (const { outcomes } of probes) expect(outcomes).toEqual([{ kind: 'draining' }]);
    expect(world.holder.held).toBe(0);
  });

  it('keeps listening: a change is told as a change', async () => {
    const world = new World();
    const [probe] = await many(world, 1);
    void world.holder.drain(60_000);
    probe!.sight = found(inbox);
    await world.wake({ mailbox: 'm0' as MailboxId, ...added(1) });
    expect(probe!.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
  });

  it('spreads the answers evenly and takes at most 90 seconds, whatever it is given', async () => {
    const world = new World();
    let next = 0;
    const holder = createHolder({
      ...world,
      log: silentLog,
      epoch: 'b',
      task: 'spread',
      random: () => (next++ % 100) / 100,
    });
    const answered: number[] = [];
    const begun = world.clock.now();
    for (let n = 0; n < 100; n++) {
      const { spec } = { spec: { ...world.hold().spec, mailbox: `s${n}` as MailboxId } };
      holder
        .hold(spec, (outcome) => {
          answered.push(world.clock.now() - begun);
          return { status: 200, headers: { kind: outcome.kind }, body: new Uint8Array(0) };
        })
        .complete(() => {});
    }
    await settle();
    const drained = holder.drain(3_600_000);
    await world.clock.advance(45_000);
    expect(answered.length).toBeGreaterThan(40);
    expect(answered.length).toBeLessThan(65);
    await world.clock.advance(45_000);
    await drained;
    expect(answered).toHaveLength(100);
  });

  it('does not lengthen a heartbeat that ends before', async () => {
    const world = new World();
    const probe = await world.waiting({ heartbeatMs: 1000 });
    void world.holder.drain(90_000);
    await world.clock.advance(1100);
    expect(probe.outcomes).toEqual([{ kind: 'expired', folders: [] }]);
  });

  it('is no reason to tell what is held back', async () => {
    const world = new World();
    const probe = await world.waiting({ sight: later(inbox) });
    void world.holder.drain(1000);
    await world.clock.advance(1100);
    expect(probe.outcomes).toEqual([{ kind: 'draining' }]);
  });

  it('is over at once when nothing is held', async () => {
    await new World().holder.drain(60_000);
  });

  it('waits for answers that are still being made', async () => {
    const world = new World();
    const probe = world.hold({ sight: found(inbox) });
    let make = () => {};
    probe.spec.answer = (outcome) => new Promise((resolve) => (make = () => resolve(outcome)));
    await settle();
    let done = false;
    void world.holder.drain(0).then(() => (done = true));
    await world.clock.advance(100);
    expect(done).toBe(false);
    make();
    await settle();
    expect(done).toBe(true);
    expect(probe.responses).toHaveLength(1);
  });

  it('is over when the last client goes away', async () => {
    const world = new World();
    const probe = await world.waiting();
    let done = false;
    void world.holder.drain(90_000).then(() => (done = true));
    probe.abandon();
    await settle();
    expect(done).toBe(true);
  });
});

describe('closing', () => {
  it('answers the rest, removes every row and keeps no timer', async () => {
    const world = new World();
    const probes = await many(world, 30);
    expect(world.table.rows('W#')).toHaveLength(30);
    expect(world.table.rows('TASK')).toHaveLength(1);
    await world.holder.close();
    for (const { outcomes } of probes) expect(outcomes).toEqual([{ kind: 'draining' }]);
    expect(world.table.rows()).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });

  it('waits for a registration under way, and for its removal', async () => {
    const world = new World();
    world.hold();
    await world.holder.close();
    expect(world.table.rows()).toEqual([]);
  });

  it('leaves the row of a newer process of the same task', async () => {
    const old = new World({}, undefined, 'task1', 'boot1');
    await old.waiting();
    const fresh = new World({}, old, 'task1', 'boot2');
    await fresh.waiting();
    await old.holder.close();
    expect(fresh.table.rows('TASK')).toMatchObject([{ epoch: 'boot2' }]);
  });
});

describe('the task row', () => {
  it('is renewed as long as the task lives', async () => {
    const world = new World({ sweepMs: 60_000 });
    await world.waiting({ heartbeatMs: 3_000_000 });
    for (let minute = 0; minute < 40; minute++) {
      await world.clock.advance(60_000);
      expect(world.table.rows('TASK')[0]!.until).toBeGreaterThan(world.clock.now() + 60_000);
    }
  });

  it('that cannot be written is written soon after, so that nobody takes the task for dead', async () => {
    const world = new World();
    let refusals = 2;
    const isTask = (write: Write) => write.op === 'update' && write.key.sk === 'TASK';
    const table = new FaultyTable(world.table, {
      write: (writes) => (writes.some(isTask) && refusals-- > 0 ? 'throttled' : undefined),
    });
    const holder = createHolder({ ...world, table, log: silentLog, epoch: 'b', random: () => 0.5 });
    holder.hold(world.hold().spec, encodeOutcome).complete(() => {});
    await settle();
    expect(world.table.rows('TASK')).toMatchObject([{ epoch: 'task1-boot1' }]);
    await world.clock.advance(2100);
    expect(world.table.rows('TASK')).toMatchObject([{ epoch: 'b' }]);
  });
});

describe('options', () => {
  const world = new World();
  const make = (options: object) => () => createHolder({ ...world, log: silentLog, epoch: 'b', options });
  it.each([
    { looks: Number.NaN },
    { looks: 0 },
    { sweepMs: -1 },
    { sweepMs: Number.NaN },
    { maxHeld: 1.5 },
    { graceMs: 0 },
    { sweepMs: Number.POSITIVE_INFINITY },
  ])('refuse a value that would switch a limit off: %o', (options) => expect(make(options)).toThrow(RangeError));
  it('refuse a name that nobody knows', () => expect(make({ sweepMS: 5 })).toThrow(TypeError));
  it('take infinity for changes that are held back', () =>
    expect(make({ laterMs: Number.POSITIVE_INFINITY })).not.toThrow());
});
