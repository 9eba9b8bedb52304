import { describe, expect, test } from 'vitest';
import type { FolderUpdateRequest } from '../../../lib/documents/folder-update.ts';
import { MAX_FOLDERS } from '../../../lib/mailbox/hierarchy.ts';
import { FolderType, ROOT } from '../../../lib/mailbox/types.ts';
import type { FolderId } from '../../../lib/ops/ids.ts';
import { ProtocolFailure } from '../../../lib/protocol/command.ts';
import { keys } from '../../../lib/store/schema.ts';
import { type FolderPhone, type FolderWorld, openFolderWorld } from '../../support/folder-world.ts';
import { ALICE } from '../../support/mailboxes.ts';

async function synced(): Promise<{ readonly world: FolderWorld; readonly phone: FolderPhone }> {
  const world = await openFolderWorld();
  const phone = world.phone();
  await phone.sync();
  return { world, phone };
}
const make = ({ mailbox }: FolderWorld, name: string, parent: FolderId = ROOT) =>
  mailbox.createFolder({ name, parent, type: FolderType.UserMail });
const names = async ({ mailbox }: FolderWorld) => (await mailbox.folders()).map(({ name }) => name);

describe('FolderCreate', () => {
  test('makes a folder and gives its id and the next key [MS-ASCMD R79 R3903 R4011 R4569 R5872]', async () => {
    const { world, phone } = await synced();
    const answer = await phone.create({ ParentId: 'inbox', DisplayName: 'A', Type: 12 });
    expect(answer).toEqual({ Status: 1, SyncKey: expect.any(String), ServerId: expect.any(String) });
    expect(answer.SyncKey).not.toBe(phone.key);
    expect(answer.ServerId!.length).toBeLessThanOrEqual(64);
    const made = await world.mailbox.folder(answer.ServerId as FolderId);
    expect(made).toMatchObject({ name: 'A', parent: 'inbox', type: 12 });
  });

  test('is not told to the device that made it, and is to the others', async () => {
    const { world, phone } = await synced();
    const other = world.phone('other');
    await other.sync();
    const { SyncKey, ServerId } = await phone.create();
    phone.key = SyncKey!;
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
    expect((await other.sync()).Changes).toMatchObject({ Count: 1, Add: [{ ServerId }] });
    await world.mailbox.changeFolder(ServerId as FolderId, { name: 'Renamed', parent: ROOT });
    expect((await phone.ask()).Changes).toMatchObject({ Count: 1, Update: [{ ServerId, DisplayName: 'Renamed' }] });
  });

  test('does not hide what others did before it', async () => {
    const { world, phone } = await synced();
    const a = await make(world, 'A');
    phone.key = (await phone.create({ DisplayName: 'B' })).SyncKey!;
    expect((await phone.sync()).Changes).toMatchObject({ Count: 1, Add: [{ ServerId: a.id }] });
  });

  test.each([
    [2, 'the name of a sibling [MS-ASCMD R4013 R5416]', { DisplayName: 'INBOX' }],
    [3, 'a recipient information cache [MS-ASCMD R81]', { Type: 19 }],
    [3, 'a place below the recipient information cache [MS-ASCMD R4016 R5769]', { ParentId: 'RI' }],
    [5, 'a parent that is not there [MS-ASCMD R4018 R4019]', { ParentId: 'nowhere' }],
    [5, 'a parent that cannot be', { ParentId: '!hierarchy#' }],
    [9, 'a wrong key [MS-ASCMD R4032 R4573]', { SyncKey: 'wrong' }],
    [9, 'key 0', { SyncKey: '0' }],
    [10, 'the type of a default folder [MS-ASCMD R4035]', { Type: 2 }],
    [10, 'a type that is none', { Type: 4711 }],
    [10, 'no name [MS-ASCMD R4035]', { DisplayName: undefined }],
    [10, 'an empty name', { DisplayName: ' ' }],
    [10, 'a name that is too long', { DisplayName: 'x'.repeat(257) }],
    [10, 'no parent', { ParentId: undefined }],
    [10, 'no type', { Type: undefined }],
    [10, 'no key', { SyncKey: undefined }],
  ])('says %d to %s and nothing else [MS-ASCMD R3904 R4570]', async (status, _what, over) => {
    const { world, phone } = await synced();
    const before = await names(world);
    expect(await phone.create(over)).toEqual({ Status: status });
    expect(await names(world)).toEqual(before);
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });

  test('ends with 151 in a mailbox of a thousand folders [MS-ASCMD R4932]', async () => {
    const { world, phone } = await synced();
    const rows = Array.from({ length: MAX_FOLDERS - 6 }, (_, n) => {
      const { pk, sk } = keys.folder(ALICE, `f${n}` as FolderId);
      const counts = { seq: 0, added: 0, count: 0, unread: 0, hseq: 0 };
      return {
        op: 'put',
        table: 'mailboxes',
        row: { pk, sk, name: `F${n}`, parent: ROOT, type: 12, ...counts },
      } as const;
    });
    for (let from = 0; from < rows.length; from += 100) await world.store.table.transact(rows.slice(from, from + 100));
    const add = { folders: rows.length };
    await world.store.table.transact([{ op: 'update', key: keys.state(ALICE), add }]);
    await expect(phone.create()).rejects.toSatisfy((e) => e instanceof ProtocolFailure && e.status === 151);
  });
});

