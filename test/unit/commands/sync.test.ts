import { describe, expect, test } from 'vitest';
import { FolderType, ROOT } from '../../../lib/mailbox/types.ts';
import type { FolderId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { keys } from '../../../lib/store/schema.ts';
import type { WbxmlElement } from '../../../lib/wbxml/index.ts';
import { email, INBOX } from '../../support/mailboxes.ts';
import { TestPhone } from '../../support/sync-phone.ts';
import { deliver, elsewhere, itemOf, openSyncWorld } from '../../support/sync-world.ts';

/** Names of the elements of a command's ApplicationData. */
const tagsOf = (command: unknown) =>
  (command as { value: { ApplicationData: WbxmlElement } }).value.ApplicationData.children.map(({ tag }) => tag);
const shownSubjects = (phone: TestPhone) => [...phone.items.values()].map(({ Subject }) => Subject);

describe('a first Sync', () => {
  test('[MS-ASCMD R648 R5051 R5555] hands out a key and no items', async () => {
    const world = await openSyncWorld();
    await deliver(world, 3);
    const answer = await new TestPhone(world).sync();
    expect(answer).toEqual({ SyncKey: expect.stringMatching(/^.+\.1$/), CollectionId: INBOX, Status: 1 });
  });

  test('[MS-ASCMD R654 R4599 R4602 R4606 R5053 R5060] then everything, newest first, with the next key', async () => {
    const world = await openSyncWorld();
    await world.mailbox.append(
      INBOX,
      [2, 3, 1].map((n) => email(`m${n}`, { received: n * 1000 })),
    );
    const phone = new TestPhone(world);
    const { SyncKey: first } = (await phone.sync())!;
    const answer = await phone.sync();
    expect(answer?.SyncKey).not.toBe(first);
    expect(answer?.Commands?.map(({ tag }) => tag)).toEqual(['Add', 'Add', 'Add']);
    expect(shownSubjects(phone)).toEqual(['Subject m3', 'Subject m2', 'Subject m1']);
  });

  test('leaves to the log what arrives while its pages go out', async () => {
    const world = await openSyncWorld();
    await deliver(world, 5);
    const phone = new TestPhone(world);
    await phone.sync();
    await phone.sync({ WindowSize: 2 });
    const [oldNews] = await deliver(world, 1, { received: 1000 });
    const [fresh] = await deliver(world, 1);
    const next = await phone.sync({ WindowSize: 2 });
    expect(next?.Commands?.map(({ value }) => value.ServerId)).toContain(fresh);
    await phone.drain({ WindowSize: 2 });
    expect(phone.items.size).toBe(7);
    expect(phone.items.has(oldNews!)).toBe(true);
    expect(phone.complaints).toEqual([]);
  });

  test('asked for twice gives the same key', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    const one = await phone.send();
    expect(await phone.send()).toEqual(one);
  });

  test('[MS-ASCMD R5012] of a phone that begins again gives the same ServerIds', async () => {
    const world = await openSyncWorld();
    await deliver(world, 3);
    const phone = new TestPhone(world);
    await phone.start();
    const before = [...phone.items.keys()];
    const { key } = phone;
    await phone.start();
    expect([...phone.items.keys()]).toEqual(before);
    expect(phone.key.split('.')[0]).not.toBe(key.split('.')[0]);
  });

  test('[MS-ASCMD R6319] up to 12.1 the collection says its class, later it does not', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    phone.context = { version: 121 };
    expect(await phone.sync({ Class: 'Email' })).toMatchObject({ Class: 'Email', Status: 1 });
    phone.key = '0';
    phone.context = { version: 141 };
    expect((await phone.sync())?.Class).toBeUndefined();
  });
});

