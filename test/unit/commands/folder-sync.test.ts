import { describe, expect, test } from 'vitest';
import { FolderType, ROOT } from '../../../lib/mailbox/types.ts';
import type { FolderId } from '../../../lib/ops/ids.ts';
import { HIERARCHY, keys } from '../../../lib/store/schema.ts';
import { type FolderWorld, openFolderWorld, REINITIALIZE } from '../../support/folder-world.ts';
import { ALICE, email, INBOX } from '../../support/mailboxes.ts';
import { eachStore } from '../../support/stores.ts';

const make = ({ mailbox }: FolderWorld, name: string, parent: FolderId = ROOT) =>
  mailbox.createFolder({ name, parent, type: FolderType.UserMail });
const stateRow = ({ table }: FolderWorld, id: string) => table.get(keys.syncState(ALICE, id as never, HIERARCHY));

eachStore((_open, kind) => {
  describe('FolderSync', () => {
    test('with key 0 gives all folders and a key [MS-ASCMD R113 R116 R119 R4074 R4578 R5008 R3911 R3916]', async () => {
      const world = await openFolderWorld({ kind });
      const answer = await world.phone().ask('0');
      expect(answer).toMatchObject({ Status: 1, SyncKey: expect.stringMatching(/^[\w-]+\.1$/) });
      expect(answer.SyncKey!.length).toBeLessThanOrEqual(64);
      expect(answer.Changes).toMatchObject({ Count: 7 });
      expect(Object.keys(answer.Changes!)).toEqual(['Count', 'Add']);
      const folders = await world.mailbox.folders();
      expect(answer.Changes!.Add).toEqual(
        folders.map(({ id, parent, name, type }) => {
          return { ServerId: id, ParentId: parent, DisplayName: name, Type: type };
        }),
      );
    });

    test('tells of each folder its parent, its name and its type [MS-ASCMD R1032 R2195 R4665 R3622 R5884 R3625 R5885 R2880 R4663]', async () => {
      const world = await openFolderWorld({ kind });
      const phone = world.phone();
      await phone.sync();
      const a = await make(world, 'Ä & <b>', INBOX);
      const add = { ServerId: a.id, ParentId: 'inbox', DisplayName: 'Ä & <b>', Type: 12 };
      expect((await phone.sync()).Changes).toEqual({ Count: 1, Add: [add] });
      await world.mailbox.changeFolder(a.id, { name: 'B', parent: ROOT });
      const update = { ServerId: a.id, ParentId: '0', DisplayName: 'B', Type: 12 };
      expect((await phone.sync()).Changes).toEqual({ Count: 1, Update: [update] });
    });
  });
});

describe('a device that speaks another version than it began with', () => {
  test('begins anew: what it keeps was written for the other [MS-ASHTTP R1105 R708 R800]', async () => {
    const world = await openFolderWorld();
    const [old, newer] = [world.phone('phone', 25), world.phone('phone', 121)];
    await old.sync();
    expect((await old.ask()).Status).toBe(1);
    expect(await newer.ask(old.key)).toEqual({ Status: 9 });
    expect(newer.headers).toEqual(REINITIALIZE);
    await newer.sync();
    // The key that nothing followed is handed out again, but not to another version.
    expect(newer.key.split('.')[0]).not.toBe(old.key.split('.')[0]);
    expect((await newer.ask()).Status).toBe(1);
    expect((await newer.ask('0')).SyncKey).not.toBe((await old.ask('0')).SyncKey);
  });

  test('is not asked to where an earlier release kept no version', async () => {
    const world = await openFolderWorld();
    const phone = world.phone('phone', 121);
    await phone.sync();
    const loaded = (await world.states.load(ALICE, phone.id))!;
    const { version: _, ...state } = loaded.state;
    await world.states.save(ALICE, phone.id, state, loaded.rev);
    expect((await world.phone('phone', 161).ask(phone.key)).Status).toBe(1);
  });
});

