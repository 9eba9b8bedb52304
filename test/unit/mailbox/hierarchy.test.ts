import { describe, expect, test } from 'vitest';
import { DEFAULT_FOLDERS, FIRST_FOLDERS } from '../../../lib/mailbox/defaults.ts';
import { MAX_FOLDERS } from '../../../lib/mailbox/hierarchy.ts';
import { MAX_DEPTH } from '../../../lib/mailbox/tree.ts';
import {
  type Folder,
  FolderExists,
  FolderFixed,
  FolderInvalid,
  FolderLimit,
  FolderType,
  type Mailbox,
  NoFolder,
  NoMailbox,
  type Origin,
  ROOT,
} from '../../../lib/mailbox/types.ts';
import type { DeviceId, FolderId, MailboxId } from '../../../lib/ops/ids.ts';
import { ConditionFailed } from '../../../lib/store/ports.ts';
import { HIERARCHY, keys } from '../../../lib/store/schema.ts';
import { ALICE, email, INBOX, openTestMailbox, TRASH } from '../../support/mailboxes.ts';
import { eachStore } from '../../support/stores.ts';

const make = (mailbox: Mailbox, name: string, parent: FolderId = ROOT, origin?: Origin) =>
  mailbox.createFolder({ name, parent, type: FolderType.UserMail }, { origin });
const names = (folders: readonly Folder[]) => folders.map(({ name }) => name);

eachStore((_open, kind) => {
  describe('a mailbox', () => {
    test('begins with its default folders under the root', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      const folders = await mailbox.folders();
      expect(folders.map(({ name, type, parent }) => [name, type, parent]).sort()).toEqual([
        ['Archive', 12, '0'],
        ['Deleted Items', 4, '0'],
        ['Drafts', 3, '0'],
        ['Inbox', 2, '0'],
        ['Junk E-mail', 12, '0'],
        ['Outbox', 6, '0'],
        ['Sent Items', 5, '0'],
      ]);
      expect(await mailbox.state()).toMatchObject({ hierarchy: 1, policyEpoch: 0, wipeEpoch: 0 });
    });

    test('is made once, however often and by however many at a time', async () => {
      const { mailboxes, mailbox } = await openTestMailbox({ kind });
      const before = await mailbox.tree();
      await Promise.all([mailboxes.create(ALICE), mailboxes.create(ALICE)]);
      expect(await mailbox.tree()).toEqual(before);
    });

    test('gets the default folders that a later release adds, with room for a folder of the user', async () => {
      const { mailboxes, mailbox, store } = await openTestMailbox({ kind });
      // As if this release were the one that adds Junk E-mail.
      const junk = 'junk' as FolderId;
      const state = keys.state(ALICE);
      await store.table.transact([
        { op: 'delete', key: keys.folder(ALICE, junk) },
        { op: 'update', key: state, add: { folders: -1, sum: -1 } },
      ]);
      await make(mailbox, 'JUNK E-mail');
      await mailboxes.create(ALICE);
      expect(await mailbox.folder(junk)).toMatchObject({ name: 'Junk E-mail (2)', type: 12 });
      expect((await mailbox.hierarchySince(2)).added.map(({ id }) => id)).toEqual([junk]);
    });

    test('has an Archive that is the user’s to rename and to delete, and that stays away then', async () => {
      const { mailboxes, mailbox } = await openTestMailbox({ kind });
      const archive = (await mailbox.folders()).find(({ name }) => name === 'Archive')!;
      await mailbox.changeFolder(archive.id, { name: 'Done', parent: ROOT });
      await make(mailbox, 'archive');
      await mailboxes.create(ALICE);
      expect(names(await mailbox.folders()).filter((name) => /archive/i.test(name))).toEqual(['archive']);
      await mailbox.deleteFolder(archive.id);
      await mailboxes.create(ALICE);
      expect(await mailbox.folder(archive.id)).toBeUndefined();
    });

    test('that was never made is told as missing', async () => {
      const { mailboxes } = await openTestMailbox({ kind });
      const nobody = mailboxes.open('nobody' as MailboxId);
      await expect(nobody.state()).rejects.toThrow(NoMailbox);
      await expect(nobody.folders()).rejects.toThrow(NoMailbox);
      await expect(nobody.heads([INBOX])).rejects.toThrow(NoMailbox);
    });

    test('tells the heads of those folders that there are', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      await mailbox.append(INBOX, [email('a')]);
      const { state, heads } = await mailbox.heads([TRASH, INBOX, INBOX, 'none' as FolderId]);
      expect(state).toEqual(await mailbox.state());
      expect([...heads.values()].map(({ id, seq }) => [id, seq])).toEqual([
        [TRASH, 0],
        [INBOX, 1],
      ]);
    });

    test('raises an epoch with rows of the same transaction, or neither', async () => {
      const { mailbox } = await openTestMailbox({ kind });
      const row = { pk: `U#${ALICE}`, sk: 'D#phone' };
      const once = { with: [{ op: 'put', table: 'devices', row, when: { row: 'absent' } }] } as const;
      await mailbox.raise('wipeEpoch', once);
      await expect(mailbox.raise('policyEpoch', once)).rejects.toThrow(ConditionFailed);
      expect(await mailbox.state()).toMatchObject({ wipeEpoch: 1, policyEpoch: 0, hierarchy: 1 });
    });
  });
});