describe('FolderDelete', () => {
  test('deletes the folder with what is below it [MS-ASCMD R97 R98 R4045 R5783]', async () => {
    const { world, phone } = await synced();
    const a = await make(world, 'A');
    await make(world, 'B', a.id);
    await phone.sync();
    const answer = await phone.delete(a.id);
    expect(answer).toEqual({ Status: 1, SyncKey: expect.any(String) });
    expect(await names(world)).not.toContain('A');
    expect(await names(world)).not.toContain('B');
  });

  test.each([
    [3, 'a default folder [MS-ASCMD R4046 R4047 R4040 R99]', 'inbox', undefined],
    [3, 'the recipient information cache [MS-ASCMD R100 R101]', 'RI', undefined],
    [4, 'a folder that is not there [MS-ASCMD R4048 R4049]', 'nowhere', undefined],
    [4, 'what is no id', 'a#b', undefined],
    [9, 'an empty key [MS-ASCMD R4060]', 'A', ''],
    [10, 'nothing [MS-ASCMD R4063]', undefined, undefined],
  ])('says %d to %s and gives no key [MS-ASCMD R5785]', async (status, _what, id, key) => {
    const { world, phone } = await synced();
    const a = await make(world, 'A');
    await phone.sync();
    expect(await phone.delete(id === 'A' ? a.id : id, key)).toEqual({ Status: status });
    expect(await names(world)).toContain('A');
  });
});

describe('FolderUpdate', () => {
  test('renames and moves [MS-ASCMD R139 R140 R4100 R5784]', async () => {
    const { world, phone } = await synced();
    const a = await make(world, 'A');
    const b = await make(world, 'B');
    await phone.sync();
    const answer = await phone.update({ ServerId: a.id, ParentId: b.id, DisplayName: 'A2' });
    expect(answer).toEqual({ Status: 1, SyncKey: expect.any(String) });
    expect(await world.mailbox.folder(a.id)).toMatchObject({ name: 'A2', parent: b.id });
    phone.key = answer.SyncKey!;
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });

  test('to what the folder is succeeds with a key', async () => {
    const { world, phone } = await synced();
    const a = await make(world, 'A');
    await phone.sync();
    const answer = await phone.update({ ServerId: a.id, DisplayName: 'A' });
    expect(answer).toEqual({ Status: 1, SyncKey: expect.any(String) });
    phone.key = answer.SyncKey!;
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });

  test.each<[number, string, FolderUpdateRequest]>([
    [2, 'the name of a sibling [MS-ASCMD R5438]', { DisplayName: 'inbox' }],
    [2, 'a default folder [MS-ASCMD R4101 R4102 R4096]', { ServerId: 'inbox' }],
    [3, 'the recipient information cache [MS-ASCMD R141 R143 R4103 R4104]', { ServerId: 'RI' }],
    [4, 'a folder that is not there [MS-ASCMD R4105 R4106]', { ServerId: 'nowhere' }],
    [4, 'what is no id', { ServerId: '' }],
    [5, 'a parent that is not there [MS-ASCMD R4108 R4109]', { ParentId: 'nowhere' }],
    [5, 'a parent that cannot be', { ParentId: '' }],
    [9, 'a wrong key [MS-ASCMD R4120 R4573]', { SyncKey: 'wrong' }],
    [10, 'no key [MS-ASCMD R4568]', { SyncKey: undefined }],
    [10, 'a Status [MS-ASCMD R3102 R4123]', { Status: '1' }],
    [10, 'no name [MS-ASCMD R4123]', { DisplayName: undefined }],
    [10, 'itself as its parent', { ParentId: 'A' }],
  ])('says %d to %s and gives no key [MS-ASCMD R5786]', async (status, _what, over) => {
    const { world, phone } = await synced();
    const a = await make(world, 'A');
    await phone.sync();
    const request = { ServerId: a.id, DisplayName: 'A2', ...over };
    expect(await phone.update(over.ParentId === 'A' ? { ...request, ParentId: a.id } : request)).toEqual({
      Status: status,
    });
    expect(await names(world)).toContain('A');
  });
});