describe('FolderSync', () => {
  test('tells what was added, renamed, moved and deleted since, once [MS-ASCMD R5024 R5860 R5863 R5020]', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    const [a, b, c] = [await make(world, 'A'), await make(world, 'B'), await make(world, 'C')];
    await phone.sync();
    await world.mailbox.changeFolder(a.id, { name: 'A2', parent: b.id });
    await world.mailbox.deleteFolder(c.id);
    const d = await make(world, 'D');
    const before = phone.key;
    const { Changes } = await phone.sync();
    expect(Changes).toMatchObject({
      Count: 3,
      Add: [{ ServerId: d.id }],
      Update: [{ ServerId: a.id, ParentId: b.id, DisplayName: 'A2' }],
      Delete: [{ ServerId: c.id }],
    });
    expect(phone.key).not.toBe(before);
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });

  test.each([
    ['one came and one went', true, true],
    ['one came and one was renamed', true, false],
    ['one was renamed and one went', false, true],
  ])('tells it under a new key where %s', async (_, came, went) => {
    const world = await openFolderWorld();
    const phone = world.phone();
    const [a, b] = [await make(world, 'A'), await make(world, 'B')];
    await phone.sync();
    const before = phone.key;
    if (came) await make(world, 'C');
    if (went) await world.mailbox.deleteFolder(a.id);
    if (!came || !went) await world.mailbox.changeFolder(b.id, { name: 'B2', parent: ROOT });
    expect((await phone.sync()).Changes).toMatchObject({ Count: 2 });
    expect(phone.key).not.toBe(before);
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });

  test('counts 0 when nothing changed, and writes nothing [MS-ASCMD R2120]', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    await phone.sync();
    const before = await stateRow(world, 'phone');
    expect(await phone.ask()).toEqual({ Status: 1, SyncKey: phone.key, Changes: { Count: 0 } });
    expect(await stateRow(world, 'phone')).toEqual(before);
  });

  test('does not tell of the items in the folders [MS-ASCMD R5775]', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    await phone.sync();
    await world.mailbox.append(INBOX, [email('a')]);
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });

  test('keeps the ids of folders over a new beginning [MS-ASCMD R5012 R885]', async () => {
    const world = await openFolderWorld();
    await make(world, 'A', INBOX);
    const phone = world.phone();
    await phone.sync();
    const before = new Map(phone.folders);
    phone.key = '0';
    await phone.sync();
    expect(phone.folders).toEqual(before);
  });

  test('says nothing of a folder that came and went in between', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    await phone.sync();
    await world.mailbox.deleteFolder((await make(world, 'A')).id);
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });

  test.each([
    ['an empty key', '[MS-ASCMD R4083 R4581 R4068]', ''],
    ['a word', '[MS-ASCMD R4083 R4581]', 'InvalidSyncKey'],
    ['a key of nobody', '[MS-ASCMD R4083 R4581]', 'abcdefgh.1'],
    ['a number', '', '1'],
    ['a key of a megabyte', '', 'x'.repeat(1_000_000)],
  ])('refuses %s with status 9 and no more than that %s', async (_what, _ids, key) => {
    const world = await openFolderWorld();
    const phone = world.phone();
    await phone.sync();
    expect(await phone.ask(key)).toEqual({ Status: 9 });
  });

  test('without a key is status 10 [MS-ASCMD R4086]', async () => {
    const world = await openFolderWorld();
    expect(await world.phone().askWithoutKey()).toEqual({ Status: 10 });
  });

  test.each(['1', '3'])('refuses a key that is %s steps off', async (off) => {
    const world = await openFolderWorld();
    const phone = world.phone();
    await phone.sync();
    const old = phone.key;
    for (const name of ['A', 'B']) {
      await make(world, name);
      await phone.sync();
    }
    const [generation] = old.split('.');
    expect(phone.key).toBe(`${generation}.3`);
    expect(await phone.ask(`${generation}.${off === '1' ? 1 : 4}`)).toEqual({ Status: 9 });
  });

  test('refuses the key of another device', async () => {
    const world = await openFolderWorld();
    const [one, other] = [world.phone('one'), world.phone('other')];
    await one.sync();
    await other.sync();
    expect(await one.ask(other.key)).toEqual({ Status: 9 });
  });

  test('refuses every key after a restore, and after its changes were forgotten', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    await phone.sync();
    await make(world, 'A');
    await make(world, 'B');
    await world.store.table.transact([{ op: 'delete', key: keys.log(ALICE, HIERARCHY, 2, 0) }]);
    expect(await phone.ask()).toEqual({ Status: 9 });
    phone.key = '0';
    await phone.sync();
    await world.store.table.transact([{ op: 'update', key: keys.state(ALICE), set: { incarnation: 'restored' } }]);
    expect(await phone.ask()).toEqual({ Status: 9 });
  });

  test('announces versions and commands with key 0 and where it demands key 0 [MS-ASHTTP R1104 R1105 R1202 R478]', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    await phone.sync();
    expect(phone.headers).toEqual(REINITIALIZE);
    await phone.sync();
    expect(phone.headers).toBeUndefined();
    await phone.ask('nonsense');
    expect(phone.headers).toEqual(REINITIALIZE);
  });

  test('keeps nothing of the device id with which AOSP tests an account', async () => {
    const world = await openFolderWorld();
    await world.phone('validate').sync();
    expect(await stateRow(world, 'validate')).toBeUndefined();
  });
});