describe('a folder', () => {
  test('is created below another, listed after it, and told as an addition', async () => {
    const { mailbox } = await openTestMailbox();
    const a = await make(mailbox, 'A', INBOX);
    const b = await make(mailbox, 'B', a.id);
    expect(b).toMatchObject({ name: 'B', parent: a.id, type: 12, class: 'Email', seq: 0, count: 0 });
    expect(b.id).toMatch(/^[0-9a-z]{10}$/);
    const listed = names(await mailbox.folders());
    expect(listed.slice(listed.indexOf('Inbox'), listed.indexOf('Inbox') + 3)).toEqual(['Inbox', 'A', 'B']);
    expect(await mailbox.hierarchySince(1)).toMatchObject({ upTo: 3, gone: false, added: [a, b], deleted: [] });
  });

  test.each([
    ['Calendar', FolderType.UserCalendar],
    ['Contacts', FolderType.UserContacts],
    ['Tasks', FolderType.UserTasks],
    ['Notes', FolderType.UserNotes],
    ['Email', FolderType.UserGeneric],
  ] as const)('takes items of class %s when it is of type %d', async (of, type) => {
    const { mailbox } = await openTestMailbox();
    expect(await mailbox.createFolder({ name: 'X', parent: ROOT, type })).toMatchObject({ class: of, type });
  });

  test('shares its name with no sibling, in any case, but with folders elsewhere', async () => {
    const { mailbox } = await openTestMailbox();
    const a = await make(mailbox, 'Ärger');
    await expect(make(mailbox, 'ärger')).rejects.toThrow(FolderExists);
    await expect(make(mailbox, ' INBOX ')).rejects.toThrow(FolderExists);
    const inner = await make(mailbox, 'ärger', a.id);
    await expect(mailbox.changeFolder(inner.id, { name: 'ÄRGER', parent: ROOT })).rejects.toThrow(FolderExists);
    expect(await mailbox.changeFolder(a.id, { name: 'ÄRGER', parent: ROOT })).toMatchObject({ name: 'ÄRGER' });
  });

  test('is renamed and moved, with what is below it, and keeps its items', async () => {
    const { mailbox } = await openTestMailbox();
    const a = await make(mailbox, 'A');
    const b = await make(mailbox, 'B', a.id);
    await mailbox.append(a.id, [email('m')]);
    const changed = await mailbox.changeFolder(a.id, { name: 'A2', parent: TRASH });
    expect(changed).toMatchObject({ id: a.id, name: 'A2', parent: TRASH, count: 1, seq: 1 });
    expect(await mailbox.folder(b.id)).toMatchObject({ parent: a.id });
    expect(await mailbox.hierarchySince(3)).toMatchObject({ upTo: 4, changed: [changed], added: [], deleted: [] });
  });

  test('that is changed into what it is does not change', async () => {
    const { mailbox } = await openTestMailbox();
    const a = await make(mailbox, 'A');
    await mailbox.changeFolder(a.id, { name: 'A', parent: ROOT });
    expect(await mailbox.state()).toMatchObject({ hierarchy: 2 });
  });

  test('does not go below itself, nor below what is below it', async () => {
    const { mailbox } = await openTestMailbox();
    const a = await make(mailbox, 'A');
    const b = await make(mailbox, 'B', a.id);
    await expect(mailbox.changeFolder(a.id, { name: 'A', parent: a.id })).rejects.toThrow(FolderInvalid);
    await expect(mailbox.changeFolder(a.id, { name: 'A', parent: b.id })).rejects.toThrow(FolderInvalid);
  });

  test('needs a parent, and says that it is the parent which is missing', async () => {
    const { mailbox } = await openTestMailbox();
    const none = 'none' as FolderId;
    const a = await make(mailbox, 'A');
    const parent = (error: unknown) => error instanceof NoFolder && error.which === 'parent';
    const self = (error: unknown) => error instanceof NoFolder && error.which === 'folder';
    await expect(make(mailbox, 'B', none)).rejects.toSatisfy(parent);
    await expect(mailbox.changeFolder(a.id, { name: 'A', parent: none })).rejects.toSatisfy(parent);
    await expect(mailbox.changeFolder(none, { name: 'A', parent: ROOT })).rejects.toSatisfy(self);
    await expect(mailbox.deleteFolder(none)).rejects.toSatisfy(self);
  });

  test('of the default ones is neither changed nor deleted', async () => {
    const { mailbox } = await openTestMailbox();
    for (const { id } of DEFAULT_FOLDERS) {
      await expect(mailbox.changeFolder(id, { name: 'X', parent: ROOT })).rejects.toThrow(FolderFixed);
      await expect(mailbox.deleteFolder(id)).rejects.toThrow(FolderFixed);
    }
  });

  test('is as deep as may be and no deeper, also by being moved', async () => {
    const { mailbox } = await openTestMailbox();
    let parent: FolderId = ROOT;
    for (let level = 0; level < MAX_DEPTH; level++) parent = (await make(mailbox, `L${level}`, parent)).id;
    await expect(make(mailbox, 'too deep', parent)).rejects.toThrow(FolderInvalid);
    const low = await make(mailbox, 'low');
    await make(mailbox, 'lower', low.id);
    const second = (await mailbox.folder(parent))!.parent;
    await expect(mailbox.changeFolder(low.id, { name: 'low', parent: second })).rejects.toThrow(FolderInvalid);
    const third = (await mailbox.folder(second))!.parent;
    await mailbox.changeFolder(low.id, { name: 'low', parent: third });
  });

  test('is refused when the mailbox has a thousand', async () => {
    const { mailbox, store } = await openTestMailbox();
    const rows = Array.from({ length: MAX_FOLDERS - FIRST_FOLDERS.length }, (_, n) => {
      const counts = { seq: 0, added: 0, count: 0, unread: 0, hseq: 0 };
      return { ...keys.folder(ALICE, `f${n}` as FolderId), name: `F${n}`, parent: ROOT, type: 12, ...counts };
    });
    for (let from = 0; from < rows.length; from += 100) {
      const part = rows.slice(from, from + 100).map(({ table, ...row }) => ({ op: 'put', table, row }) as const);
      await store.table.transact(part);
    }
    await store.table.transact([{ op: 'update', key: keys.state(ALICE), add: { folders: rows.length } }]);
    await expect(make(mailbox, 'one more')).rejects.toThrow(FolderLimit);
    await mailbox.deleteFolder('f0' as FolderId);
    await make(mailbox, 'one more');
  });
});