describe('a change whose answer was lost', () => {
  test('is answered as it was when it comes again, and is made once', async () => {
    const { world, phone } = await synced();
    const lost = await phone.create({ DisplayName: 'A' });
    expect(await phone.create({ DisplayName: 'A' })).toEqual(lost);
    expect((await names(world)).filter((name) => name === 'A')).toHaveLength(1);
    phone.key = lost.SyncKey!;
    expect(await phone.create({ DisplayName: 'A' })).toEqual({ Status: 2 });
    const renamed = await phone.update({ ServerId: lost.ServerId, DisplayName: 'B' });
    expect(await phone.update({ ServerId: lost.ServerId, DisplayName: 'B' })).toEqual(renamed);
    phone.key = renamed.SyncKey!;
    const deleted = await phone.delete(lost.ServerId);
    expect(await phone.delete(lost.ServerId)).toEqual(deleted);
    expect(deleted.Status).toBe(1);
  });

  test('is told by the next FolderSync to a device that asks with the key before', async () => {
    const { phone } = await synced();
    const { ServerId, SyncKey } = await phone.create();
    const { Changes } = await phone.sync();
    expect(Changes).toMatchObject({ Count: 1, Add: [{ ServerId }] });
    // The lost answer may still arrive: its key knows less than what has been told since.
    expect(phone.key).not.toBe(SyncKey);
    expect(await phone.ask(SyncKey)).toEqual({ Status: 9 });
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });

  test('is told also when the device made another change with the same key', async () => {
    const { phone } = await synced();
    const lost = await phone.create({ DisplayName: 'A' });
    const { SyncKey, ServerId } = await phone.create({ DisplayName: 'B' });
    expect(ServerId).not.toBe(lost.ServerId);
    phone.key = SyncKey!;
    const answer = await phone.ask();
    expect(answer.Changes).toMatchObject({ Count: 1, Add: [{ ServerId: lost.ServerId }] });
    // And once more when that answer is lost as well.
    expect(await phone.ask()).toEqual(answer);
    phone.take(answer);
    expect((await phone.sync()).Changes).toEqual({ Count: 0 });
  });

  test('after a FolderSync whose answer was lost leaves its changes to be told', async () => {
    const { world, phone } = await synced();
    const a = await make(world, 'A');
    await phone.ask();
    phone.key = (await phone.create({ DisplayName: 'B' })).SyncKey!;
    expect((await phone.sync()).Changes).toMatchObject({ Count: 1, Add: [{ ServerId: a.id }] });
  });
});

describe('two changes of one device at once', () => {
  test('that are the same are made once', async () => {
    const { world, phone } = await synced();
    const [one, other] = await Promise.all([phone.create({ DisplayName: 'A' }), phone.create({ DisplayName: 'A' })]);
    expect(one).toEqual(other);
    expect((await names(world)).filter((name) => name === 'A')).toHaveLength(1);
  });

  test('that differ are both made, and the one whose key is lost is told again', async () => {
    const { world, phone } = await synced();
    const both = await Promise.all([phone.create({ DisplayName: 'A' }), phone.create({ DisplayName: 'B' })]);
    expect(both.map(({ Status }) => Status)).toEqual([1, 1]);
    expect(await names(world)).toEqual(expect.arrayContaining(['A', 'B']));
    const last = both.find(({ SyncKey }) => SyncKey!.endsWith('.3'))!;
    const first = both.find((answer) => answer !== last)!;
    phone.key = last.SyncKey!;
    expect((await phone.ask()).Changes).toMatchObject({ Count: 1, Add: [{ ServerId: first.ServerId }] });
  });
});
