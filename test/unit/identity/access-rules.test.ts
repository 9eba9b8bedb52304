import { describe, expect, test } from 'vitest';
import { createAccessControl, InvalidRule, MAX_RULES, type NewRule } from '../../../lib/identity/access-rules.ts';
import { createDevices, NoDevice } from '../../../lib/identity/devices.ts';
import { AGENT_LIMIT } from '../../../lib/identity/user-agents.ts';
import type { DeviceId, MailboxId } from '../../../lib/ops/ids.ts';
import type { Table } from '../../../lib/store/ports.ts';
import { STORES } from '../../support/stores.ts';
import { openWorld } from './support.ts';

const GLOBAL = { kind: 'global' } as const;
const phone = 'phone1' as DeviceId;
const seen = { id: phone, type: 'iPhone', userAgent: 'Apple-iPhone/1', version: 161 } as const;
const iphones = (action: NewRule['action']): NewRule => ({ action, match: { type: 'iPhone' } });

async function world(store: (typeof STORES)[number] = 'sqlite') {
  const base = await openWorld({ store });
  const { table, clock, mailboxes, accounts } = base;
  const make = (over: Table = table, agents = AGENT_LIMIT) =>
    createDevices({ table: over, clock, mailboxes, directory: accounts, agents });
  const devices = make();
  const access = createAccessControl({ table, clock, directory: accounts, devices });
  const ann = await accounts.create({ address: 'ann@one.test' });
  const bob = await accounts.create({ address: 'bob@two.test' });
  return { ...base, devices, access, ann, bob, make };
}

describe.each(STORES)('rules on %s', (store) => {
  test('are kept in their order, with a place for each', async () => {
    const { access } = await world(store);
    await access.add(iphones('block'), GLOBAL);
    await access.add({ action: 'allow', match: { os: 'iOS*' }, note: 'tested' }, GLOBAL, 0);
    await access.add(iphones('quarantine'), { kind: 'domain', domain: 'one.test' }, 1);
    const { rules, revision } = await access.rules();
    expect(rules.map(({ action }) => action)).toEqual(['allow', 'quarantine', 'block']);
    expect(rules[0]).toMatchObject({ match: { os: 'iOS*' }, note: 'tested', scope: GLOBAL });
    expect(await access.remove(rules[1]!.id)).toBe(0);
    expect(await access.remove('unknown')).toBeUndefined();
    const after = await access.rules();
    expect(after.rules).toHaveLength(2);
    expect(after.revision).not.toBe(revision);
  });

  test('made at the same time are all kept', async () => {
    const { access } = await world(store);
    await Promise.all(Array.from({ length: 5 }, () => access.add(iphones('block'), GLOBAL)));
    expect((await access.rules()).rules).toHaveLength(5);
  });

  test('reach the devices that are there: of the accounts that they are for, and end what these hold', async () => {
    const { access, devices, ann, bob, epochs } = await world(store);
    for (const { id } of [ann, bob]) await devices.touch(id, seen);
    const before = await epochs(ann.id);
    const { changed, rule } = await access.add(iphones('block'), { kind: 'domain', domain: 'one.test' });
    expect(changed).toBe(1);
    const blocked = await devices.get(ann.id, phone);
    expect(blocked).toMatchObject({ access: { action: 'block', by: rule.id }, notice: { about: 'block' } });
    expect((await devices.get(bob.id, phone))?.access).toBeUndefined();
    expect((await epochs(ann.id)).policy).toBe(before.policy + 1);
    expect(await access.remove(rule.id)).toBe(1);
    const free = await devices.get(ann.id, phone);
    expect(free?.access).toBeUndefined();
    expect(free?.notice).toBeUndefined();
  });

  test('judge a device when it comes, and again when it tells what it is', async () => {
    const { access, devices, ann } = await world(store);
    await access.setDefault(GLOBAL, 'quarantine');
    await access.add({ action: 'allow', match: { model: 'Pixel*' } }, GLOBAL);
    await access.add({ action: 'block', match: { os: 'iOS 9*' } }, GLOBAL);
    expect((await devices.touch(ann.id, seen)).access?.action).toBe('quarantine');
    const told = await devices.save(ann.id, phone, { information: { os: 'iOS 9.1' } });
    expect(told).toMatchObject({ access: { action: 'block' }, notice: { about: 'block' } });
    const other = await devices.save(ann.id, phone, { information: { model: 'Pixel 9' } });
    expect(other).toMatchObject({ access: { action: 'allow' } });
    expect(other.notice).toBeUndefined();
  });

  test('a decision by hand stands whatever they say, also for a device that nobody has seen', async () => {
    const { access, devices, ann, clock } = await world(store);
    await devices.decide(ann.id, phone, 'allow');
    await access.add(iphones('block'), GLOBAL);
    const device = await devices.touch(ann.id, seen);
    expect(device).toMatchObject({
      decided: 'allow',
      access: { action: 'block' },
      firstSeen: clock.now(),
      type: 'iPhone',
    });
    expect(device.notice).toBeUndefined();
    const reset = await devices.decide(ann.id, phone, undefined);
    expect(reset).toMatchObject({ notice: { about: 'block' } });
    expect((await devices.get(ann.id, phone))?.decided).toBeUndefined();
  });
});