describe('a folder that is deleted', () => {
  test('is gone with all that is below it, at once and for every reader and writer', async () => {
    const { mailbox } = await openTestMailbox();
    const a = await make(mailbox, 'A');
    const b = await make(mailbox, 'B', a.id);
    await mailbox.append(b.id, [email('m')]);
    await mailbox.deleteFolder(a.id);
    expect(names(await mailbox.folders())).not.toContain('A');
    expect(await mailbox.folder(b.id)).toBeUndefined();
    expect((await mailbox.heads([a.id, b.id])).heads.size).toBe(0);
    await expect(mailbox.append(b.id, [email('n')])).rejects.toThrow(NoFolder);
    await expect(mailbox.log(b.id, { seq: 0, n: 0 }, 1)).rejects.toThrow(NoFolder);
    await expect(make(mailbox, 'C', b.id)).rejects.toThrow(NoFolder);
    const told = await mailbox.hierarchySince(3);
    expect([...told.deleted].sort()).toEqual([a.id, b.id].sort());
    expect(told.upTo).toBe(4);
    await make(mailbox, 'A');
  });

  test('takes a tree of any size with it, in parts when it is large, and the caller’s rows with the last', async () => {
    const { mailbox, store } = await openTestMailbox();
    const a = await make(mailbox, 'A');
    const children: FolderId[] = [];
    for (let n = 0; n < 50; n++) children.push((await make(mailbox, `N${n}`, n < 25 ? a.id : children[n - 25]!)).id);
    const before = (await mailbox.state()).hierarchy;
    const row = { pk: `U#${ALICE}`, sk: 'R#1' };
    await mailbox.deleteFolder(a.id, { with: [{ op: 'put', table: 'devices', row, when: { row: 'absent' } }] });
    expect(await mailbox.folders()).toHaveLength(FIRST_FOLDERS.length);
    expect((await mailbox.state()).hierarchy).toBe(before + 2);
    expect((await mailbox.hierarchySince(before)).deleted).toHaveLength(51);
    expect(await store.table.get({ table: 'devices', ...row })).toBeDefined();
  });

  test('leaves rows and blobs to the reaper, which spares what was moved out in time', async () => {
    const { mailbox, mailboxes, store } = await openTestMailbox();
    const a = await make(mailbox, 'A');
    const all = Array.from({ length: 60 }, (_, n) => email(`m${n}`));
    for (const { content } of all) await store.blobs.put(content.mime.blob, new Uint8Array([1]));
    await mailbox.append(a.id, all.slice(0, 30));
    await mailbox.append(a.id, all.slice(30));
    const kept = await mailbox.move(a.id, all[0]!.id, INBOX);
    await mailbox.deleteFolder(a.id);
    const { rows } = await mailboxes.reap(ALICE);
    // Items, one tombstone among them; log rows; the folder.
    expect(rows).toBe(60 + 61 + 1);
    expect(await store.blobs.get(kept.content.mime.blob)).toBeDefined();
    for (const { content } of all.slice(1)) expect(await store.blobs.get(content.mime.blob)).toBeUndefined();
    const left = await store.table.query({ table: 'mailboxes', pk: `U#${ALICE}` });
    expect(left.filter(({ sk }) => sk.includes(a.id))).toEqual([]);
    expect(await mailboxes.reap(ALICE)).toEqual({ rows: 0 });
  });
});

