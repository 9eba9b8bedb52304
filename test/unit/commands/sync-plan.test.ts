/** Requests as a whole: limits, waits, empty and partial ones. */
import { describe, expect, test } from 'vitest';
import { planSync, type SyncPlan } from '../../../lib/commands/sync/plan.ts';
import { createSyncCommand } from '../../../lib/commands/sync.ts';
import type { SyncRequest } from '../../../lib/documents/sync.ts';
import { INBOX, TRASH } from '../../support/mailboxes.ts';
import { change, fetchOf, remove, TestPhone } from '../../support/sync-phone.ts';
import { deliver, elsewhere, openSyncWorld } from '../../support/sync-world.ts';

const collection = (CollectionId: string, SyncKey = 'g.1') => ({ CollectionId, SyncKey });
const request = (over: Partial<SyncRequest> = {}, ...ids: string[]): SyncRequest => ({
  Collections: { Collection: (ids.length > 0 ? ids : ['a']).map((id) => collection(id)) },
  ...over,
});

describe('a wait', () => {
  test.each([
    [{ Wait: 1 }, 60_000],
    [{ Wait: 59 }, 59 * 60_000],
    [{ HeartbeatInterval: 60 }, 60_000],
    [{ HeartbeatInterval: 3540 }, 3_540_000],
    [{}, 0],
  ])('%j is %i ms', (wait, waitMs) => {
    expect(planSync(request(wait), undefined)).toMatchObject({ waitMs });
  });

  test.each([
    ['[MS-ASCMD R3227]', { Wait: 0 }, 1],
    ['[MS-ASCMD R3228 R4459 R4746 R5781]', { Wait: 60 }, 59],
    ['[MS-ASCMD R5782]', { Wait: -1 }, 1],
    ['[MS-ASCMD R3229 R4461]', { HeartbeatInterval: 59 }, 60],
    ['[MS-ASCMD R3230 R3160 R3225 R4460 R5780]', { HeartbeatInterval: 3541 }, 3540],
  ])('%s out of bounds, %j, is status 14 with the nearest bound', (_, wait, Limit) => {
    expect(planSync(request(wait), undefined)).toEqual({ Status: 14, Limit });
  });

  test('[MS-ASCMD R3162 R4748] given twice is status 4', () => {
    expect(planSync(request({ Wait: 5, HeartbeatInterval: 300 }), undefined)).toEqual({ Status: 4 });
  });
});

describe('a preference', () => {
  const asking = (...Options: object[]) =>
    planSync(
      { Collections: { Collection: [{ ...collection('a'), Options } as ReturnType<typeof collection>] } },
      undefined,
    );

  test('[MS-ASAIRS R10016] for one type of body comes once, or the request is status 4', () => {
    expect(asking({ BodyPreference: [{ Type: 1 }, { Type: 2 }] })).toHaveProperty('collections');
    expect(asking({ BodyPreference: [{ Type: 1 }, { Type: 1, TruncationSize: 5 }] })).toEqual({ Status: 4 });
    // Mail and text messages each have their own.
    expect(asking({ BodyPreference: [{ Type: 1 }] }, { Class: 'SMS', BodyPreference: [{ Type: 1 }] })).toHaveProperty(
      'collections',
    );
  });

  test('[MS-ASCON R241] [MS-ASCMD R5412] for the message part is of HTML, or the request is status 164', () => {
    expect(asking({ BodyPartPreference: { Type: 2 } })).toHaveProperty('collections');
    for (const Type of [0, 1, 3, 4]) expect(asking({ BodyPartPreference: { Type } })).toEqual({ Status: 164 });
  });
});

