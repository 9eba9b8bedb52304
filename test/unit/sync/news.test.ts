import { describe, expect, test } from 'vitest';
import type { ChangeKind, LogPage, LogRow, Mailbox } from '../../../lib/mailbox/types.ts';
import type { DeviceId, FolderId, ItemId } from '../../../lib/ops/ids.ts';
import { StoreConflict, StoreUnavailable } from '../../../lib/store/ports.ts';
import { keys } from '../../../lib/store/schema.ts';
import { SyncNews } from '../../../lib/sync/news.ts';
import { DEFAULT_OPTIONS } from '../../../lib/sync/options.ts';
import { type Position, startingPosition } from '../../../lib/sync/position.ts';
import { EVERYTHING } from '../../../lib/sync/ranges.ts';
import type { SyncState, SyncStates } from '../../../lib/sync/states.ts';
import { joinKeys } from '../../../lib/sync/sync-key.ts';
import { FakeClock } from '../../support/fake-clock.ts';
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

  test('is for later of what it moved itself: the answer to the move may have been lost', async () => {
    const { world, phone, ids, look } = await upToDate();
    const trash = new TestPhone(world, 'phone1', TRASH);
    await trash.start();
    const origin = { device: phone.device, syncKey: joinKeys([phone.key, trash.key]) };
    await world.mailbox.move(INBOX, itemOf(ids[0]!), TRASH, { origin });
    expect(await look(INBOX)).toBe('later');
    expect(await look(TRASH)).toBe('later');
    await phone.drain();
    await trash.drain();
    expect([...phone.items.keys()]).toEqual([ids[1]]);
    expect(trash.items.size).toBe(1);
    expect(await look(INBOX)).toBe('none');
    expect(await look(TRASH)).toBe('none');
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

describe('a look', () => {
  const row = (item: string, kind: ChangeKind, seq: number) =>
    ({ item: item as ItemId, kind, seq, n: 0, prev: seq - 1, at: 0 }) as LogRow;

  /** A device that has everything up to sequence 5 of a folder, and a log that says this about what came since. */
  async function looked(
    given: {
      readonly state?: Partial<SyncState>;
      readonly next?: Partial<Position>;
      readonly seq?: number;
      readonly page?: Partial<LogPage>;
      readonly fails?: Error;
    } = {},
  ) {
    const next = { ...startingPosition({ seq: 5, n: 0 }, '', 0), held: EVERYTHING, ...given.next };
    const state = {
      ...{ generation: 'g', counter: 3, incarnation: 'i', snapshot: 0, content: false, behind: false, own: [] },
      ...{ options: { own: DEFAULT_OPTIONS }, touched: 0, next },
      ...given.state,
    } as SyncState;
    const saved: SyncState[] = [];
    const states = {
      load: async () => [{ state, rev: 'r' }],
      save: async (_m: unknown, _d: unknown, _f: unknown, one: SyncState, rev: string) => {
        expect(rev).toBe('r');
        if (given.fails) throw given.fails;
        saved.push(one);
        return 's';
      },
    } as unknown as SyncStates;
    const rows = given.page?.rows ?? [];
    const upTo = rows.at(-1) ?? next.log;
    const mailbox = {
      id: 'm',
      heads: async () => ({
        state: { incarnation: 'i' },
        heads: new Map([[INBOX, { id: INBOX, seq: given.seq ?? 5 }]]),
      }),
      log: async () => ({ rows, upTo, more: false, gone: false, ...given.page }),
    } as unknown as Mailbox;
    const news = new SyncNews(states, new FakeClock(1000));
    const found = await news.look(mailbox, 'd' as DeviceId, [INBOX]);
    return [found.get(INBOX), saved.map((one) => [one.next.log.seq, one.touched])];
  }
  const base = startingPosition({ seq: 1, n: 0 }, '', 0);
  const skipped = { skipped: ['a' as ItemId] };

  test('does not take a device that has an empty window for one that never synchronised', async () => {
    expect(await looked({ next: { held: [] } })).toEqual(['now', []]);
    expect(await looked({ next: { held: [] }, state: { counter: 1 } })).toEqual(['unsynced', []]);
    expect(await looked({ state: { counter: 1 } })).toEqual(['none', []]);
    expect(await looked({ next: { rest: true } })).toEqual(['now', []]);
  });

  test('tells later of an answer that said something and was not acknowledged', async () => {
    expect(await looked({ state: { base, content: true } })).toEqual(['later', []]);
    expect(await looked({ state: { base, content: false } })).toEqual(['none', []]);
    expect(await looked({ state: { content: true } })).toEqual(['none', []]);
  });

  test('says now where the log is gone', async () => {
    expect(await looked({ seq: 9, page: { gone: true } })).toEqual(['now', []]);
  });

  test('moves over rows that are no news, and not over none', async () => {
    const rows = [row('a', 'add', 6), row('a', 'delete', 7)];
    expect(await looked({ seq: 7, page: { rows } })).toEqual(['none', [[7, 1000]]]);
    expect(await looked({ seq: 7, page: { rows }, state: { base, content: true } })).toEqual(['later', [[7, 1000]]]);
    expect(await looked({ seq: 7 })).toEqual(['none', []]);
  });

  test('says now where more rows are left than one look reads', async () => {
    const nothing = [row('a', 'add', 6), row('a', 'delete', 7)];
    expect(await looked({ seq: 9, page: { rows: nothing, more: true } })).toEqual(['now', [[7, 1000]]]);
    const change = [row('a', 'change', 6)];
    expect(await looked({ seq: 6, page: { rows: change } })).toEqual(['later', []]);
    expect(await looked({ seq: 9, page: { rows: change, more: true } })).toEqual(['now', []]);
    // An item that could not be shown before may be shown now.
    expect(await looked({ seq: 6, page: { rows: change }, next: skipped })).toEqual(['now', []]);
  });

  test('does not fail because the position cannot be stored, unless that is a bug', async () => {
    const rows = [row('a', 'add', 6), row('a', 'delete', 7)];
    for (const fails of [new StoreUnavailable('x'), new StoreConflict('x')]) {
      expect(await looked({ seq: 7, page: { rows }, fails })).toEqual(['none', []]);
    }
    await expect(looked({ seq: 7, page: { rows }, fails: new TypeError('bug') })).rejects.toThrow(TypeError);
  });
});
