import { describe, expect, it } from 'vitest';
import { FolderCreateRequest, FolderCreateResponse } from '../../lib/documents/folder-create.ts';
import { FolderDeleteRequest, FolderDeleteResponse } from '../../lib/documents/folder-delete.ts';
import { FolderSyncResponse } from '../../lib/documents/folder-sync.ts';
import { FolderUpdateRequest, FolderUpdateResponse } from '../../lib/documents/folder-update.ts';
import { decode } from '../../lib/wbxml/index.ts';
import type { Phone } from '../support/client/phone.ts';
import { VERSIONS } from './harness.ts';
import { bytesOf, el, sharedServer } from './shared.ts';

const shared = sharedServer();

const create = async (phone: Phone, value: FolderCreateRequest) =>
  (await phone.client.command('FolderCreate', FolderCreateRequest, value, FolderCreateResponse)).document!;
const update = async (phone: Phone, value: FolderUpdateRequest) =>
  (await phone.client.command('FolderUpdate', FolderUpdateRequest, value, FolderUpdateResponse)).document!;
const remove = async (phone: Phone, value: FolderDeleteRequest) =>
  (await phone.client.command('FolderDelete', FolderDeleteRequest, value, FolderDeleteResponse)).document!;

/** Makes a folder and keeps the key. */
async function make(phone: Phone, DisplayName: string, ParentId = '0', Type = 12): Promise<string> {
  const made = await create(phone, { SyncKey: phone.hierarchyKey, ParentId, DisplayName, Type });
  expect(made.Status).toBe(1);
  phone.hierarchyKey = made.SyncKey!;
  return made.ServerId!;
}

async function started(options = {}) {
  const person = await shared.person();
  const phone = person.phone(options);
  await phone.start();
  return { person, phone };
}

describe('FolderSync', () => {
  it.each(VERSIONS)(
    'lists every folder to a new device, version %i [MS-ASCMD R4581] [MS-ASHTTP R491 R428]',
    async (version) => {
      const person = await shared.person();
      const phone = person.phone({ version });
      await person.mail('Not part of the hierarchy');
      await phone.provision();
      const { document, headers } = await phone.client.folderSync({ SyncKey: '0' });
      expect(document).toMatchObject({ Status: 1 });
      const added = document!.Changes!.Add!;
      expect(document!.Changes!.Count).toBe(added.length);
      // The default folders, each of its own type; none has what is in it.
      expect(added.map(({ Type }) => Type)).toEqual(expect.arrayContaining([2, 3, 4, 5, 6]));
      expect(JSON.stringify(document)).not.toContain('hierarchy.');
      expect(
        added.every(({ ParentId }) => ParentId === '0' || added.some(({ ServerId }) => ServerId === ParentId)),
      ).toBe(true);
      expect(document!.SyncKey).not.toBe('0');
      expect(document!.SyncKey!.length).toBeLessThanOrEqual(64);
      expect(headers['x-ms-rp']).toContain('16.1');
      const stale = await phone.client.folderSync({ SyncKey: 'no-such-key' });
      expect(stale.document).toEqual({ Status: 9 });
    },
  );

  it('says that a failed request failed and shows no folder [MS-ASCMD R4068 R4070 R4083]', async () => {
    const { phone } = await started();
    for (const SyncKey of ['99', 'x'.repeat(65), '-1', '0.0', '{1}1']) {
      expect((await phone.client.folderSync({ SyncKey })).document, SyncKey).toEqual({ Status: 9 });
    }
  });

  it('takes the types of folders from the list of the protocol [MS-ASCMD R4666]', async () => {
    const { phone } = await started();
    for (const { type } of phone.folders.values()) expect(type).toBeGreaterThanOrEqual(1);
    for (const { type } of phone.folders.values()) expect(type).toBeLessThanOrEqual(19);
  });

  it('has status 10 for a request without key [MS-ASCMD R4086 R4071]', async () => {
    const { phone } = await started();
    const answer = await phone.client.raw('FolderSync', bytesOf(el('FolderHierarchy', 'FolderSync')));
    expect(decode(FolderSyncResponse, answer.body, 161)).toEqual({ Status: 10 });
  });

  it('tells a second device what the first did, and the first nothing', async () => {
    const { person, phone } = await started();
    const other = person.phone({ deviceId: 'SECOND01' });
    await other.start();
    const id = await make(phone, 'Projects');
    expect((await phone.syncFolders()).Changes?.Count ?? 0).toBe(0);
    expect((await other.syncFolders()).Changes).toMatchObject({ Count: 1, Add: [{ ServerId: id, Type: 12 }] });
    const renamed = await update(phone, {
      SyncKey: phone.hierarchyKey,
      ServerId: id,
      ParentId: '0',
      DisplayName: 'Done',
    });
    phone.hierarchyKey = renamed.SyncKey!;
    expect((await other.syncFolders()).Changes).toMatchObject({ Update: [{ ServerId: id, DisplayName: 'Done' }] });
    phone.hierarchyKey = (await remove(phone, { SyncKey: phone.hierarchyKey, ServerId: id })).SyncKey!;
    expect((await other.syncFolders()).Changes).toMatchObject({ Count: 1, Delete: [{ ServerId: id }] });
    expect((await other.syncFolders()).Changes?.Count ?? 0).toBe(0);
  });

  it('repeats the answer of a key whose answer was lost', async () => {
    const { person, phone } = await started();
    const other = person.phone({ deviceId: 'SECOND01' });
    await other.start();
    const id = await make(phone, 'Projects');
    const lost = await other.client.folderSync({ SyncKey: other.hierarchyKey });
    await make(phone, 'Later');
    const again = await other.client.folderSync({ SyncKey: other.hierarchyKey });
    expect(again.document).toEqual(lost.document);
    expect(again.document!.Changes!.Add!.map(({ ServerId }) => ServerId)).toEqual([id]);
    other.hierarchyKey = again.document!.SyncKey!;
    expect((await other.syncFolders()).Changes!.Add!.map(({ DisplayName }) => DisplayName)).toEqual(['Later']);
  });
});

