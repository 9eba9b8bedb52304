/** Filters, body preferences and the other options of a collection. */
import { describe, expect, test } from 'vitest';
import { FolderType, ROOT } from '../../../lib/mailbox/types.ts';
import { WbxmlElement } from '../../../lib/wbxml/index.ts';
import { INBOX } from '../../support/mailboxes.ts';
import { TestPhone } from '../../support/sync-phone.ts';
import { deliver, elsewhere, itemOf, openSyncWorld } from '../../support/sync-world.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** A mailbox with one message of each of these ages, in days; their ServerIds. */
async function withAges(...days: number[]) {
  const world = await openSyncWorld();
  const ids: string[] = [];
  for (const age of days) ids.push(...(await deliver(world, 1, { received: world.clock.now() - age * DAY })));
  return { world, ids, phone: new TestPhone(world) };
}
const filter = (FilterType: number | undefined) => ({ Options: [{ FilterType }] });

describe('a filter', () => {
  test.each([0, 1, 2, 3, 4, 5])(
    '[MS-ASCMD R3035 R3036 R3037 R3038 R3039 R3040] %i is one that mail knows',
    async (type) => {
      const { phone } = await withAges();
      expect(await phone.sync(filter(type))).toMatchObject({ Status: 1 });
    },
  );

  test.each([6, 7, 8, 9, -1])('[MS-ASCMD R3041 R3042 R3043 R3080] %i is status 4', async (type) => {
    const { phone } = await withAges();
    expect(await phone.send(filter(type))).toEqual({ Status: 4 });
  });

  test('[MS-ASCMD R2987] lets through what is dated within it', async () => {
    const { ids, phone } = await withAges(0.5, 2, 6, 20);
    await phone.start(filter(2));
    expect([...phone.items.keys()]).toEqual(ids.slice(0, 2));
  });

  test('[MS-ASCMD R3076] that is absent lets everything through', async () => {
    const { ids, phone } = await withAges(0.5, 400);
    await phone.start({ Options: [{}] });
    expect([...phone.items.keys()]).toEqual(ids);
  });

  test('[MS-ASCMD R3967] that moves on takes away what it passed, and no more', async () => {
    const { world, ids, phone } = await withAges(0.1, 0.5, 0.9);
    await phone.start(filter(1));
    await world.clock.advance(13 * HOUR);
    const answer = await phone.sync();
    expect(answer?.Commands).toEqual([
      { tag: 'SoftDelete', value: { ServerId: ids[1] } },
      { tag: 'SoftDelete', value: { ServerId: ids[2] } },
    ]);
    expect([...phone.items.keys()]).toEqual([ids[0]]);
    expect(await phone.send()).toBe('empty');
  });

  test('that is narrowed takes away in windows, that is widened brings back in windows', async () => {
    const { world, ids, phone } = await withAges(0.5, 2, 5, 6, 10);
    await phone.start(filter(0));
    const narrow = await phone.sync({ ...filter(1), WindowSize: 3 });
    expect(narrow).toMatchObject({ MoreAvailable: true, Commands: { length: 3 } });
    // Half way, the client wants some of it back: what it still has is not added again.
    await phone.drain({ ...filter(3), WindowSize: 1 });
    expect([...phone.items.keys()].sort()).toEqual(ids.slice(0, 4).sort());
    expect(phone.complaints).toEqual([]);
    await phone.drain({ ...filter(0), WindowSize: 2 });
    expect(phone.items.size).toBe(5);
    expect(phone.complaints).toEqual([]);
    expect(await world.mailbox.page(INBOX, { limit: 9 })).toHaveLength(5);
  });

  test('keeps quiet about what lies outside of it', async () => {
    const { world, ids, phone } = await withAges(0.5, 2);
    await phone.start(filter(1));
    await elsewhere(world, ids[1]!, { subject: 'New' });
    await deliver(world, 1, { received: world.clock.now() - 3 * DAY });
    expect(await phone.send()).toBe('empty');
    await world.mailbox.remove(INBOX, [itemOf(ids[1]!)]);
    expect(await phone.send()).toBe('empty');
  });

  test('of folders that hold no mail knows other values', async () => {
    const { world } = await withAges();
    const notes = await world.mailbox.createFolder({ name: 'Plans', parent: ROOT, type: FolderType.UserCalendar });
    const phone = new TestPhone(world, 'phone1', notes.id);
    expect(await phone.send(filter(1))).toEqual({ Status: 4 });
    expect(await phone.sync(filter(5))).toMatchObject({ Status: 12 });
  });

  test('follows a clock that was far ahead back again', async () => {
    const { world, ids, phone } = await withAges(0.5);
    await phone.start(filter(1));
    const ahead = world.context(phone.device, {
      clock: { ...world.clock, now: () => world.clock.now() + 30 * DAY } as never,
    });
    const sent = await world.command.run(ahead, {
      Collections: { Collection: [{ SyncKey: phone.key, CollectionId: INBOX }] },
    });
    expect(sent.kind).toBe('document');
    await phone.drain();
    expect([...phone.items.keys()]).toEqual(ids);
  });
});

