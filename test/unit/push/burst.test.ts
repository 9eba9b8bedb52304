import { describe, expect, it } from 'vitest';
import { settle } from '../../support/fake-clock.ts';
import { added, calendar, found, inbox, mailbox, type Probe, World } from './support.ts';

/** A phone that Syncs in no time and Pings again as soon as it is answered. Gives the times of its answers. */
async function phone(world: World, pings: Probe[], untilMs: number): Promise<number[]> {
  const begun = world.clock.now();
  while (world.clock.now() < begun + untilMs) {
    if (pings.at(-1)!.outcomes.length > 0) pings.push(await world.waiting());
    await world.clock.advance(5);
  }
  return pings.flatMap(({ answeredAt }) => (answeredAt === undefined ? [] : [answeredAt - begun]));
}

/** Messages that arrive `everyMs`, told to whichever Ping is held. */
function deliver(world: World, pings: Probe[], count: number, everyMs: number): void {
  for (let n = 1; n <= count; n++) {
    world.clock.after(n * everyMs, () => {
      const current = pings.at(-1)!;
      if (current.outcomes.length === 0) current.sight = found(inbox);
      world.holder.wake([{ mailbox, folder: inbox, ...added(n) }]);
    });
  }
}

describe('a burst', () => {
  it('of one is told without any delay', async () => {
    const world = new World();
    const probe = await world.waiting();
    probe.sight = found(inbox);
    await world.wake(added(1));
    expect(probe.answeredAt).toBe(world.clock.now());
  });

  it('of a hundred messages within a second is few Pings, the first of them at once', async () => {
    const world = new World();
    const pings = [await world.waiting()];
    deliver(world, pings, 100, 10);
    const answers = await phone(world, pings, 3000);
    expect(answers[0]).toBeLessThanOrEqual(15);
    expect(answers.length).toBeLessThanOrEqual(3);
    expect(answers.at(-1)!).toBeLessThanOrEqual(1000 + 150);
  });

  it('that does not stop is told once a second', async () => {
    const world = new World();
    const pings = [await world.waiting()];
    deliver(world, pings, 200, 50);
    const answers = await phone(world, pings, 10_000);
    const gaps = answers.slice(1).map((at, place) => at - answers[place]!);
    for (const gap of gaps.slice(1)) expect(gap).toBeLessThanOrEqual(1_200);
    expect(answers.length).toBeLessThanOrEqual(13);
    expect(answers.length).toBeGreaterThanOrEqual(9);
  });

  it('whose messages are a second apart is told one by one, each at once', async () => {
    const world = new World();
    const pings = [await world.waiting()];
    deliver(world, pings, 5, 1000);
    const answers = await phone(world, pings, 5900);
    expect(answers).toHaveLength(5);
    for (const [place, at] of answers.entries()) expect(at - (place + 1) * 1000).toBeLessThanOrEqual(5);
  });

  it('is merged across folders: what arrives while the first one waits goes with it', async () => {
    const world = new World();
    const first = await world.waiting({ folders: [inbox, calendar] });
    first.sight = found(inbox);
    await world.wake(added(1));
    const second = await world.waiting({ folders: [inbox, calendar] });
    second.sight = found(inbox);
    await world.wake(added(2));
    await world.clock.advance(50);
    second.sight = found(inbox, calendar);
    await world.wake({ folder: calendar, ...added(1) });
    expect(second.outcomes).toEqual([]);
    await world.clock.advance(150);
    expect(second.outcomes).toEqual([{ kind: 'changes', folders: [inbox, calendar] }]);
  });

  it('is told with what was known when the look at its end fails', async () => {
    const world = new World();
    await world.waiting({ sight: found(inbox) });
    const probe = await world.waiting({ sight: found(inbox) });
    await world.wake(added(5));
    probe.trouble = true;
    await world.clock.advance(300);
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
  });

  it('tells what one look found also when the next one does not find it: a lost answer is seen once', async () => {
    const world = new World();
    await world.waiting({ folders: [inbox, calendar], sight: found(inbox) });
    const probe = await world.waiting({ folders: [inbox, calendar], sight: found(inbox) });
    await world.wake(added(5));
    probe.sight = found(calendar);
    await world.clock.advance(300);
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox, calendar] }]);
  });

  it('ends with the heartbeat at the latest', async () => {
    const world = new World();
    await world.waiting({ sight: found(inbox) });
    const probe = await world.waiting({ sight: found(inbox), heartbeatMs: 50 });
    await world.clock.advance(75);
    expect(probe.outcomes).toEqual([{ kind: 'changes', folders: [inbox] }]);
  });

  it('of one device does not delay another', async () => {
    const world = new World();
    await world.waiting({ sight: found(inbox) });
    const other = await world.waiting({ device: 'phone2' as typeof probe.spec.device, sight: found(inbox) });
    const probe = other;
    expect(probe.outcomes).toHaveLength(1);
    await settle();
  });

  it('leaves nothing behind', async () => {
    const world = new World();
    const probe = await world.waiting({ sight: found(inbox) });
    expect(probe.outcomes).toHaveLength(1);
    await world.clock.advance(5000);
    await world.holder.close();
    expect(world.clock.pending).toBe(0);
    expect(world.table.rows()).toEqual([]);
  });
});
