import { describe, expect, test } from 'vitest';
import type { FolderId } from '../../../lib/ops/ids.ts';
import { keys } from '../../../lib/store/schema.ts';
import { joinKeys } from '../../../lib/sync/sync-key.ts';
import { INBOX, TRASH } from '../../support/mailboxes.ts';
import { change, remove, TestPhone } from '../../support/sync-phone.ts';
import { deliver, elsewhere, itemOf, openSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

const DAY = 86_400_000;

async function upToDate(count = 2, collection = {}) {
  const world = await openSyncWorld();
  const ids = await deliver(world, count);
  const phone = new TestPhone(world);
  await phone.start(collection);
  const look = async (folder: FolderId = INBOX) =>
    (await world.news.look(world.mailbox, phone.device, [folder])).get(folder);
  const watermark = async () => (await world.states.load(world.mailbox.id, phone.device, [INBOX]))[0]!.state.next.log;
  return { world, phone, ids, look, watermark };
}
const head = async (world: SyncWorld) => (await world.mailbox.folder(INBOX))!.seq;

describe('news for a device', () => {
  test('is none while nothing happens, and none is written', async () => {
    const { world, phone, look } = await upToDate();
    const [before] = await world.states.load(world.mailbox.id, phone.device, [INBOX]);
    expect(await look()).toBe('none');
    const [after] = await world.states.load(world.mailbox.id, phone.device, [INBOX]);
    expect(after?.rev).toBe(before?.rev);
  });

  test('[MS-ASCMD R5641] of additions is for now, of everything else for later', async () => {
    const { world, ids, look } = await upToDate();
    await elsewhere(world, ids[0]!, { read: true });
    expect(await look()).toBe('later');
    await world.mailbox.remove(INBOX, [itemOf(ids[1]!)]);
    expect(await look()).toBe('later');
    await deliver(world, 1);
    expect(await look()).toBe('now');
    expect(await look()).toBe('now');
  });

  test('is none of what came and went, and the watermark moves over it without a new key', async () => {
    const { world, phone, look, watermark } = await upToDate();
    const { key } = phone;
    const [id] = await deliver(world, 1);
    await world.mailbox.remove(INBOX, [itemOf(id!)]);
    expect(await look()).toBe('none');
    expect((await watermark()).seq).toBe(await head(world));
    expect(await phone.send()).toBe('empty');
    expect(phone.key).toBe(key);
  });

  test('is none of what the device did itself', async () => {
    const { phone, ids, look } = await upToDate();
    await phone.sync({ Commands: [change(ids[0]!, { Read: true }), remove(ids[1]!)] });
    await phone.sync();
    expect(await look()).toBe('none');
  });

  test('is what it made the server do in another folder', async () => {
    const { world, phone, ids, look } = await upToDate();
    await new TestPhone(world, 'phone1', TRASH).start();
    await phone.sync({ Commands: [remove(ids[0]!)] });
    expect(await look(TRASH)).toBe('now');
  });

  test('is none of what it moved itself, in either folder', async () => {
    const { world, phone, ids, look } = await upToDate();
    const trash = new TestPhone(world, 'phone1', TRASH);
    await trash.start();
    const origin = { device: phone.device, syncKey: joinKeys([phone.key, trash.key]) };
    await world.mailbox.move(INBOX, itemOf(ids[0]!), TRASH, { origin });
    expect(await look(INBOX)).toBe('none');
    expect(await look(TRASH)).toBe('none');
    expect(await phone.send()).toBe('empty');
    expect(await trash.send()).toBe('empty');
  });

  test('is none of what lies outside of its filter', async () => {
    const { world, look, watermark } = await upToDate(2, { Options: [{ FilterType: 1 }] });
    const [old] = await deliver(world, 1, { received: world.clock.now() - 5 * DAY });
    await elsewhere(world, old!, { read: true });
    expect(await look()).toBe('none');
    expect((await watermark()).seq).toBe(await head(world));
  });

  test('is of another device’s change of the same item', async () => {
    const { world, phone, ids, look } = await upToDate();
    await phone.sync({ Commands: [change(ids[0]!, { Read: true })] });
    await phone.sync();
    await elsewhere(world, ids[0]!, { read: false });
    expect(await look()).toBe('later');
  });

  test('is now while pages or parts of the log are left', async () => {
    const { world, phone, look } = await upToDate(0);
    await deliver(world, 3);
    await phone.sync({ WindowSize: 1 });
    expect(await look()).toBe('now');
    expect(await look()).toBe('now');
  });

  test('[MS-ASCMD R5636] compares with the last key returned; that its answer may be lost wakes nobody', async () => {
    const { world, phone, look } = await upToDate();
    await deliver(world, 1);
    await phone.sync();
    expect(await look()).toBe('later');
    expect(await phone.send()).toBe('empty');
    expect(await look()).toBe('none');
  });

  test('is now for an addition after an answer that may be lost', async () => {
    const { world, phone, look } = await upToDate();
    await deliver(world, 1);
    await phone.sync();
    await deliver(world, 1);
    expect(await look()).toBe('now');
  });

  test('is later until the answer is acknowledged, however often it was asked for', async () => {
    const { world, phone, look } = await upToDate();
    await deliver(world, 1);
    await phone.send();
    expect(await look()).toBe('later');
    await phone.sync();
    expect(await look()).toBe('later');
    await phone.sync();
    expect(await look()).toBe('none');
  });

  test('is now where only a full Sync can help', async () => {
    const { world, look } = await upToDate();
    const key = keys.state(world.mailbox.id);
    await world.table.transact([{ op: 'update', key, set: { incarnation: 'another' } }]);
    expect(await look()).toBe('now');
  });

  test('is that a folder is gone, or was never synchronised', async () => {
    const { world, look } = await upToDate();
    expect(await look('nowhere' as FolderId)).toBe('gone');
    expect(await look(TRASH)).toBe('unsynced');
    await new TestPhone(world, 'phone1', TRASH).sync();
    expect(await look(TRASH)).toBe('unsynced');
  });

  test('is looked for in many folders at once', async () => {
    const { world, phone } = await upToDate();
    await deliver(world, 1);
    const found = await world.news.look(world.mailbox, phone.device, [INBOX, TRASH, 'x' as FolderId]);
    expect([...found]).toEqual([
      [INBOX, 'now'],
      [TRASH, 'unsynced'],
      ['x', 'gone'],
    ]);
  });
});