describe('FolderCreate', () => {
  it.each(VERSIONS)('makes a folder that other devices see, version %i [MS-ASHTTP R493]', async (version) => {
    const { person, phone } = await started({ version });
    const id = await make(phone, 'Reise nach Köln');
    const other = person.phone({ deviceId: 'SECOND01', version });
    await other.start();
    expect(other.folders.get(id)).toMatchObject({ name: 'Reise nach Köln', parent: '0', type: 12 });
  });

  it.each([
    ['a name that a sibling has', { DisplayName: 'Twin' }, 2, '[MS-ASCMD R4013 R4008]'],
    ['the parent of the recipient information cache', { ParentId: 'RI' }, 3, '[MS-ASCMD R4016]'],
    ['no such parent', { ParentId: '4711' }, 5, '[MS-ASCMD R4018]'],
    ['a key that is not the newest', { SyncKey: 'nonsense' }, 9, ''],
    ['a type that no client makes', { Type: 2 }, 10, '[MS-ASCMD R4035]'],
  ] as const)('refuses %s %j with %i %s', async (_, bad, status, _ids) => {
    const { phone } = await started();
    await make(phone, 'Twin');
    const good = { SyncKey: phone.hierarchyKey, ParentId: '0', DisplayName: 'Other', Type: 12 };
    expect(await create(phone, { ...good, ...bad })).toEqual({ Status: status });
    // Nothing happened: the same key still works.
    expect((await create(phone, good)).Status).toBe(1);
  });

  it('makes one folder when the answer is lost and the request comes again', async () => {
    const { person, phone } = await started();
    const request = { SyncKey: phone.hierarchyKey, ParentId: '0', DisplayName: 'Once', Type: 12 };
    const first = await create(phone, request);
    expect(await create(phone, request)).toEqual(first);
    const other = person.phone({ deviceId: 'SECOND01' });
    await other.start();
    expect([...other.folders.values()].filter(({ name }) => name === 'Once')).toHaveLength(1);
  });

  it('makes folders below folders and the tree comes out whole', async () => {
    const { person, phone } = await started();
    let parent = '0';
    for (let depth = 0; depth < 8; depth++) parent = await make(phone, `Level ${depth}`, parent);
    const other = person.phone({ deviceId: 'SECOND01' });
    await other.start();
    let walk = other.folders.get(parent)!;
    for (let depth = 7; depth > 0; depth--) walk = other.folders.get(walk.parent)!;
    expect(walk.name).toBe('Level 0');
  });
});