describe('options', () => {
  const withBody = { text: { size: 11, prefix: 'Hello world' } };

  test('[MS-ASCMD R3598] that are absent are those of before', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start({ Options: [{ BodyPreference: [{ Type: 1, TruncationSize: 5 }] }] });
    const [id] = await deliver(world, 1, withBody);
    await phone.sync();
    expect(phone.items.get(id!)?.Body).toMatchObject({
      Type: 1,
      Data: 'Hello',
      Truncated: true,
      EstimatedDataSize: 11,
    });
  });

  test('[MS-ASCMD R3599] that are there replace all of those before', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start({ Options: [{ FilterType: 1, BodyPreference: [{ Type: 1, TruncationSize: 5 }] }] });
    await phone.sync({ Options: [{ BodyPreference: [{ Type: 1 }] }] });
    const [fresh, old] = [...(await deliver(world, 1, withBody)), ...(await deliver(world, 1, { received: 1000 }))];
    await phone.sync();
    expect(phone.items.get(fresh!)?.Body?.Data).toBe('Hello world');
    expect(phone.items.has(old!)).toBe(true);
  });

  test('[MS-ASCMD R930] of one class twice are status 4', async () => {
    const phone = new TestPhone(await openSyncWorld());
    expect(await phone.send({ Options: [{ Class: 'Email' }, { Class: 'Email' }] })).toEqual({ Status: 4 });
    expect(await phone.send({ Options: [{}, { Class: 'Email' }] })).toEqual({ Status: 4 });
  });

  test('[MS-ASCMD R934] of mail and text messages go together', async () => {
    const phone = new TestPhone(await openSyncWorld());
    expect(await phone.sync({ Options: [{ Class: 'Email' }, { Class: 'SMS' }] })).toMatchObject({ Status: 1 });
  });

  test.each(['Calendar', 'Contacts', 'Tasks', 'Notes', 'Nonsense'])(
    '[MS-ASCMD R935] of mail and %s do not',
    async (Class) => {
      const phone = new TestPhone(await openSyncWorld());
      expect(await phone.send({ Options: [{ Class: 'Email' }, { Class }] })).toEqual({ Status: 4 });
    },
  );

  test.each([{ Conflict: 2 }, { Conflict: -1 }, { MIMESupport: 3 }, { MIMETruncation: 9 }, { MIMETruncation: -1 }])(
    '%j are status 4',
    async (options) => {
      const phone = new TestPhone(await openSyncWorld());
      expect(await phone.send({ Options: [options] })).toEqual({ Status: 4 });
    },
  );

  test('[MS-ASCMD R2117] with ConversationMode belong to mail only', async () => {
    const world = await openSyncWorld();
    const plans = await world.mailbox.createFolder({ name: 'Plans', parent: ROOT, type: FolderType.UserCalendar });
    expect(await new TestPhone(world, 'phone1', plans.id).send({ ConversationMode: true })).toEqual({ Status: 4 });
    expect(await new TestPhone(world).sync({ ConversationMode: true })).toMatchObject({ Status: 1 });
  });

  test('of a class that is not the folder’s are status 4', async () => {
    const phone = new TestPhone(await openSyncWorld());
    phone.context = { version: 121 };
    expect(await phone.send({ Class: 'Calendar' })).toEqual({ Status: 4 });
  });

  test('[MS-ASCMD R4551] let Supported be there under any key', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    const Supported = WbxmlElement.of('AirSync', 'Supported', []);
    expect(await phone.sync({ Supported })).toMatchObject({ Status: 1 });
    await deliver(world, 1);
    expect(await phone.sync({ Supported })).toMatchObject({ Status: 1 });
  });
});
