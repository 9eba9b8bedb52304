/** How much one response holds, and what becomes of items that fit into none. */
import { describe, expect, test } from 'vitest';
import type { SyncItemClass } from '../../../lib/commands/sync/item-class.ts';
import type { Log } from '../../../lib/ops/log.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import type { WbxmlElement } from '../../../lib/wbxml/index.ts';
import { INBOX, TRASH } from '../../support/mailboxes.ts';
import { fetchOf, shownOf, TestPhone } from '../../support/sync-phone.ts';
import { deliver, elsewhere, itemOf, openSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

const BODY = [{ BodyPreference: [{ Type: 1 }] }];
const long = (bytes: number) => ({ text: { size: bytes, prefix: 'x'.repeat(bytes) } });

/** A request for the Inbox and the Deleted Items. */
const both = (phone: TestPhone, trash: TestPhone, WindowSize?: number, each?: number) => ({
  WindowSize,
  Collections: {
    Collection: [
      { SyncKey: phone.key, CollectionId: INBOX, WindowSize: each },
      { SyncKey: trash.key, CollectionId: TRASH, WindowSize: each },
    ],
  },
});

async function started(world: SyncWorld): Promise<TestPhone> {
  const phone = new TestPhone(world);
  await phone.start();
  return phone;
}

describe('a window', () => {
  test('[MS-ASCMD R3451 R4765 R4771 R5015 R5041] ends with MoreAvailable, and the rest comes with the next keys', async () => {
    const world = await openSyncWorld();
    await deliver(world, 5);
    const phone = new TestPhone(world);
    await phone.sync();
    const sizes: [number | undefined, boolean | undefined][] = [];
    for (let n = 0; n < 3; n++) {
      const answer = await phone.sync({ WindowSize: 2 });
      sizes.push([answer?.Commands?.length, answer?.MoreAvailable || undefined]);
    }
    expect(sizes).toEqual([
      [2, true],
      [2, true],
      [1, undefined],
    ]);
    expect(phone.items.size).toBe(5);
  });

  test('[MS-ASCMD R3456] that just holds everything may say more once, and then ends', async () => {
    const world = await openSyncWorld();
    await deliver(world, 4);
    const phone = new TestPhone(world);
    await phone.sync();
    await phone.sync({ WindowSize: 4 });
    expect(await phone.send({ WindowSize: 4 })).toBe('empty');
    expect(await phone.send()).toBe('empty');
  });

  test('[MS-ASCMD R3459 R4767] holds 100 when the client does not say', async () => {
    const world = await openSyncWorld();
    await deliver(world, 101);
    const phone = new TestPhone(world);
    await phone.sync();
    expect(await phone.sync()).toMatchObject({ MoreAvailable: true, Commands: { length: 100 } });
    expect((await phone.sync())?.Commands).toHaveLength(1);
  });

  test('of changes ends in the middle of the log and goes on there', async () => {
    const world = await openSyncWorld();
    const ids = await deliver(world, 4);
    const phone = await started(world);
    for (const id of ids) await elsewhere(world, id, { subject: 'New' });
    await world.mailbox.remove(INBOX, [itemOf(ids[0]!)]);
    const first = await phone.sync({ WindowSize: 2 });
    expect(first?.Commands?.map(({ tag }) => tag)).toEqual(['Delete', 'Change']);
    expect(first?.MoreAvailable).toBe(true);
    await phone.drain({ WindowSize: 2 });
    expect([...phone.items.values()].map(({ Subject }) => Subject)).toEqual(['New', 'New', 'New']);
  });

  test('counts an item once however often it changed', async () => {
    const world = await openSyncWorld();
    const [id] = await deliver(world, 1);
    const phone = await started(world);
    for (const subject of ['a', 'b', 'c']) await elsewhere(world, id!, { subject });
    expect((await phone.sync({ WindowSize: 1 }))?.Commands).toHaveLength(1);
    expect(await phone.send()).toBe('empty');
  });
});

describe('the window of all collections', () => {
  test('[MS-ASCMD R4776 R4778 R4779 R4782] is filled in their order; what is not reached stays out', async () => {
    const world = await openSyncWorld();
    const ids = await deliver(world, 6);
    for (const id of ids.slice(3)) await world.mailbox.move(INBOX, itemOf(id), TRASH);
    const phone = new TestPhone(world);
    const trash = new TestPhone(world, 'phone1', TRASH);
    await phone.sync();
    await trash.sync();
    const counts: (number | undefined)[][] = [];
    for (let round = 0; round < 6; round++) {
      const sent = await phone.raw(both(phone, trash, 2));
      const one = phone.take(sent);
      const other = trash.take(sent);
      counts.push([one?.Commands?.length, other?.Commands?.length]);
      if (sent === 'empty') break;
    }
    expect(counts).toEqual([
      [2, undefined],
      [1, 1],
      [undefined, 2],
      [undefined, undefined],
    ]);
  });

  test('does not widen the window of one', async () => {
    const world = await openSyncWorld();
    await deliver(world, 3);
    const phone = new TestPhone(world);
    const trash = new TestPhone(world, 'phone1', TRASH);
    await phone.sync();
    await trash.sync();
    expect(phone.take(await phone.raw(both(phone, trash, 10, 1)))?.Commands).toHaveLength(1);
  });
});

describe('a byte budget', () => {
  const options = { bytes: { lambda: 5_000, task: 1_000_000 } };

  test('ends a window that WindowSize would not', async () => {
    const world = await openSyncWorld({ options });
    await deliver(world, 5, long(1500));
    const phone = new TestPhone(world);
    phone.context = { lane: 'lambda' };
    await phone.sync();
    const answer = await phone.sync({ Options: BODY });
    expect(answer?.MoreAvailable).toBe(true);
    expect(answer?.Commands?.length).toBe(2);
    await phone.drain();
    expect(phone.items.size).toBe(5);
    expect(phone.complaints).toEqual([]);
  });

  test('is one for all collections: one that finds no room waits, and a client that wants an answer is told so', async () => {
    const world = await openSyncWorld({ options: { bytes: { lambda: 5_000, task: 2_000 } } });
    const [first] = await deliver(world, 2, long(1_990));
    await world.mailbox.move(INBOX, itemOf(first!), TRASH);
    const [phone, trash] = [new TestPhone(world), new TestPhone(world, 'phone1', TRASH)];
    for (const one of [phone, trash]) await one.sync({ Options: BODY });
    const sent = await phone.raw(both(phone, trash));
    expect([phone.take(sent)?.Commands?.length, trash.take(sent)]).toEqual([1, undefined]);
    expect(trash.take(await trash.raw(both(phone, trash)))?.Commands).toHaveLength(1);

    const nokia = { version: 121, userAgent: 'NokiaE7/MailForExchange' } as const;
    const [inbox, deleted] = [new TestPhone(world, 'nokia'), new TestPhone(world, 'nokia', TRASH)];
    for (const one of [inbox, deleted]) one.context = nokia;
    for (const one of [inbox, deleted]) await one.sync({ Options: BODY });
    const { key } = deleted;
    const told = await inbox.raw(both(inbox, deleted));
    expect(inbox.take(told)?.Commands).toHaveLength(1);
    expect(deleted.take(told)).toMatchObject({ Status: 1, SyncKey: key, MoreAvailable: true });
  });

  test('is another one where a task answers', async () => {
    const world = await openSyncWorld({ options });
    await deliver(world, 5, long(1500));
    const phone = new TestPhone(world);
    await phone.sync();
    expect((await phone.sync({ Options: BODY }))?.Commands).toHaveLength(5);
  });

  test('of changes cuts the log before the item that finds no room', async () => {
    const world = await openSyncWorld({ options });
    const ids = await deliver(world, 5, long(1500));
    const phone = new TestPhone(world);
    phone.context = { lane: 'lambda' };
    await phone.start({ Options: BODY });
    for (const id of ids) await elsewhere(world, id, { subject: 'New' });
    expect((await phone.sync())?.MoreAvailable).toBe(true);
    await phone.drain();
    expect([...phone.items.values()].every(({ Subject }) => Subject === 'New')).toBe(true);
  });

  test('shortens a single item that is larger', async () => {
    const world = await openSyncWorld({ options });
    await deliver(world, 1, long(20_000));
    await deliver(world, 1, { received: 1000 });
    const phone = new TestPhone(world);
    phone.context = { lane: 'lambda' };
    await phone.sync();
    const answer = await phone.sync({ Options: BODY });
    expect(answer?.Commands).toHaveLength(2);
    const [shown] = phone.items.values();
    expect(shown?.Body).toMatchObject({ Truncated: true, EstimatedDataSize: 20_000 });
    expect(shown?.Body?.Data?.length).toBeLessThan(5_000);
    expect(shown?.Body?.Data?.length).toBeGreaterThan(500);
  });

  test('does not hold up the repetition of an answer', async () => {
    const world = await openSyncWorld({ options });
    await deliver(world, 3, long(1500));
    const phone = new TestPhone(world);
    await phone.sync();
    await phone.send({ Options: BODY });
    phone.context = { lane: 'lambda' };
    const answer = await phone.sync({ Options: BODY });
    expect(answer?.Commands).toHaveLength(3);
    expect(answer?.MoreAvailable).toBeFalsy();
  });
});

describe('an item that cannot be rendered', () => {
  const poisonous =
    (bad: (subject: string) => boolean) =>
    (base: SyncItemClass): SyncItemClass => ({
      ...base,
      render: (item, view) => {
        if (bad(item.content.subject)) throw new Error('cannot');
        return base.render(item, view);
      },
    });

  test('is skipped and logged without its content, and does not stop its folder', async () => {
    const logged: [string, unknown][] = [];
    const log: Log = { ...silentLog, error: (event, fields) => logged.push([event, fields]) };
    const world = await openSyncWorld({ email: poisonous((subject) => subject === 'poison'), log });
    await deliver(world, 1);
    await deliver(world, 1, { subject: 'poison' });
    await deliver(world, 1);
    const phone = await started(world);
    expect(phone.items.size).toBe(2);
    expect(logged).toMatchObject([['sync.item.skipped', { error: 'Error' }]]);
    expect(JSON.stringify(logged)).not.toContain('poison');
  });

  test('is not named by a later change or deletion', async () => {
    const world = await openSyncWorld({ email: poisonous((subject) => subject === 'poison') });
    const phone = await started(world);
    const [id] = await deliver(world, 1, { subject: 'poison' });
    expect(await phone.send()).toBe('empty');
    await elsewhere(world, id!, { read: true });
    expect(await phone.send()).toBe('empty');
    await world.mailbox.remove(INBOX, [itemOf(id!)]);
    expect(await phone.send()).toBe('empty');
  });

  test('comes as an addition when it can be rendered at last, and lives on', async () => {
    const world = await openSyncWorld({ email: poisonous((subject) => subject === 'poison') });
    const phone = await started(world);
    const [id] = await deliver(world, 1, { subject: 'poison' });
    await phone.sync();
    await elsewhere(world, id!, { subject: 'cured' });
    expect((await phone.sync())?.Commands?.map(({ tag }) => tag)).toEqual(['Add']);
    await elsewhere(world, id!, { read: true });
    expect((await phone.sync())?.Commands?.map(({ tag }) => tag)).toEqual(['Change']);
    await world.mailbox.remove(INBOX, [itemOf(id!)]);
    expect((await phone.sync())?.Commands?.map(({ tag }) => tag)).toEqual(['Delete']);
    expect(phone.complaints).toEqual([]);
  });

  test('that the phone has keeps its old look there, and is deleted with a Delete', async () => {
    const world = await openSyncWorld({ email: poisonous((subject) => subject === 'poison') });
    const [id] = await deliver(world, 1);
    const phone = await started(world);
    await elsewhere(world, id!, { subject: 'poison' });
    await phone.sync();
    expect(phone.items.get(id!)?.Subject).not.toBe('poison');
    await world.mailbox.remove(INBOX, [itemOf(id!)]);
    expect((await phone.sync())?.Commands).toEqual([{ tag: 'Delete', value: { ServerId: id } }]);
  });

  test('because the store has trouble is not skipped: the request fails and nothing moves on', async () => {
    let trouble = true;
    const flaky = (base: SyncItemClass): SyncItemClass => ({
      ...base,
      render: async (item, view) => {
        if (trouble) throw new StoreUnavailable('down');
        return base.render(item, view);
      },
    });
    const world = await openSyncWorld({ email: flaky });
    const phone = await started(world);
    await deliver(world, 2);
    await expect(phone.send()).rejects.toThrow(StoreUnavailable);
    trouble = false;
    await phone.sync();
    expect(phone.items.size).toBe(2);
  });
});

describe('a long first Sync', () => {
  test('reads rows by the window, not by the mailbox', async () => {
    const world = await openSyncWorld();
    await deliver(world, 60);
    const phone = await started(world);
    const [id] = [...phone.items.keys()];
    await elsewhere(world, id!, { subject: 'New' });
    let read = 0;
    const { query, batchGet } = world.table;
    world.table.query = async (...args) => {
      const rows = await query.apply(world.table, args);
      read += rows.length;
      return rows;
    };
    world.table.batchGet = async (...args) => {
      const rows = await batchGet.apply(world.table, args);
      read += rows.length;
      return rows;
    };
    await phone.sync();
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(12);
  });
});

describe('what clients fetch takes of the budget', () => {
  const rendered: { id: string; atMost: number | undefined }[] = [];
  async function withMail(count: number, bytes: number, budget = 20_000) {
    rendered.length = 0;
    const world = await openSyncWorld({
      options: { bytes: { lambda: budget, task: budget } },
      email: (base) => ({
        ...base,
        render(item, view) {
          if (view.whole) rendered.push({ id: item.id, atMost: view.atMost });
          return base.render(item, view);
        },
      }),
    });
    const ids = await deliver(world, count, long(bytes));
    const phone = new TestPhone(world);
    await phone.start();
    return { world, phone, ids };
  }
  const fetched = (answer: Awaited<ReturnType<TestPhone['sync']>>) =>
    (answer?.Responses ?? []).map(({ value }) => {
      const { Status, ApplicationData } = value as { Status?: number; ApplicationData?: WbxmlElement };
      const body = ApplicationData && shownOf(ApplicationData, 141).Body;
      return { Status, bytes: body?.Data?.length, Truncated: body?.Truncated };
    });

  test('all of it where it has room, each by itself', async () => {
    const { phone, ids } = await withMail(3, 1_000);
    const answer = await phone.sync({ Options: BODY, Commands: ids.map(fetchOf) });
    expect(fetched(answer)).toEqual(ids.map(() => ({ Status: 1, bytes: 1_000, Truncated: undefined })));
  });

  test('the first whole however large it is, and nothing more is rendered: the others are to come again', async () => {
    const { phone, ids } = await withMail(200, 15_900, 10_000);
    const answer = await phone.sync({ Options: BODY, Commands: ids.map(fetchOf) });
    const [first, ...others] = fetched(answer);
    expect(first).toEqual({ Status: 1, bytes: 15_900, Truncated: undefined });
    expect(others).toEqual(others.map(() => ({ Status: 16 })));
    expect(rendered).toHaveLength(1);
    // Who comes again with the rest gets on by one each time.
    const next = await phone.sync({ Options: BODY, Commands: ids.slice(1, 3).map(fetchOf) });
    expect(fetched(next)).toEqual([first, { Status: 16 }]);
  });

  test('those after it shorter where little is left', async () => {
    const { phone, ids } = await withMail(2, 9_000);
    const answer = await phone.sync({ Options: BODY, Commands: ids.map(fetchOf) });
    const [first, second] = fetched(answer);
    expect(first).toMatchObject({ Status: 1, bytes: 9_000 });
    expect(second).toMatchObject({ Status: 1, Truncated: true });
    expect(second!.bytes).toBeLessThan(3_000);
  });

  test('one answer for an item, however often it is named', async () => {
    const { phone, ids } = await withMail(1, 1_000);
    const answer = await phone.sync({ Options: BODY, Commands: Array.from({ length: 200 }, () => fetchOf(ids[0]!)) });
    expect(fetched(answer)).toHaveLength(1);
    expect(rendered).toHaveLength(1);
  });

  test('changes of the folder wait for the next request where nothing is left', async () => {
    const { world, phone, ids } = await withMail(1, 15_900, 10_000);
    await deliver(world, 1, long(100));
    const answer = await phone.sync({ Options: BODY, Commands: [fetchOf(ids[0]!)] });
    expect(fetched(answer)).toMatchObject([{ Status: 1 }]);
    expect([answer?.Commands, answer?.MoreAvailable]).toEqual([undefined, true]);
    await phone.drain();
    expect(phone.items.size).toBe(2);
  });

  test('of one request, whatever the collection: the first in the second one is no first', async () => {
    const { world, phone, ids } = await withMail(2, 15_900, 10_000);
    await world.mailbox.move(INBOX, itemOf(ids[1]!), TRASH);
    await phone.drain();
    const trash = new TestPhone(world, 'phone1', TRASH);
    await trash.start();
    const one = (of: TestPhone) => {
      const Commands = [...of.items.keys()].map(fetchOf);
      return { SyncKey: of.key, CollectionId: of.folder, Options: BODY, Commands };
    };
    rendered.length = 0;
    const sent = await phone.raw({ Collections: { Collection: [one(phone), one(trash)] } });
    expect([fetched(phone.take(sent)), fetched(trash.take(sent))]).toMatchObject([[{ Status: 1 }], [{ Status: 16 }]]);
    expect(rendered).toHaveLength(1);
  });
});
