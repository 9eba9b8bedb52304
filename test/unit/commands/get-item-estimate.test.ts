import { describe, expect, test } from 'vitest';
import { createGetItemEstimateCommand } from '../../../lib/commands/get-item-estimate.ts';
import { GetItemEstimateRequest, GetItemEstimateResponse } from '../../../lib/documents/get-item-estimate.ts';
import { FolderType, ROOT } from '../../../lib/mailbox/types.ts';
import { decode, encode } from '../../../lib/wbxml/index.ts';
import { INBOX } from '../../support/mailboxes.ts';
import { TestPhone } from '../../support/sync-phone.ts';
import { deliver, elsewhere, itemOf, openSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

type Collection = GetItemEstimateRequest['Collections']['Collection'][number];
const DAY = 86_400_000;
const CLASSES = [{ itemClass: 'Email' }, { itemClass: 'Calendar' }] as never;

async function ask(
  world: SyncWorld,
  phone: TestPhone,
  over: Partial<Collection> = {},
  more: readonly Collection[] = [],
) {
  const command = createGetItemEstimateCommand({ states: world.states, classes: CLASSES });
  const one = { SyncKey: phone.key, CollectionId: phone.folder, ...over };
  const version = 141;
  const request = decode(
    GetItemEstimateRequest,
    encode(GetItemEstimateRequest, { Collections: { Collection: [one, ...more] } }, version),
    version,
  );
  const result = await command.run(world.context(phone.device), request);
  if (result.kind !== 'document') throw new TypeError(result.kind);
  return decode(GetItemEstimateResponse, encode(GetItemEstimateResponse, result.document, version), version);
}

async function primed(count = 0) {
  const world = await openSyncWorld();
  await deliver(world, count);
  const phone = new TestPhone(world);
  await phone.sync();
  return { world, phone };
}
const estimate = (Estimate: number, CollectionId: string = INBOX) => ({
  Response: [{ Status: 1, Collection: { CollectionId, Estimate } }],
});

describe('GetItemEstimate', () => {
  test('[MS-ASCMD R171 R4134 R5056] counts what a first Sync will tell, then nothing', async () => {
    const { world, phone } = await primed(4);
    expect(await ask(world, phone)).toEqual(estimate(4));
    await phone.drain();
    expect(await ask(world, phone)).toEqual(estimate(0));
  });

  test('counts additions, changes and deletions, each item once', async () => {
    const { world, phone } = await primed(3);
    await phone.drain();
    const [a, b] = [...phone.items.keys()];
    await elsewhere(world, a!, { subject: 'x' });
    await elsewhere(world, a!, { read: true });
    await world.mailbox.remove(INBOX, [itemOf(b!)]);
    await deliver(world, 2);
    expect(await ask(world, phone)).toEqual(estimate(4));
  });

  test('[MS-ASCMD R4591] moves no key and writes nothing', async () => {
    const { world, phone } = await primed(2);
    const before = await world.states.load(world.mailbox.id, phone.device, [INBOX]);
    await ask(world, phone);
    expect(await world.states.load(world.mailbox.id, phone.device, [INBOX])).toEqual(before);
  });

  test('takes the key before as long as its answer may be asked for again', async () => {
    const { world, phone } = await primed(2);
    const before = phone.key;
    await phone.sync();
    expect(await ask(world, phone, { SyncKey: before })).toEqual(estimate(2));
  });

  test('[MS-ASCMD R4130 R4135 R4136] of a folder that is not there is status 2', async () => {
    const { world, phone } = await primed();
    expect(await ask(world, phone, { CollectionId: 'gone' })).toEqual({ Response: [{ Status: 2 }] });
    expect(await ask(world, phone, { CollectionId: '!hierarchy#' })).toEqual({ Response: [{ Status: 2 }] });
  });

  test('[MS-ASCMD R4139 R4140] before a first Sync is status 3', async () => {
    const { world } = await primed();
    const other = new TestPhone(world, 'other');
    expect(await ask(world, other)).toEqual({ Response: [{ Status: 3 }] });
    expect(await ask(world, other, { SyncKey: 'abc.1' })).toEqual({ Response: [{ Status: 3 }] });
  });

  test.each(['abc.1', 'nonsense'])('[MS-ASCMD R4142 R4594] with the key %j is status 4', async (SyncKey) => {
    const { world, phone } = await primed();
    expect(await ask(world, phone, { SyncKey })).toEqual({ Response: [{ Status: 4 }] });
  });

  test('answers each collection by itself', async () => {
    const { world, phone } = await primed(1);
    const answer = await ask(world, phone, {}, [{ SyncKey: '0', CollectionId: 'gone' }]);
    expect(answer.Response).toMatchObject([{ Status: 1 }, { Status: 2 }]);
  });

  test('[MS-ASCMD R5647] of more than 1000 collections is status 103', async () => {
    const { world, phone } = await primed();
    const many = Array.from({ length: 1000 }, (_, n) => ({ SyncKey: '0', CollectionId: `c${n}` }));
    expect(await ask(world, phone, {}, many)).toEqual({ Status: 103 });
    expect(await ask(world, phone, {}, many.slice(1))).toHaveProperty('Response');
  });

  test.each([29, 5001, Number.NaN])('cannot be made with a limit of %s collections', async (maxCollections) => {
    const { states } = await openSyncWorld();
    expect(() => createGetItemEstimateCommand({ states, classes: CLASSES, maxCollections })).toThrow(RangeError);
  });
});

describe('its filter', () => {
  async function withAges() {
    const world = await openSyncWorld();
    for (const days of [0.5, 2, 6, 10, 20, 60]) await deliver(world, 1, { received: world.clock.now() - days * DAY });
    const phone = new TestPhone(world);
    await phone.sync();
    return { world, phone };
  }

  test.each([
    [0, 6],
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 5],
  ])(
    '[MS-ASCMD R2967 R2999 R3000 R3001 R3002 R3003 R3004] %i lets %i of six messages through',
    async (FilterType, count) => {
      const { world, phone } = await withAges();
      expect(await ask(world, phone, { Options: [{ FilterType }] })).toEqual(estimate(count));
    },
  );

  test('[MS-ASCMD R2970 R3543] that is absent lets everything through', async () => {
    const { world, phone } = await withAges();
    expect(await ask(world, phone)).toEqual(estimate(6));
  });

  test.each([6, 7, 8])('[MS-ASCMD R3005 R3006 R3007] %i is status 110 for mail', async (FilterType) => {
    const { world, phone } = await withAges();
    expect(await ask(world, phone, { Options: [{ FilterType }] })).toEqual({ Status: 110 });
  });

  test.each([9, 100])('[MS-ASCMD R2984] %i is status 103', async (FilterType) => {
    const { world, phone } = await withAges();
    expect(await ask(world, phone, { Options: [{ FilterType }] })).toEqual({ Status: 103 });
  });

  test('that differs from that of the last Sync counts what leaves, too', async () => {
    const { world, phone } = await withAges();
    await phone.drain();
    expect(await ask(world, phone, { Options: [{ FilterType: 4 }] })).toEqual(estimate(2));
  });

  test('[MS-ASCMD R2100] ConversationMode is for mail only: status 103', async () => {
    const { world, phone } = await withAges();
    const folder = await world.mailbox.createFolder({ name: 'Plans', parent: ROOT, type: FolderType.UserCalendar });
    const of = { CollectionId: folder.id, ConversationMode: true };
    expect(await ask(world, phone, of)).toEqual({ Status: 103 });
    expect(await ask(world, phone, { ConversationMode: true })).toEqual(estimate(6));
  });

  test('[MS-ASCMD R907 R908] goes with text messages and no other class', async () => {
    const { world, phone } = await withAges();
    const options = (Class: string) => ({ Options: [{ Class: 'Email' }, { Class }] });
    expect(await ask(world, phone, options('SMS'))).toEqual(estimate(6));
    expect(await ask(world, phone, options('Calendar'))).toEqual({ Response: [{ Status: 4 }] });
  });
});
