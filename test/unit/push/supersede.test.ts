import { describe, expect, it } from 'vitest';
import type { DeviceId, FolderId } from '../../../lib/ops/ids.ts';
import { settle } from '../../support/fake-clock.ts';
import { added, calendar, found, inbox, World } from './support.ts';

const SUPERSEDED = [{ kind: 'superseded' }];

describe('a newer request of the same device', () => {
  it('ends the older one at once', async () => {
    const world = new World();
    const older = await world.waiting();
    const newer = await world.waiting();
    expect(older.outcomes).toEqual(SUPERSEDED);
    expect(newer.outcomes).toEqual([]);
    expect(world.table.rows('W#')).toHaveLength(1);
    newer.sight = found(inbox);
    await world.wake(added(1));
    expect(newer.outcomes).toHaveLength(1);
    expect(older.outcomes).toHaveLength(1);
  });

  it('ends one that watches other folders besides', async () => {
    const world = new World();
    const older = await world.waiting({ folders: [inbox, calendar] });
    await world.waiting({ folders: [calendar] });
    expect(older.outcomes).toEqual(SUPERSEDED);
  });

  it.each([
    ['another device', { device: 'phone2' as DeviceId }],
    ['the other kind: AOSP has a hanging Sync and a Ping under way at once', { kind: 'sync' as const }],
    ['other folders: Samsung holds one for each folder', { folders: [calendar] }],
  ])('leaves alone that of %s', async (_, options) => {
    const world = new World();
    const older = await world.waiting();
    await world.waiting(options);
    expect(older.outcomes).toEqual([]);
  });

  it('ends the oldest when a device would hold more than four for different folders', async () => {
    const world = new World();
    const probes = [];
    for (let n = 0; n < 6; n++) probes.push(await world.waiting({ folders: [`f${n}` as FolderId] }));
    expect(probes.map(({ outcomes }) => outcomes.length)).toEqual([1, 1, 0, 0, 0, 0]);
  });

  it('is slowed down when two loops of one device keep ending each other, as in Gmail', async () => {
    const world = new World();
    let current = await world.waiting();
    const answered: number[] = [];
    for (let round = 0; round < 7; round++) {
      const older = current;
      const begun = world.clock.now();
      current = await world.waiting();
      while (older.answeredAt === undefined) await world.clock.advance(100);
      answered.push(older.answeredAt - begun);
    }
    expect(answered.slice(0, 3)).toEqual([0, 0, 0]);
    for (const ms of answered.slice(3)) expect(ms).toBeGreaterThanOrEqual(10_000);
    expect(world.holder.held).toBe(1);
  });

  it('is answered by drain and close also while it is slowed down', async () => {
    const world = new World();
    const probes = [];
    for (let n = 0; n < 6; n++) probes.push(await world.waiting());
    expect(probes[4]!.outcomes).toEqual([]);
    const drained = world.holder.drain(0);
    await world.clock.advance(100);
    await drained;
    expect(probes.map(({ outcomes }) => outcomes.length)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('may go away while it is slowed down', async () => {
    const world = new World();
    const probes = [];
    for (let n = 0; n < 6; n++) probes.push(await world.waiting());
    probes[4]!.abandon();
    await world.clock.advance(20_000);
    expect(probes[4]!.outcomes).toEqual([]);
  });
});

describe('a newer request on another task', () => {
  it('ends the older one through the waiter row and the transport', async () => {
    const one = new World();
    const two = new World({}, one, 'task2');
    const older = await one.waiting();
    await one.clock.advance(1000);
    const newer = await two.waiting();
    await settle();
    expect(older.outcomes).toEqual(SUPERSEDED);
    expect(newer.outcomes).toEqual([]);
    expect(one.table.rows('W#').map(({ task }) => task)).toEqual(['task2']);
  });

  it('leaves a request for other folders and one of another kind alone', async () => {
    const one = new World();
    const two = new World({}, one, 'task2');
    const [folders, kind] = [await one.waiting({ folders: [calendar] }), await one.waiting({ kind: 'sync' })];
    await one.clock.advance(1000);
    await two.waiting();
    expect([folders.outcomes, kind.outcomes]).toEqual([[], []]);
  });

  it('never ends one that is newer still', async () => {
    const one = new World();
    const two = new World({}, one, 'task2');
    await two.waiting();
    await one.clock.advance(1000);
    const newest = await one.waiting();
    two.holder.receive({ wakes: [] });
    one.holder.receive({
      wakes: [],
      supersedes: [{ ...newest.spec, by: 'task2-boot1-0', at: one.clock.now() - 1000, folders: newest.spec.folders }],
    });
    expect(newest.outcomes).toEqual([]);
  });

  it('removes the row that a dead process left, and only that', async () => {
    const dead = new World({}, undefined, 'task1', 'boot1');
    await dead.waiting();
    // The process is gone without a word; its task starts again under the same name.
    const again = new World({}, dead, 'task1', 'boot2');
    await again.clock.advance(1000);
    const probe = await again.waiting();
    await settle();
    expect(again.table.rows('W#').map(({ epoch }) => epoch)).toEqual(['boot2']);
    expect(probe.outcomes).toEqual([]);
  });

  it('keeps the row of a task that cannot be reached but lives', async () => {
    const one = new World();
    const older = await one.waiting();
    await one.clock.advance(1000);
    const two = new World({}, one, 'task2');
    const { send } = two.transport;
    two.transport.send = async (task, message) => (task === 'task1' ? 'gone' : send(task, message));
    await two.waiting();
    await settle();
    expect(one.table.rows('W#')).toHaveLength(2);
    expect(older.outcomes).toEqual([]);
  });

  it('is held all the same when the others cannot be asked for', async () => {
    const world = new World();
    world.table.before = (operation) => {
      if (operation === 'query') throw new Error('throttled');
    };
    const probe = await world.waiting();
    probe.sight = found(inbox);
    await world.wake(added(1));
    expect(probe.outcomes).toHaveLength(1);
  });
});