describe('one collection that is wrong', () => {
  const others = (wrong: object) => [collection('a'), { ...collection('b'), ...wrong }];
  test.each<[string, object, number]>([
    ['asks for changes with key 0 [MS-ASCMD R3128]', { SyncKey: '0', GetChanges: true }, 4],
    ['brings commands with key 0', { SyncKey: '0', Commands: [remove('x')] }, 4],
    [
      'has two preferences for one type [MS-ASAIRS R10016]',
      { Options: [{ BodyPreference: [{ Type: 1 }, { Type: 1 }] }] },
      4,
    ],
    ['wants a message part as plain text [MS-ASCON R241]', { Options: [{ BodyPartPreference: { Type: 1 } }] }, 164],
  ])('is refused alone: it %s', (_, wrong, status) => {
    for (const Collection of [others(wrong), others(wrong).toReversed()]) {
      const plan = planSync({ Collections: { Collection } }, undefined);
      expect(plan).toMatchObject({ collections: Collection, refused: new Map([['b', status]]) });
    }
  });

  test.each(['', 'x'.repeat(65)])('fails the request with the others where its key can be none: %j', (SyncKey) => {
    expect(planSync({ Collections: { Collection: others({ SyncKey }) } }, undefined)).toEqual({ Status: 4 });
  });

  test('fails the request where no other is right, by the status of the first', () => {
    const bad = { SyncKey: '0', GetChanges: true };
    const part = { Options: [{ BodyPartPreference: { Type: 1 } }] };
    const Collection = [
      { ...collection('a'), ...part },
      { ...collection('b'), ...bad },
    ];
    expect(planSync({ Collections: { Collection } }, undefined)).toEqual({ Status: 164 });
    expect(planSync({ Collections: { Collection: Collection.toReversed() } }, undefined)).toEqual({ Status: 4 });
  });
});

describe('a partial request', () => {
  const waitOf = (given: Partial<SyncRequest>, cached: Partial<SyncRequest>) =>
    (planSync({ Partial: true, ...given }, request(cached)) as SyncPlan).waitMs;

  test.each<[string, Partial<SyncRequest>, Partial<SyncRequest>, number]>([
    ['as long as before, where it does not say', {}, { HeartbeatInterval: 90 }, 90_000],
    ['as it says in minutes', { Wait: 2 }, { HeartbeatInterval: 90 }, 120_000],
    ['as it says in seconds', { HeartbeatInterval: 90 }, { Wait: 2 }, 90_000],
    ['not at all, where nobody says', {}, {}, 0],
  ])('waits %s', (_, given, cached, waitMs) => {
    expect(waitOf(given, cached)).toBe(waitMs);
  });
});

describe('a limit', () => {
  const commands = (count: number) => Array.from({ length: count }, (_, n) => fetchOf(`x${n}`));

  test('[MS-ASCMD R5659] more than 200 commands are status 4, however they are spread', () => {
    const plan = (one: number, other: number) =>
      planSync(
        {
          Collections: {
            Collection: [
              { ...collection('a'), Commands: commands(one) },
              { ...collection('b'), Commands: commands(other) },
            ],
          },
        },
        undefined,
      );
    expect(plan(100, 100)).toHaveProperty('collections');
    expect(plan(100, 101)).toEqual({ Status: 4 });
    expect(plan(201, 0)).toEqual({ Status: 4 });
  });

  test('[MS-ASCMD R4464 R3231] more collections than one request may have are status 15 with the limit', () => {
    const limits = { maxCommands: 200, maxCollections: 2 };
    expect(planSync(request({}, 'a', 'b'), undefined, limits)).toHaveProperty('collections');
    expect(planSync(request({}, 'a', 'b', 'c'), undefined, limits)).toEqual({ Status: 15, Limit: 2 });
  });

  test('a collection twice is status 4', () => {
    expect(planSync(request({}, 'a', 'b', 'a'), undefined)).toEqual({ Status: 4 });
  });

  test.each([
    ['an empty key', { SyncKey: '' }],
    ['a key of 65 characters', { SyncKey: 'x'.repeat(65) }],
    ['commands under key 0', { SyncKey: '0', Commands: [remove('x')] }],
    ['GetChanges under key 0', { SyncKey: '0', GetChanges: true }],
  ])('%s is status 4', (_, over) => {
    expect(planSync({ Collections: { Collection: [{ ...collection('a'), ...over }] } }, undefined)).toEqual({
      Status: 4,
    });
  });

  test('[MS-ASCMD R2058] Commands without a child are no error', () => {
    const plan = planSync({ Collections: { Collection: [{ ...collection('a'), Commands: [] }] } }, undefined);
    expect(plan).toMatchObject({ hasCommands: false });
  });

  test.each([0, -1, Number.NaN])('of %s is none that a server can be made with', async (bad) => {
    const world = await openSyncWorld();
    const deps = { table: world.table, states: world.states, news: world.news, classes: [] };
    expect(() =>
      createSyncCommand({ ...deps, options: { limits: { maxCommands: bad, maxCollections: 1 } } }),
    ).toThrow();
    expect(() => createSyncCommand({ ...deps, options: { bytes: { lambda: bad, task: 1 } } })).toThrow();
  });
});