describe('a rule', () => {
  test.each([
    [{ action: 'block', match: {} }],
    [{ action: 'forbid', match: { type: 'x' } }],
    [{ action: 'block', match: { type: '' } }],
    [{ action: 'block', match: { type: 'x'.repeat(201) } }],
    [{ action: 'block', match: { imei: '1' } }],
  ])('that is %j is refused', async (input) => {
    const { access } = await world();
    await expect(access.add(input as NewRule, GLOBAL)).rejects.toThrow(InvalidRule);
    expect((await access.rules()).revision).toBeUndefined();
  });

  test(`is refused when there are ${MAX_RULES}`, async () => {
    const { access, table } = await world();
    const rules = Array.from({ length: MAX_RULES }, (_, n) => ({ id: `${n}`, ...iphones('allow'), scope: GLOBAL }));
    await table.transact([
      { op: 'put', table: 'directory', row: { pk: 'ACCESS', sk: 'RULES', rules, defaults: [], revision: 'r' } },
    ]);
    await expect(access.add(iphones('block'), GLOBAL)).rejects.toThrow(InvalidRule);
  });

  test('that is made while a device comes is not missed by it', async () => {
    const { access, make, table, ann } = await world();
    let raced = false;
    const racing: Table = {
      get: (...input) => table.get(...input),
      batchGet: (...input) => table.batchGet(...input),
      query: (...input) => table.query(...input),
      async transact(writes) {
        if (!raced && writes.some((write) => write.op === 'put' && write.row.sk.startsWith('D#'))) {
          raced = true;
          // Its look for devices is over before this one is there.
          await access.add(iphones('block'), GLOBAL);
        }
        await table.transact(writes);
      },
    };
    const device = await make(racing).touch(ann.id, seen);
    expect(raced).toBe(true);
    expect(device.access?.action).toBe('block');
  });

  test('costs a device that is known no read', async () => {
    const { access, make, table, ann } = await world();
    await access.add(iphones('quarantine'), GLOBAL);
    const reads: string[] = [];
    const counting: Table = {
      ...{ batchGet: (...input) => table.batchGet(...input), query: (...input) => table.query(...input) },
      transact: (writes) => table.transact(writes),
      get: (key, consistency) => {
        reads.push(`${key.pk.slice(0, 6)} ${key.sk}`);
        return table.get(key, consistency);
      },
    } as Table;
    const devices = make(counting);
    await devices.touch(ann.id, seen);
    reads.length = 0;
    expect((await devices.touch(ann.id, seen)).access?.action).toBe('quarantine');
    expect(reads).toHaveLength(1);
  });
});

describe('decisions by hand', () => {
  test('are nothing for the device of an account test', async () => {
    const { devices, ann } = await world();
    await expect(devices.decide(ann.id, 'validate' as DeviceId, 'block')).rejects.toThrow(NoDevice);
  });

  test('taken back from a device that never came leave nothing', async () => {
    const { devices, ann } = await world();
    await devices.decide(ann.id, phone, 'block');
    await devices.decide(ann.id, phone, undefined);
    expect(await devices.list(ann.id)).toEqual([]);
  });

  test('let in who was shut out for its behaviour', async () => {
    const { devices, ann, clock } = await world();
    await devices.touch(ann.id, seen);
    await devices.save(ann.id, phone, { throttled: { reason: 'RecentCommands', until: clock.now() + 1 } });
    await devices.decide(ann.id, phone, 'allow');
    expect((await devices.get(ann.id, phone))?.throttled).toBeUndefined();
  });
});

describe('a device that calls itself something else [MS-ASHTTP R418 R420]', () => {
  const hour = 3_600_000;
  const as = (agent: number) => ({ ...seen, userAgent: `Agent/${agent}` });

  test('may do so twice within 24 hours; the third time it is shut out for 14 hours', async () => {
    const { devices, ann, clock } = await world();
    for (const agent of [0, 1, 2]) expect((await devices.touch(ann.id, as(agent))).throttled).toBeUndefined();
    expect((await devices.touch(ann.id, as(3))).throttled).toEqual({
      reason: 'UserAgentChanges',
      until: clock.now() + 14 * hour,
    });
  });

  test('may do so again when the first change is a day old', async () => {
    const { devices, ann, clock } = await world();
    for (const agent of [0, 1, 2]) await devices.touch(ann.id, as(agent));
    await clock.advance(24 * hour);
    expect((await devices.touch(ann.id, as(3))).throttled).toBeUndefined();
  });

  test('in other numbers, where they are configured [MS-ASHTTP R456 R457]', async () => {
    const { make, table, ann, clock } = await world();
    const devices = make(table, { changes: 1, periodMs: hour, blockMs: 2 * hour });
    await devices.touch(ann.id, as(0));
    expect((await devices.touch(ann.id, as(1))).throttled).toBeUndefined();
    expect((await devices.touch(ann.id, as(2))).throttled?.until).toBe(clock.now() + 2 * hour);
  });

  test.each([0, Number.NaN, Number.POSITIVE_INFINITY])('a limit of %d is none', async (changes) => {
    const { make, table } = await world();
    expect(() => make(table, { ...AGENT_LIMIT, changes })).toThrow(RangeError);
  });
});

test('an account that a domain rule is for is found by its whole domain', async () => {
  const { access, accounts, devices } = await world();
  const sub = await accounts.create({ address: 'eve@mail.one.test' });
  await devices.touch(sub.id as MailboxId, seen);
  expect((await access.add(iphones('block'), { kind: 'domain', domain: 'one.test' })).changed).toBe(0);
});