describe('a FolderSync whose answer was lost', () => {
  test('is answered alike under the same key; what happened since waits', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    await phone.sync();
    const a = await make(world, 'A');
    const lost = await phone.ask();
    await world.mailbox.changeFolder(a.id, { name: 'A2', parent: ROOT });
    const b = await make(world, 'B');
    expect(await phone.ask()).toEqual(lost);
    expect(await phone.ask()).toEqual(lost);
    phone.take(lost);
    expect((await phone.sync()).Changes).toMatchObject({
      Add: [{ ServerId: b.id }],
      Update: [{ ServerId: a.id, DisplayName: 'A2' }],
    });
  });

  test('may be repeated also when the folder that it told of is gone', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    await phone.sync();
    const a = await make(world, 'A');
    const lost = await phone.ask();
    await world.mailbox.deleteFolder(a.id);
    await world.mailboxes.reap(ALICE);
    expect(await phone.ask()).toEqual(lost);
    phone.take(lost);
    expect((await phone.sync()).Changes).toEqual({ Count: 1, Delete: [{ ServerId: a.id }] });
  });

  test('under key 0 is answered alike, until something has changed', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    const lost = await phone.ask('0');
    expect(await phone.ask('0')).toEqual(lost);
    await make(world, 'A');
    await phone.sync();
    expect(phone.key).not.toBe(lost.SyncKey);
    expect(await phone.ask(lost.SyncKey)).toEqual({ Status: 9 });
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });
});

describe('two FolderSyncs of one device at once', () => {
  test('get one key, not two', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    await phone.sync();
    await make(world, 'A');
    const [one, other] = await Promise.all([phone.ask(), phone.ask()]);
    expect(one).toEqual(other);
    phone.take(one);
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });

  test('under key 0 get one key too', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    const both = await Promise.all([phone.ask('0'), phone.ask('0'), phone.ask('0')]);
    expect(new Set(both.map(({ SyncKey }) => SyncKey)).size).toBe(1);
    expect(both.map(({ Changes }) => Changes!.Count)).toEqual([7, 7, 7]);
    phone.take(both[0]!);
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });
});

describe('a device that waits', () => {
  const upToDate = async ({ states, mailbox }: FolderWorld, id: string) =>
    states.upToDate(ALICE, id as never, await mailbox.state());

  test('must FolderSync before its first, after a change of others, and after a restore', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    expect(await upToDate(world, 'phone')).toBe(false);
    await phone.sync();
    expect(await upToDate(world, 'phone')).toBe(true);
    await make(world, 'A');
    expect(await upToDate(world, 'phone')).toBe(false);
    // Returned is enough: whether it arrived shows in the next request.
    await phone.ask();
    expect(await upToDate(world, 'phone')).toBe(true);
    await world.store.table.transact([{ op: 'update', key: keys.state(ALICE), set: { incarnation: 'restored' } }]);
    expect(await upToDate(world, 'phone')).toBe(false);
  });

  test('need not for what it did itself', async () => {
    const world = await openFolderWorld();
    const phone = world.phone();
    const other = world.phone('other');
    await phone.sync();
    await other.sync();
    await phone.create();
    expect(await upToDate(world, 'phone')).toBe(true);
    expect(await upToDate(world, 'other')).toBe(false);
  });
});