describe('an empty or partial request', () => {
  const cached = request({ Wait: 5, WindowSize: 7 }, 'a', 'b');
  const idsOf = (plan: unknown) =>
    (plan as SyncPlan).collections.map(({ CollectionId, SyncKey }) => `${CollectionId} ${SyncKey}`);

  test('[MS-ASCMD R4456] without a cached one is status 13', () => {
    expect(planSync(undefined, undefined)).toEqual({ Status: 13 });
    expect(planSync({ Partial: true }, undefined)).toEqual({ Status: 13 });
    expect(planSync({ HeartbeatInterval: 300 }, undefined)).toEqual({ Status: 13 });
    expect(planSync({ Collections: { Collection: [] } }, undefined)).toEqual({ Status: 13 });
  });

  test('[MS-ASCMD R658 R673] repeats the cached one', () => {
    const plan = planSync(undefined, cached);
    expect(plan).toMatchObject({ waitMs: 300_000, windowSize: 7 });
    expect(idsOf(plan)).toEqual(['a g.1', 'b g.1']);
  });

  test('changes some collections and the wait, and keeps the others', () => {
    const partial = {
      Partial: true,
      HeartbeatInterval: 120,
      Collections: { Collection: [collection('b', 'g.2'), collection('c')] },
    };
    const plan = planSync(partial, cached);
    expect(plan).toMatchObject({ waitMs: 120_000, windowSize: 7 });
    expect(idsOf(plan)).toEqual(['a g.1', 'b g.2', 'c g.1']);
    expect((plan as SyncPlan).cache).not.toHaveProperty('Partial', true);
  });

  test('[MS-ASCMD R666] is cached without what counts once, and not at all with commands', () => {
    expect((planSync(request(), undefined) as SyncPlan).cache?.Collections?.Collection).toEqual([collection('a')]);
    const commands = { Collections: { Collection: [{ ...collection('a'), Commands: [remove('x')] }] } };
    expect((planSync(commands, undefined) as SyncPlan).cache).toBeUndefined();
  });

  test('[MS-ASCMD R675] goes on over real requests until something happens', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await world.makeDevice(phone.device);
    await deliver(world, 1);
    await phone.start();
    expect(await phone.raw(undefined)).toBe('empty');
    expect(await phone.raw(undefined)).toBe('empty');
    const [id] = await deliver(world, 1);
    phone.take(await phone.raw(undefined));
    expect(phone.items.has(id!)).toBe(true);
  });

  test('[MS-ASCMD R674] does not repeat what a later request replaced', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await world.makeDevice(phone.device);
    const [id] = await deliver(world, 1);
    await phone.start();
    expect(await phone.send()).toBe('empty');
    await phone.sync({ Commands: [change(id!, { Read: true })] });
    expect(await phone.raw(undefined)).toEqual({ Status: 13 });
  });

  test('does not repeat a request that failed as a whole, but the one before', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    phone.context = { version: 121 };
    await world.makeDevice(phone.device);
    await phone.start();
    expect(await phone.send()).toBe('empty');
    expect(await phone.send({ Class: 'Contacts' })).toEqual({ Status: 4 });
    expect(await phone.raw(undefined)).toBe('empty');
  });

  test('of a partial one names only the folder that changed', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    const trash = new TestPhone(world, 'phone1', TRASH);
    await world.makeDevice(phone.device);
    await phone.start();
    await trash.start();
    const Collection = [
      { SyncKey: phone.key, CollectionId: INBOX },
      { SyncKey: trash.key, CollectionId: TRASH },
    ];
    expect(await phone.raw({ Collections: { Collection } })).toBe('empty');
    const [id] = await deliver(world, 1);
    phone.take(await phone.raw({ Partial: true, WindowSize: 50 }));
    expect(phone.items.has(id!)).toBe(true);
    await elsewhere(world, id!, { read: true });
    phone.take(
      await phone.raw({ Partial: true, Collections: { Collection: [{ SyncKey: phone.key, CollectionId: INBOX }] } }),
    );
    expect(phone.items.get(id!)?.Read).toBe(true);
  });

  test('of a device without a partnership is never cached', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world, 'validate');
    await phone.start();
    expect(await phone.raw(undefined)).toEqual({ Status: 13 });
  });
});

describe('a body that is no Sync request', () => {
  test.each([101, 102, 103, 104])('[MS-ASCMD R4545] with common status %i is status 4', async (status) => {
    const { command } = await openSyncWorld();
    expect(command.failure(status)).toEqual({ Status: 4 });
  });
  test('keeps other statuses', async () => {
    const { command } = await openSyncWorld();
    expect(command.failure(142)).toEqual({ Status: 142 });
    expect(command.failure(111)).toEqual({ Status: 111 });
  });
});
