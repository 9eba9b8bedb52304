import { describe, expect, test } from 'vitest';
import { AddedDrafts } from '../../../../lib/commands/sync/added-drafts.ts';
import type { ClientCommand } from '../../../../lib/commands/sync/apply.ts';
import { type Folder, FolderType } from '../../../../lib/mailbox/types.ts';
import type { DeviceId } from '../../../../lib/ops/ids.ts';
import { keys } from '../../../../lib/store/schema.ts';
import { countingTable } from '../../../support/counting-table.ts';
import { email, INBOX, TRASH } from '../../../support/mailboxes.ts';
import { add, remove } from '../../../support/sync-phone.ts';
import { openSyncWorld } from '../../../support/sync-world.ts';

const DAY = 86_400_000;
const DEVICE = 'phone1' as DeviceId;
/** Any folder will do where its type says that it holds drafts. */
const PLACE = { id: INBOX, type: FolderType.Drafts } as Folder;
const ID = 'Add:c1';

async function world() {
  const { mailbox, table, clock } = await openSyncWorld();
  const read = (commands: readonly ClientCommand[] = [add('c1', {})], device = DEVICE, folder = PLACE) =>
    AddedDrafts.read({ table, mailbox, device, folder, now: clock.now() }, commands);
  /** A draft that was added with what remembers it. */
  const written = async () => {
    const draft = email('draft', { received: clock.now() });
    await mailbox.append(INBOX, [draft], { with: [(await read())!.write(ID, 'hash', draft.id)] });
    return draft.id;
  };
  const find = async (hash = 'hash', device = DEVICE) => (await read(undefined, device))!.find(ID, hash);
  return { mailbox, table, clock, read, written, find };
}

describe('a draft that was added', () => {
  test('is found by its ClientId and content', async () => {
    const { written, find } = await world();
    const item = await written();
    expect(await find()).toEqual({ status: 1, item });
    expect(await find('other')).toBeUndefined();
  });

  test('is found by the device that added it alone', async () => {
    const { written, find } = await world();
    await written();
    expect(await find('hash', 'phone2' as DeviceId)).toBeUndefined();
  });

  test('is found for a day', async () => {
    const { written, find, clock } = await world();
    await written();
    await clock.advance(DAY - 1);
    expect(await find()).toBeDefined();
    await clock.advance(1);
    expect(await find()).toBeUndefined();
  });

  test.each<
    [
      string,
      (
        w: Awaited<ReturnType<typeof world>>,
        item: Awaited<ReturnType<Awaited<ReturnType<typeof world>>['written']>>,
      ) => Promise<unknown>,
    ]
  >([
    ['deleted', ({ mailbox }, item) => mailbox.remove(INBOX, [item])],
    ['moved', ({ mailbox }, item) => mailbox.move(INBOX, item, TRASH)],
    [
      'changed: what was written to it stays, and the other is made',
      ({ mailbox }, item) =>
        mailbox.update(INBOX, item, ({ content }) => ({ content: { ...content, subject: 'More' }, kind: 'change' })),
    ],
  ])('is not found once it was %s', async (_, happens) => {
    const it = await world();
    await happens(it, await it.written());
    expect(await it.find()).toBeUndefined();
  });

  test('is replaced by what was added later under its ClientId', async () => {
    const { mailbox, read, written, find } = await world();
    await written();
    const drafts = (await read())!;
    for (const [name, hash] of [
      ['second', 'two'],
      ['third', 'three'],
    ] as const) {
      const next = email(name);
      await mailbox.append(INBOX, [next], { with: [drafts.write(ID, hash, next.id)] });
    }
    expect([await find('hash'), await find('two')]).toEqual([undefined, undefined]);
    expect(await find('three')).toBeDefined();
  });

  test('is remembered by one row that goes by itself', async () => {
    const { mailbox, table, clock, written } = await world();
    await written();
    const row = await table.get(keys.ledger(mailbox.id, DEVICE, INBOX, 'drafts', ID), 'strong');
    expect(row?.ttl).toBe(Math.floor(clock.now() / 1000) + 86_400);
  });
});

describe('nothing is read', () => {
  test.each<[string, readonly ClientCommand[], FolderType]>([
    ['in another folder', [add('c1', {})], FolderType.Inbox],
    ['without an Add', [remove('x')], FolderType.Drafts],
    ['for what is sent at once', [{ tag: 'Add', value: { ...add('c1', {}).value, Send: true } }], FolderType.Drafts],
  ])('%s', async (_, commands, type) => {
    const { mailbox, table } = await openSyncWorld();
    const counting = countingTable(table);
    const input = { table: counting.table, mailbox, device: DEVICE, folder: { ...PLACE, type }, now: 0 };
    expect(await AddedDrafts.read(input, commands)).toBeUndefined();
    expect(counting.rows()).toBe(0);
  });
});