describe('a Sync', () => {
  test('[MS-ASCMD R656 R667 R679] with nothing new is an empty response and keeps the key', async () => {
    const world = await openSyncWorld();
    await deliver(world, 2);
    const phone = new TestPhone(world);
    await phone.start();
    const { key } = phone;
    expect(await phone.send()).toBe('empty');
    expect(await phone.send()).toBe('empty');
    expect(phone.key).toBe(key);
  });

  test('[MS-ASCMD R749 R3119 R942] tells additions, changes and deletions', async () => {
    const world = await openSyncWorld();
    const [changed, deleted] = await deliver(world, 2);
    const phone = new TestPhone(world);
    await phone.start();
    const [added] = await deliver(world, 1);
    await elsewhere(world, changed!, { subject: 'New subject' });
    await world.mailbox.remove(INBOX, [itemOf(deleted!)]);
    const answer = await phone.sync();
    const told = answer?.Commands?.map(({ tag, value }) => [tag, value.ServerId]);
    expect(told).toEqual([
      ['Add', added],
      ['Change', changed],
      ['Delete', deleted],
    ]);
    expect(answer?.Commands?.[0]?.value).not.toHaveProperty('Class');
    expect(answer).not.toHaveProperty('MoreAvailable', true);
    expect(phone.items.get(changed!)?.Subject).toBe('New subject');
  });

  test('[MS-ASEMAIL R75 R10604] sends the read state alone when nothing else changed', async () => {
    const world = await openSyncWorld();
    const [id] = await deliver(world, 1);
    const phone = new TestPhone(world);
    await phone.start();
    await elsewhere(world, id!, { read: true });
    const answer = await phone.sync();
    const [only] = answer!.Commands!;
    expect(only?.tag).toBe('Change');
    expect(tagsOf(only)).toEqual(['Read']);
  });

  test('[MS-ASEMAIL R96] sends the categories alone when nothing else changed', async () => {
    const world = await openSyncWorld();
    const [id] = await deliver(world, 1);
    const phone = new TestPhone(world);
    await phone.start();
    await elsewhere(world, id!, { categories: ['Blue'] });
    const [only] = (await phone.sync())!.Commands!;
    expect(tagsOf(only)).toEqual(['Categories']);
  });

  test('[MS-ASEMAIL R81] sends nothing for what came and went', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    const [id] = await deliver(world, 1);
    await world.mailbox.remove(INBOX, [itemOf(id!)]);
    expect(await phone.send()).toBe('empty');
  });

  test.each(['nonsense', 'abc.1', '7', '00'])(
    '[MS-ASCMD R4415 R4417 R4425] with the key %j is status 3',
    async (SyncKey) => {
      const world = await openSyncWorld();
      const phone = new TestPhone(world);
      await phone.start();
      phone.key = SyncKey;
      expect(await phone.sync()).toMatchObject({ Status: 3, SyncKey: '0' });
    },
  );

  test('with a key two answers old is status 3', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    const { key } = phone;
    for (let n = 0; n < 2; n++) {
      await deliver(world, 1);
      await phone.sync();
    }
    expect(await phone.sync({ SyncKey: key })).toMatchObject({ Status: 3 });
  });

  test.each(['gone', 'no such folder', '', 'a:b', '!hierarchy#'])('of the folder %j is status 12', async (id) => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world, 'phone1', id as FolderId);
    expect(await phone.sync()).toMatchObject({ Status: 12 });
  });

  test('of a folder whose class is not synchronised is status 12', async () => {
    const world = await openSyncWorld();
    const { UserCalendar: type } = FolderType;
    const calendar = await world.mailbox.createFolder({ name: 'Plans', parent: ROOT, type });
    expect(await new TestPhone(world, 'phone1', calendar.id).sync()).toMatchObject({ Status: 12 });
  });

  test('after a restore of the mailbox is status 3', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    const key = keys.state(world.mailbox.id);
    await world.table.transact([{ op: 'update', key, set: { incarnation: 'another' } }]);
    expect(await phone.sync()).toMatchObject({ Status: 3 });
  });

  test('after longer than the log is kept is status 3 if anything happened, and no matter otherwise', async () => {
    const world = await openSyncWorld();
    const idle = new TestPhone(world, 'idle');
    await idle.start();
    await world.clock.advance(100 * 86_400_000);
    expect(await idle.send()).toBe('empty');
    await deliver(world, 1);
    await idle.sync();
    expect(idle.items.size).toBe(1);
    await world.clock.advance(100 * 86_400_000);
    await deliver(world, 1);
    expect(await idle.sync()).toMatchObject({ Status: 3 });
  });
});

describe('GetChanges', () => {
  test('[MS-ASCMD R3125] false tells nothing, and nothing is lost by it', async () => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    await deliver(world, 1);
    expect(await phone.send({ GetChanges: false })).toBe('empty');
    await phone.sync();
    expect(phone.items.size).toBe(1);
  });

  test.each([undefined, true])('[MS-ASCMD R3126 R3127 R5556] %s tells what changed', async (GetChanges) => {
    const world = await openSyncWorld();
    const phone = new TestPhone(world);
    await phone.start();
    await deliver(world, 1);
    expect((await phone.sync({ GetChanges }))?.Commands).toHaveLength(1);
  });

  test('[MS-ASCMD R3128 R5838] true with key 0 is status 4', async () => {
    const world = await openSyncWorld();
    expect(await new TestPhone(world).send({ GetChanges: true })).toEqual({ Status: 4 });
  });

  test.each([undefined, false])('[MS-ASCMD R3129 R5839] %s with key 0 is no error', async (GetChanges) => {
    const world = await openSyncWorld();
    expect(await new TestPhone(world).sync({ GetChanges })).toMatchObject({ Status: 1 });
  });
});

describe('a folder that is begun anew', () => {
  async function begun() {
    const lines: unknown[] = [];
    const world = await openSyncWorld({
      log: { ...silentLog, info: (event, fields) => void lines.push([event, fields]) },
    });
    const phone = new TestPhone(world);
    await deliver(world, 2);
    const begin = async () => {
      phone.key = '0';
      await phone.sync();
    };
    await begin();
    return { world, phone, lines, begin };
  }

  test('while it is under way is in the log, with how far it was', async () => {
    const { world, phone, lines, begin } = await begun();
    await phone.sync({ WindowSize: 1 });
    await begin();
    const fields = { mailbox: world.mailbox.id, device: phone.device, folder: INBOX, counter: 2 };
    expect(lines).toEqual([['sync.begun-again', fields]]);
  });

  test('before or long after it was under way is not', async () => {
    const { world, phone, lines, begin } = await begun();
    await begin();
    await phone.drain();
    await world.clock.advance(60_000);
    await begin();
    expect(lines).toEqual([]);
  });
});