describe('blobs of a deleted item', () => {
  test('stay for an hour, for whoever is reading them, and go then', async () => {
    const { mailbox, mailboxes, store, clock } = await openTestMailbox();
    const mail = email('m');
    const { blob } = mail.content.mime;
    await store.blobs.put(blob, new Uint8Array([1]));
    await mailbox.append(INBOX, [mail]);
    const moved = await mailbox.move(INBOX, mail.id, TRASH);
    await mailbox.remove(TRASH, [moved.id]);
    await clock.advance(3_599_999);
    expect(await mailboxes.reap(ALICE)).toEqual({ rows: 0 });
    expect(await store.blobs.get(blob)).toBeDefined();
    await clock.advance(1);
    expect(await mailboxes.reap(ALICE)).toEqual({ rows: 1 });
    expect(await store.blobs.get(blob)).toBeUndefined();
  });

  test('that a change replaced go too; those that stay in use do not', async () => {
    const { mailbox, mailboxes, store, clock } = await openTestMailbox();
    const mail = email('m', { text: { size: 9, prefix: 'x', blob: 'alice/m/text' } });
    for (const key of ['alice/m/mime', 'alice/m/text', 'alice/m/mime2']) await store.blobs.put(key, new Uint8Array(1));
    await mailbox.append(INBOX, [mail]);
    const mime = { blob: 'alice/m/mime2', size: 1 };
    await mailbox.update(INBOX, mail.id, ({ content }) => ({ content: { ...content, mime }, kind: 'change' }));
    await clock.advance(3_600_000);
    await mailboxes.reap(ALICE);
    const left = ['alice/m/mime', 'alice/m/text', 'alice/m/mime2'].map((key) => store.blobs.get(key));
    expect((await Promise.all(left)).map((bytes) => bytes !== undefined)).toEqual([false, true, true]);
  });
});

