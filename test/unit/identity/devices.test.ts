import { describe, expect, test } from 'vitest';
import { createDevices, NoDevice } from '../../../lib/identity/devices.ts';
import type { DeviceId, FolderId, MailboxId } from '../../../lib/ops/ids.ts';
import type { ProtocolFailure } from '../../../lib/protocol/command.ts';
import type { Table, Write } from '../../../lib/store/ports.ts';
import { keys, mailboxPartition } from '../../../lib/store/schema.ts';
import { STORES } from '../../support/stores.ts';
import { openWorld as openWorldOn } from './support.ts';

const mailbox = 'ada' as MailboxId;
const phone = 'phone1' as DeviceId;
const seen = { id: phone, type: 'iPhone', userAgent: 'Apple-iPhone/1', version: 161 } as const;

/** A table that notes what is written. */
function noting(table: Table): Table & { readonly writes: Write[] } {
  const writes: Write[] = [];
  return {
    writes,
    get: (...input) => table.get(...input),
    batchGet: (...input) => table.batchGet(...input),
    query: (...input) => table.query(...input),
    transact(input) {
      writes.push(...input);
      return table.transact(input);
    },
  };
}

describe.each(STORES)('on %s', (store) => {
  const openWorld = (options: { readonly maxDevices?: number } = {}) => openWorldOn({ store, ...options });

  describe('a partnership', () => {
    test('begins with the first request', async () => {
      const { devices, clock } = await openWorld();
      const device = await devices.touch(mailbox, seen);
      expect(device).toEqual({ ...seen, firstSeen: clock.now(), lastSeen: clock.now() });
      expect(await devices.get(mailbox, phone)).toEqual(device);
      expect(await devices.list(mailbox)).toEqual([device]);
      expect(await devices.list('bob' as MailboxId)).toEqual([]);
    });

    test('two first requests at once make one', async () => {
      const { devices } = await openWorld();
      const [one, two] = await Promise.all([devices.touch(mailbox, seen), devices.touch(mailbox, seen)]);
      expect(one).toEqual(two);
      expect(await devices.list(mailbox)).toHaveLength(1);
    });

    test.each([
      { what: 'nothing new within the hour', after: 3_599_999, change: {}, written: 0 },
      { what: 'nothing new, an hour later', after: 3_600_000, change: {}, written: 1 },
      { what: 'another version', after: 1000, change: { version: 141 as const }, written: 1 },
      { what: 'another User-Agent', after: 1000, change: { userAgent: 'Apple-iPhone/2' }, written: 1 },
      { what: 'another type', after: 1000, change: { type: 'iPad' }, written: 1 },
      { what: 'no User-Agent', after: 1000, change: { userAgent: undefined }, written: 0 },
    ])('a request with $what writes $written times', async ({ after, change, written }) => {
      const { table, clock, mailboxes } = await openWorld();
      const noted = noting(table);
      const devices = createDevices({ table: noted, clock, mailboxes });
      const first = await devices.touch(mailbox, seen);
      noted.writes.length = 0;
      await clock.advance(after);
      const again = await devices.touch(mailbox, { ...seen, ...change });
      expect(noted.writes).toHaveLength(written);
      const defined = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      expect(again).toEqual({ ...first, ...defined, lastSeen: written ? clock.now() : first.lastSeen });
      expect(await devices.get(mailbox, phone)).toEqual(again);
    });

    test("AOSP's account test leaves nothing behind", async () => {
      const { table, clock, mailboxes } = await openWorld();
      const noted = noting(table);
      const devices = createDevices({ table: noted, clock, mailboxes });
      const id = 'validate' as DeviceId;
      expect(await devices.touch(mailbox, { ...seen, id })).toMatchObject({ id, type: 'iPhone' });
      expect(await devices.save(mailbox, id, { policyKey: '5' })).toMatchObject({ id, policyKey: '5' });
      expect(noted.writes).toEqual([]);
      expect(await devices.get(mailbox, id)).toBeUndefined();
    });

    test('a text that no device would send is cut', async () => {
      const { devices } = await openWorld();
      const device = await devices.touch(mailbox, { ...seen, userAgent: 'x'.repeat(100_000) });
      expect(device.userAgent).toHaveLength(1024);
    });

    test('one more than allowed gets status 177 [MS-ASCMD R4980], those that are known go on', async () => {
      const { devices } = await openWorld({ maxDevices: 2 });
      await devices.touch(mailbox, seen);
      await devices.touch(mailbox, { ...seen, id: 'two' as DeviceId });
      const third = devices.touch(mailbox, { ...seen, id: 'three' as DeviceId });
      await expect(third).rejects.toThrow(expect.objectContaining({ status: 177 }) as ProtocolFailure);
      await devices.touch(mailbox, seen);
      await devices.remove(mailbox, phone);
      await devices.touch(mailbox, { ...seen, id: 'three' as DeviceId });
    });

    test('new ones at once are no more than allowed, whoever of them comes first [MS-ASCMD R4980]', async () => {
      const { devices } = await openWorld({ maxDevices: 3 });
      await devices.touch(mailbox, seen);
      const ids = ['a', 'b', 'c', 'd', 'e'] as DeviceId[];
      const touched = await Promise.allSettled(ids.map((id) => devices.touch(mailbox, { ...seen, id })));
      const refused = touched.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown);
      expect(refused).toEqual(Array(3).fill(expect.objectContaining({ status: 177 })));
      expect(await devices.list(mailbox)).toHaveLength(3);
    });

    test('the last one allowed may come twice at once', async () => {
      const { devices } = await openWorld({ maxDevices: 1 });
      const [one, two] = await Promise.all([devices.touch(mailbox, seen), devices.touch(mailbox, seen)]);
      expect(one).toEqual(two);
    });

    test('one that comes between the count and the write takes the place', async () => {
      const { table, clock, mailboxes } = await openWorld();
      let counted = 0;
      const racing: Table = {
        ...noting(table),
        async query(query) {
          const rows = await table.query(query);
          counted++;
          if (counted === 1) {
            const other = createDevices({ table, clock, mailboxes, maxDevices: 1 });
            await other.touch(mailbox, { ...seen, id: 'quick' as DeviceId });
          }
          return rows;
        },
      };
      const devices = createDevices({ table: racing, clock, mailboxes, maxDevices: 1 });
      await expect(devices.touch(mailbox, seen)).rejects.toThrow(
        expect.objectContaining({ status: 177 }) as ProtocolFailure,
      );
      expect(counted).toBe(2);
      expect((await devices.list(mailbox)).map(({ id }) => id)).toEqual(['quick']);
    });

    test.each([0, Number.NaN, -1])('a maximum of %d devices is no maximum', async (maxDevices) => {
      await expect(openWorld({ maxDevices })).rejects.toThrow(RangeError);
    });
  });

  describe('saving', () => {
    test('changes what it names and leaves the rest', async () => {
      const { devices } = await openWorld();
      const device = await devices.touch(mailbox, seen);
      await devices.save(mailbox, phone, { information: { model: 'X', imei: undefined }, temporaryPolicyKey: '7' });
      const saved = await devices.save(mailbox, phone, { policyKey: '9', temporaryPolicyKey: undefined });
      expect(saved).toEqual({ ...device, information: { model: 'X' }, policyKey: '9' });
    });

    test('of changes at once none is lost', async () => {
      const { devices } = await openWorld();
      await devices.touch(mailbox, seen);
      await Promise.all([
        devices.save(mailbox, phone, { policyKey: '9' }),
        devices.save(mailbox, phone, { blocked: true }),
        devices.touch(mailbox, { ...seen, version: 160 }),
        devices.save(mailbox, phone, { information: { os: 'iOS' } }),
      ]);
      expect(await devices.get(mailbox, phone)).toMatchObject({
        policyKey: '9',
        blocked: true,
        version: 160,
        information: { os: 'iOS' },
      });
    });

    test('does not bring back a device that was removed', async () => {
      const { devices, mailboxes } = await openWorld();
      await mailboxes.create(mailbox);
      await devices.touch(mailbox, seen);
      await devices.remove(mailbox, phone);
      await expect(devices.save(mailbox, phone, { policyKey: '9' })).rejects.toThrow(NoDevice);
      await expect(devices.orderWipe(mailbox, phone, 'device')).rejects.toThrow(NoDevice);
      expect(await devices.list(mailbox)).toEqual([]);
    });
  });

  describe('replacing what was read', () => {
    test('leaves alone what somebody else has ordered since', async () => {
      const { devices, mailboxes, clock } = await openWorld();
      await mailboxes.create(mailbox);
      await devices.touch(mailbox, seen);
      const was = await devices.orderWipe(mailbox, phone, 'account');
      const sent = { wipe: { kind: 'account', state: 'sent', at: clock.now() } } as const;
      const escalated = await devices.orderWipe(mailbox, phone, 'device');
      expect(await devices.replace(mailbox, was, 'wipe', { ...sent, blocked: true })).toEqual({
        replaced: false,
        device: escalated,
      });
      expect(await devices.get(mailbox, phone)).toEqual(escalated);
      const told = { wipe: { ...sent.wipe, kind: 'device' } } as const;
      expect(await devices.replace(mailbox, escalated, 'wipe', told)).toMatchObject({ replaced: true, device: told });
      expect((await devices.get(mailbox, phone))?.wipe).toEqual(told.wipe);
    });

    test('is done by one of two at once', async () => {
      const { devices, mailboxes } = await openWorld();
      await mailboxes.create(mailbox);
      await devices.touch(mailbox, seen);
      const was = await devices.orderWipe(mailbox, phone, 'device');
      const to = (state: 'done' | 'failed') =>
        devices.replace(mailbox, was, 'wipe', { wipe: { kind: 'device', state, at: 1 } });
      const both = await Promise.all([to('done'), to('failed')]);
      expect(both.filter(({ replaced }) => replaced)).toHaveLength(1);
    });

    test('also serves a row that was written without a mark', async () => {
      const { devices, table } = await openWorld();
      await devices.touch(mailbox, seen);
      const wipe = { kind: 'device', state: 'ordered', at: 1 } as const;
      await table.transact([{ op: 'update', key: keys.device(mailbox, phone), set: { wipe } }]);
      const was = (await devices.get(mailbox, phone))!;
      const sent = { wipe: { ...wipe, state: 'sent' } } as const;
      expect(await devices.replace(mailbox, was, 'wipe', sent)).toMatchObject({ replaced: true, device: sent });
    });

    test('settles the notice that was told, and no later one', async () => {
      const { devices, mailboxes, clock } = await openWorld();
      await mailboxes.create(mailbox);
      await devices.touch(mailbox, seen);
      const first = await devices.decide(mailbox, phone, 'quarantine');
      await clock.advance(1);
      const second = await devices.decide(mailbox, phone, 'block');
      const settle = (was: typeof first) => devices.replace(mailbox, was, 'notice', { notice: undefined });
      expect((await settle(first)).replaced).toBe(false);
      expect((await devices.get(mailbox, phone))?.notice).toEqual({ about: 'block', at: clock.now() });
      expect((await settle(second)).replaced).toBe(true);
      expect((await devices.get(mailbox, phone))?.notice).toBeUndefined();
    });

    test('does not bring back a device that was removed', async () => {
      const { devices, mailboxes } = await openWorld();
      await mailboxes.create(mailbox);
      await devices.touch(mailbox, seen);
      const was = await devices.orderWipe(mailbox, phone, 'device');
      await devices.remove(mailbox, phone);
      await expect(devices.replace(mailbox, was, 'wipe', { blocked: true })).rejects.toThrow(NoDevice);
    });
  });

  describe('removing', () => {
    test('takes the sync states, waiters and ledgers of this device and of no other', async () => {
      const { devices, table } = await openWorld();
      const other = 'phone10' as DeviceId;
      await devices.touch(mailbox, seen);
      await devices.touch(mailbox, { ...seen, id: other });
      for (const device of [phone, other]) {
        const owned = [
          ...Array.from({ length: 130 }, (_, n) => keys.syncState(mailbox, device, `f${n}` as FolderId)),
          keys.ledger(mailbox, device, 'f' as FolderId, '1.1', 'c'),
          keys.waiter(mailbox, device, 'r'),
          keys.sent(mailbox, device, 'c'),
        ];
        for (const { table: name, pk, sk } of owned)
          await table.transact([{ op: 'put', table: name, row: { pk, sk } }]);
      }
      await devices.remove(mailbox, phone);
      const left = await table.query({ table: 'devices', pk: mailboxPartition(mailbox) });
      expect(left).toHaveLength(134);
      for (const { sk } of left) expect(sk).toContain(`#${other}`);
    });
  });

  describe('ordering a wipe', () => {
    test.each(['device', 'account'] as const)('of the %s marks it and ends held requests', async (kind) => {
      const { devices, mailboxes, clock, epochs } = await openWorld();
      await mailboxes.create(mailbox);
      const before = await epochs(mailbox);
      await devices.touch(mailbox, seen);
      const device = await devices.orderWipe(mailbox, phone, kind);
      expect(device.wipe).toEqual({ kind, state: 'ordered', at: clock.now() });
      expect(await epochs(mailbox)).toEqual({ ...before, wipe: before.wipe + 1 });
    });

    test('lifts a block, behind which the device would never hear of it', async () => {
      const { devices, mailboxes } = await openWorld();
      await mailboxes.create(mailbox);
      await devices.touch(mailbox, seen);
      await devices.save(mailbox, phone, { blocked: true });
      expect((await devices.orderWipe(mailbox, phone, 'device')).blocked).toBeUndefined();
    });
  });
});
