/** What GetItemEstimate refuses, and of what it knows the folder but not the state. */
import { describe, expect, test } from 'vitest';
import { createGetItemEstimateCommand, type GetItemEstimateDeps } from '../../../lib/commands/get-item-estimate.ts';
import type { GetItemEstimateRequest } from '../../../lib/documents/get-item-estimate.ts';
import { FolderType, ROOT } from '../../../lib/mailbox/types.ts';
import { keys } from '../../../lib/store/schema.ts';
import { INBOX } from '../../support/mailboxes.ts';
import { altered } from '../../support/query-world.ts';
import { TestPhone } from '../../support/sync-phone.ts';
import { deliver, openSyncWorld } from '../../support/sync-world.ts';

type Collection = GetItemEstimateRequest['Collections']['Collection'][number];
const MAIL = [{ itemClass: 'Email' }] as unknown as GetItemEstimateDeps['classes'];

async function open() {
  const world = await openSyncWorld();
  await deliver(world, 2);
  const phone = new TestPhone(world);
  await phone.sync();
  const run = async (
    collections: readonly Partial<Collection>[],
    given: Partial<GetItemEstimateDeps> = {},
    over = {},
  ) => {
    const command = createGetItemEstimateCommand({ states: world.states, classes: MAIL, ...given });
    const Collection = collections.map((one) => ({ SyncKey: phone.key, CollectionId: INBOX, ...one }) as Collection);
    const result = await command.run(world.context(phone.device, over), { Collections: { Collection } });
    if (result.kind !== 'document') throw new Error(result.kind);
    return result.document;
  };
  const statusOf = async (one: Partial<Collection>, over = {}) => {
    const { Status, Response } = await run([one], {}, over);
    return Status ?? Response![0]!.Status;
  };
  return { world, phone, run, statusOf };
}

describe('GetItemEstimate', () => {
  test('is of at least one collection', async () => {
    const { run, world } = await open();
    expect(await run([])).toEqual({ Status: 103 });
    const command = createGetItemEstimateCommand({ states: world.states, classes: MAIL });
    expect(await command.run(world.context('phone1' as never), undefined)).toMatchObject({ document: { Status: 103 } });
  });

  test('takes from 30 to 5000 collections, as it is configured [MS-ASCMD R5673]', async () => {
    const { run } = await open();
    const many = Array.from({ length: 31 }, () => ({}));
    expect(await run(many, { maxCollections: 30 })).toEqual({ Status: 103 });
    expect((await run(many.slice(1), { maxCollections: 30 })).Response).toHaveLength(30);
    expect((await run([{}], { maxCollections: 5000 })).Response).toHaveLength(1);
  });

  test('answers a collection each time that it is named, and counts it once for each filter', async () => {
    const { world, run } = await open();
    let pages = 0;
    const mailbox = altered(world.mailbox, {
      page: (...given: Parameters<typeof world.mailbox.page>) => {
        pages++;
        return world.mailbox.page(...given);
      },
    });
    const once = async (collections: readonly Partial<Collection>[]) => {
      pages = 0;
      const { Response } = await run(collections, {}, { mailbox });
      return Response!.map(({ Status, Collection }) => [Status, Collection?.Estimate]);
    };
    const named = (FilterType: number, times: number) => Array.from({ length: times }, () => ({ FilterType }));
    expect(await once([...named(5, 1), ...named(4, 1)])).toEqual([
      [1, 2],
      [1, 2],
    ]);
    const two = pages;
    expect(two).toBeGreaterThan(0);
    expect(await once([...named(5, 500), ...named(4, 500)])).toEqual(Array.from({ length: 1000 }, () => [1, 2]));
    expect(pages).toBe(two);
  });

  test('reads no state twice', async () => {
    const { world, run } = await open();
    const asked: number[] = [];
    const states = Object.create(world.states) as typeof world.states;
    states.load = (mailbox, device, folders) => {
      asked.push(folders.length);
      return world.states.load(mailbox, device, folders);
    };
    expect((await run([{}, {}, { CollectionId: '!' }, {}], { states })).Response).toHaveLength(4);
    expect(asked).toEqual([1]);
  });

  test('finds the state of a collection behind one that cannot be', async () => {
    const { run } = await open();
    const { Response } = await run([{ CollectionId: '!' }, {}]);
    expect(Response).toMatchObject([{ Status: 2 }, { Status: 1, Collection: { Estimate: 2 } }]);
  });

  test('is of folders whose class is synchronised', async () => {
    const { world, statusOf } = await open();
    const plans = await world.mailbox.createFolder({ name: 'Plans', parent: ROOT, type: FolderType.UserCalendar });
    expect(await statusOf({ CollectionId: plans.id })).toBe(2);
  });

  test.each<[string, Partial<Collection>, number]>([
    ['key 0', { SyncKey: '0' }, 3],
    ['the class of the folder', { Class: 'Email' }, 1],
    ['another class', { Class: 'Calendar' }, 4],
    ['a filter below all', { FilterType: -1 }, 103],
    ['a filter beside the options', { FilterType: 5 }, 1],
    ['a filter beside the options that mail has not', { FilterType: 8 }, 110],
    ['a filter that there is not', { FilterType: 9 }, 103],
  ])('with %s is status', async (_, one, status) => {
    expect(await (await open()).statusOf(one)).toBe(status);
  });

  test('is status 4 where only a full Sync can help', async () => {
    const { world, phone, statusOf } = await open();
    await phone.drain();
    await deliver(world, 1);
    const gone = altered(world.mailbox, { log: async (_, upTo) => ({ rows: [], upTo, more: false, gone: true }) });
    expect(await statusOf({}, { mailbox: gone })).toBe(4);
    await world.table.transact([{ op: 'update', key: keys.state(world.mailbox.id), set: { incarnation: 'another' } }]);
    expect(await statusOf({})).toBe(4);
  });

  test('takes a filter that the request does not name for none, whatever the last Sync had', async () => {
    const world = await openSyncWorld();
    await deliver(world, 1, { received: world.clock.now() - 10 * 86_400_000 });
    const phone = new TestPhone(world);
    await phone.sync({ Options: [{ FilterType: 1 }] });
    const command = createGetItemEstimateCommand({ states: world.states, classes: MAIL });
    const estimate = async (one: Partial<Collection>) => {
      const Collection = [{ SyncKey: phone.key, CollectionId: INBOX, ...one } as Collection];
      const result = await command.run(world.context(phone.device), { Collections: { Collection } });
      return result.kind === 'document' ? result.document.Response![0]!.Collection?.Estimate : undefined;
    };
    expect(await estimate({})).toBe(1);
    expect(await estimate({ FilterType: 1 })).toBe(0);
    expect(await estimate({ Options: [{ FilterType: 1 }] })).toBe(0);
    expect(await estimate({ Options: [{}] })).toBe(1);
  });
});