describe('FolderUpdate', () => {
  it('renames and moves [MS-ASHTTP R68 R431]', async () => {
    const { person, phone } = await started();
    const parent = await make(phone, 'Parent');
    const child = await make(phone, 'Child');
    const { Status, SyncKey } = await update(phone, {
      SyncKey: phone.hierarchyKey,
      ServerId: child,
      ParentId: parent,
      DisplayName: 'Renamed',
    });
    expect(Status).toBe(1);
    expect(SyncKey).not.toBe(phone.hierarchyKey);
    const other = person.phone({ deviceId: 'SECOND01' });
    await other.start();
    expect(other.folders.get(child)).toMatchObject({ name: 'Renamed', parent });
  });

  it.each([
    ['a name that is taken [MS-ASCMD R4097]', { DisplayName: 'Taken' }, 2],
    ['a folder that is not there [MS-ASCMD R4105]', { ServerId: '4711' }, 4],
    ['a parent that is not there', { ParentId: '4711' }, 5],
    ['a wrong key [MS-ASCMD R4120]', { SyncKey: 'old' }, 9],
  ] as const)('refuses %s', async (_, bad, status) => {
    const { phone } = await started();
    await make(phone, 'Taken');
    const id = await make(phone, 'Mine');
    const good = { SyncKey: phone.hierarchyKey, ServerId: id, ParentId: '0', DisplayName: 'New' };
    expect(await update(phone, { ...good, ...bad })).toEqual({ Status: status });
    expect((await update(phone, good)).Status).toBe(1);
  });

  it('does not touch a special folder, nor hangs a folder below itself [MS-ASCMD R4102]', async () => {
    const { phone } = await started();
    const inbox = phone.inbox.id;
    const key = phone.hierarchyKey;
    const renamed = await update(phone, { SyncKey: key, ServerId: inbox, ParentId: '0', DisplayName: 'Mine' });
    expect(renamed).toEqual({ Status: 2 });
    const top = await make(phone, 'Top');
    const below = await make(phone, 'Below', top);
    const looped = await update(phone, {
      SyncKey: phone.hierarchyKey,
      ServerId: top,
      ParentId: below,
      DisplayName: 'Top',
    });
    expect(looped.Status).not.toBe(1);
    expect((await phone.syncFolders()).Status).toBe(1);
  });
});

describe('FolderDelete', () => {
  it('takes what is below with it [MS-ASHTTP R496]', async () => {
    const { person, phone } = await started();
    const other = person.phone({ deviceId: 'SECOND01' });
    const top = await make(phone, 'Top');
    const below = await make(phone, 'Below', top);
    await other.start();
    expect(other.folders.has(below)).toBe(true);
    expect((await remove(phone, { SyncKey: phone.hierarchyKey, ServerId: top })).Status).toBe(1);
    await other.syncFolders();
    expect(other.folders.has(top)).toBe(false);
    expect(other.folders.has(below)).toBe(false);
  });

  it.each([
    ['a special folder', 3],
    ['a folder that is not there [MS-ASCMD R4048]', 4],
    ['a wrong key [MS-ASCMD R4042 R4060]', 9],
  ] as const)('refuses %s', async (what, status) => {
    const { phone } = await started();
    const id = await make(phone, 'Mine');
    const request = {
      SyncKey: status === 9 ? 'old' : phone.hierarchyKey,
      ServerId: what === 'a special folder' ? phone.inbox.id : status === 4 ? '4711' : id,
    };
    expect(await remove(phone, request)).toEqual({ Status: status });
  });
});