describe('the hierarchy since a sequence', () => {
  const phone = { device: 'phone' as DeviceId, syncKey: 'g.1' };
  const known = (origin: Origin) => origin.device === phone.device;

  test('says nothing of a folder made and deleted in between', async () => {
    const { mailbox } = await openTestMailbox();
    const a = await make(mailbox, 'A');
    await mailbox.deleteFolder(a.id);
    expect(await mailbox.hierarchySince(1)).toEqual({ upTo: 3, gone: false, added: [], changed: [], deleted: [] });
    expect((await mailbox.hierarchySince(2)).deleted).toEqual([a.id]);
  });

  test('is told alike when told again, whatever happened afterwards', async () => {
    const { mailbox } = await openTestMailbox();
    const a = await make(mailbox, 'A');
    const b = await make(mailbox, 'B');
    const first = await mailbox.hierarchySince(1, { upTo: 3 });
    await mailbox.changeFolder(a.id, { name: 'A2', parent: b.id });
    await mailbox.deleteFolder(b.id);
    const again = await mailbox.hierarchySince(1, { upTo: 3 });
    const told = ({ added }: typeof first) => added.map(({ id, name, parent, type }) => ({ id, name, parent, type }));
    expect(told(again)).toEqual(told(first));
    expect(told(first).map(({ name }) => name)).toEqual(['A', 'B']);
  });

  test('leaves out what the asker did, but not what others did to it afterwards', async () => {
    const { mailbox } = await openTestMailbox();
    const a = await make(mailbox, 'A', ROOT, phone);
    expect(await mailbox.hierarchySince(1, { known })).toMatchObject({ upTo: 2, added: [], changed: [], deleted: [] });
    await mailbox.changeFolder(a.id, { name: 'A2', parent: ROOT });
    expect(await mailbox.hierarchySince(1, { known })).toMatchObject({ added: [], changed: [{ name: 'A2' }] });
    await mailbox.changeFolder(a.id, { name: 'A3', parent: ROOT }, { origin: phone });
    expect(await mailbox.hierarchySince(1, { known })).toMatchObject({ added: [], changed: [] });
    await mailbox.deleteFolder(a.id);
    expect(await mailbox.hierarchySince(1, { known })).toMatchObject({ deleted: [a.id] });
  });

  test('does not tell a deletion to the one who made it', async () => {
    const { mailbox } = await openTestMailbox();
    const a = await make(mailbox, 'A');
    await mailbox.changeFolder(a.id, { name: 'A2', parent: ROOT });
    await mailbox.deleteFolder(a.id, { origin: phone });
    expect(await mailbox.hierarchySince(2, { known })).toMatchObject({ upTo: 4, changed: [], deleted: [] });
    expect(await mailbox.hierarchySince(2)).toMatchObject({ deleted: [a.id] });
  });

  test('is gone when its rows are, or for a sequence that is yet to come', async () => {
    const { mailbox, store } = await openTestMailbox();
    await make(mailbox, 'A');
    await make(mailbox, 'B');
    expect((await mailbox.hierarchySince(4)).gone).toBe(true);
    await store.table.transact([{ op: 'delete', key: keys.log(ALICE, HIERARCHY, 3, 0) }]);
    expect((await mailbox.hierarchySince(1)).gone).toBe(true);
    expect((await mailbox.hierarchySince(3)).gone).toBe(false);
  });
});
