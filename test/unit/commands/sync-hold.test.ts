/** Hanging Sync: Wait and HeartbeatInterval. */
import { describe, expect, test } from 'vitest';
import type { SyncResponse } from '../../../lib/documents/sync.ts';
import type { FolderId } from '../../../lib/ops/ids.ts';
import type { CommandResult } from '../../../lib/protocol/command.ts';
import type { HoldSpec, Outcome } from '../../../lib/push/types.ts';
import type { Value } from '../../../lib/store/ports.ts';
import { keys } from '../../../lib/store/schema.ts';
import { INBOX } from '../../support/mailboxes.ts';
import { change, TestPhone } from '../../support/sync-phone.ts';
import { deliver, elsewhere, openSyncWorld, received } from '../../support/sync-world.ts';

type Hold = HoldSpec<CommandResult<SyncResponse>>;

async function waiting(Wait = 5) {
  const world = await openSyncWorld();
  const [id] = await deliver(world, 1);
  const phone = new TestPhone(world);
  await phone.start();
  const hold = (await phone.send({}, { Wait })) as Hold;
  return { world, phone, hold, id: id! };
}
const quiet = { now: [], later: [], hierarchy: false };

describe('a Sync that may wait', () => {
  test('[MS-ASCMD R5595 R5788] waits when there is nothing to say', async () => {
    const { world, phone, hold } = await waiting();
    expect(hold).toMatchObject({ kind: 'sync', device: phone.device, folders: [INBOX] });
    expect(hold.deadline).toBe(world.clock.now() + 300_000);
    expect(await hold.look()).toEqual(quiet);
    const heartbeat = (await phone.send({}, { HeartbeatInterval: 90 })) as Hold;
    expect(heartbeat.deadline).toBe(world.clock.now() + 90_000);
  });

  test('waits for the collections of which it wants changes', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    await deliver(world, 1);
    const hold = (await phone.send({ GetChanges: false }, { Wait: 5 })) as Hold;
    expect(hold.folders).toEqual([]);
    expect(await hold.look()).toEqual(quiet);
    await world.mailbox.raise('policyEpoch');
    expect(await hold.look()).toEqual({ ...quiet, hierarchy: true });
  });

  test('waits for a phone that is never given an empty answer, which then hears its key', async () => {
    const { phone } = await waiting();
    phone.context = { version: 121, userAgent: 'MeeGo/NokiaN9' };
    const { key } = phone;
    const hold = (await phone.send({}, { Wait: 5 })) as Hold;
    expect(hold.kind).toBe('sync');
    const answer = received(await hold.answer({ kind: 'expired', folders: [] }), 121);
    expect(phone.take(answer)).toMatchObject({ SyncKey: key, Status: 1 });
  });

  test('does not wait where a wipe was ordered, or the device blocked, after it was let in', async () => {
    const { world, phone } = await waiting();
    await world.makeDevice(phone.device);
    expect(await phone.send({}, { Wait: 5 })).toMatchObject({ kind: 'sync' });
    const key = keys.device(world.mailbox.id, phone.device);
    const orders: Record<string, Value>[] = [
      { wipe: { kind: 'account', state: 'ordered', at: 0 } },
      { decided: 'block' },
    ];
    for (const set of orders) {
      await world.table.transact([{ op: 'update', key, set }]);
      expect(await phone.send({}, { Wait: 5 })).toBe('empty');
      await world.table.transact([{ op: 'update', key, remove: Object.keys(set) }]);
    }
  });

  test('does not miss what is raised while it looks for the first time', async () => {
    let meanwhile = async () => {};
    const world = await openSyncWorld({
      wrap: (inner) => ({
        get: (...asked) => inner.get(...asked),
        query: (...asked) => inner.query(...asked),
        transact: (...asked) => inner.transact(...asked),
        async batchGet(...asked) {
          await meanwhile();
          return inner.batchGet(...asked);
        },
      }),
    });
    const phone = new TestPhone(world);
    await phone.start();
    meanwhile = async () => {
      meanwhile = async () => {};
      await world.mailbox.raise('wipeEpoch');
    };
    const hold = (await phone.send({}, { Wait: 5 })) as Hold;
    expect(await hold.look()).toEqual({ ...quiet, hierarchy: true });
  });

  test('does not wait when there is', async () => {
    const { world, phone } = await waiting();
    await deliver(world, 1);
    expect(await phone.sync({}, { Wait: 5 })).toMatchObject({ Commands: { length: 1 } });
  });

  test('[MS-ASCMD R5599 R5789] does not wait with commands of its own', async () => {
    const { phone, id } = await waiting();
    const answer = await phone.sync({ Commands: [change(id, { Categories: { Category: ['Red'] } })] }, { Wait: 5 });
    expect(answer).toMatchObject({ Status: 1 });
  });

  test('does not wait for a first key', async () => {
    const { phone } = await waiting();
    phone.key = '0';
    expect(await phone.sync({}, { Wait: 5 })).toMatchObject({ Status: 1 });
  });

  test('leaves the device free to Sync meanwhile', async () => {
    const { world, phone, hold } = await waiting();
    const [id] = await deliver(world, 1);
    await phone.sync();
    expect(phone.items.has(id!)).toBe(true);
    expect(await hold.answer({ kind: 'superseded' })).toEqual({ kind: 'empty' });
  });
});

describe('its look', () => {
  test('[MS-ASCMD R5596 R5598] tells additions from what may wait', async () => {
    const { world, hold, id } = await waiting();
    await elsewhere(world, id, { read: true });
    expect(await hold.look()).toEqual({ ...quiet, later: [INBOX] });
    await deliver(world, 1);
    expect(await hold.look()).toEqual({ ...quiet, now: [INBOX] });
  });

  test('sees policies, wipes and folders that are gone', async () => {
    for (const epoch of ['policyEpoch', 'wipeEpoch'] as const) {
      const { world, hold } = await waiting();
      await world.mailbox.raise(epoch);
      expect(await hold.look()).toEqual({ ...quiet, hierarchy: true });
    }
    const { world } = await waiting();
    const folder = await world.mailbox.createFolder({ name: 'Old', parent: '0' as FolderId, type: 12 });
    const phone = new TestPhone(world, 'phone1', folder.id);
    await phone.start();
    const hold = (await phone.send({}, { Wait: 5 })) as Hold;
    await world.mailbox.deleteFolder(folder.id);
    expect(await hold.look()).toEqual({ ...quiet, hierarchy: true });
    const answer = received(await hold.answer({ kind: 'hierarchy' }), 141);
    expect(phone.take(answer)).toMatchObject({ Status: 12 });
  });
});

describe('its answer', () => {
  test('brings what changed', async () => {
    const { world, phone, hold } = await waiting();
    const [id] = await deliver(world, 1);
    phone.take(received(await hold.answer({ kind: 'changes', folders: [INBOX] }), 141));
    expect(phone.items.has(id!)).toBe(true);
  });

  test('at the end of the wait brings what did not deserve a wake', async () => {
    const { world, phone, hold, id } = await waiting();
    await elsewhere(world, id, { read: true });
    phone.take(received(await hold.answer({ kind: 'expired', folders: [INBOX] }), 141));
    expect(phone.items.get(id)?.Read).toBe(true);
  });

  test.each<Outcome>([
    { kind: 'expired', folders: [] },
    { kind: 'superseded' },
    { kind: 'draining' },
    { kind: 'failed' },
  ])('for $kind is empty', async (outcome) => {
    const { hold } = await waiting();
    expect(await hold.answer(outcome)).toEqual({ kind: 'empty' });
  });
});
