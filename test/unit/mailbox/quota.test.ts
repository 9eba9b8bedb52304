import { describe, expect, test } from 'vitest';
import { TableMailboxes } from '../../../lib/mailbox/mailboxes.ts';
import {
  checkedQuota,
  isNear,
  itemBytes,
  type Quota,
  type QuotaExceeded,
  type Usage,
} from '../../../lib/mailbox/quota.ts';
import type { Mailbox } from '../../../lib/mailbox/types.ts';
import type { FolderId } from '../../../lib/ops/ids.ts';
import type { Key, Table } from '../../../lib/store/ports.ts';
import { keys } from '../../../lib/store/schema.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { ALICE, email, emailContent, INBOX, idOf, oneTurn, openTestMailbox, TRASH } from '../../support/mailboxes.ts';
import { STORES, type StoreKind } from '../../support/stores.ts';

const SENT = 'sent' as FolderId;
/** A message of so many bytes. */
const mail = (key: string, size = 100) => email(key, { mime: { blob: `alice/${key}/mime`, size } });

async function open(quota: Quota | undefined, kind: StoreKind = 'sqlite', defaults?: Quota) {
  const { store, clock } = await openTestMailbox({ kind });
  const told: Usage[] = [];
  const reads: string[] = [];
  const note = (...given: readonly Key[]) => reads.push(...given.map(({ sk }) => sk));
  const { table } = store;
  const counting: Table = {
    get: (key, consistency) => {
      note(key);
      return table.get(key, consistency);
    },
    batchGet: (wanted, consistency) => {
      note(...wanted);
      return table.batchGet(wanted, consistency);
    },
    query: (query) => {
      reads.push(`query ${query.prefix}`);
      return table.query(query);
    },
    transact: (writes) => table.transact(writes),
  };
  const mailboxes = new TableMailboxes({
    ...{ table: counting, blobs: store.blobs, clock, pause: oneTurn, quota: defaults },
    nearlyFull: async (id, usage) => {
      told.push(usage);
      // As the notice does: remembered together with what tells it.
      const { table: name, pk, sk } = keys.quotaWarned(id);
      await table.transact([{ op: 'put', table: name, row: { pk, sk } }]);
    },
  });
  return { mailbox: mailboxes.open(ALICE, { quota }), mailboxes, table, clock, told, reads };
}

const bound = (table: Table): Table => ({
  get: (...input) => table.get(...input),
  batchGet: (...input) => table.batchGet(...input),
  query: (...input) => table.query(...input),
  transact: (...input) => table.transact(...input),
});
const add = (mailbox: Mailbox, ...sizes: readonly [string, number][]) =>
  mailbox.append(
    INBOX,
    sizes.map(([key, size]) => mail(key, size)),
  );
const refused = (limit: string) => expect.objectContaining({ name: 'QuotaExceeded', limit }) as QuotaExceeded;

describe.each(STORES)('a mailbox on %s', (kind) => {
  test('is counted with every change', async () => {
    const { mailbox } = await open(undefined, kind);
    const usage = async () => {
      const { bytes, items } = await mailbox.usage();
      return [bytes, items];
    };
    expect(await usage()).toEqual([0, 0]);
    await add(mailbox, ['a', 100], ['b', 250]);
    await mailbox.append(SENT, [mail('c', 1000)]);
    expect(await usage()).toEqual([1350, 3]);
    const moved = await mailbox.move(INBOX, idOf('b'), TRASH);
    expect(await usage()).toEqual([1350, 3]);
    const larger = emailContent('a', { mime: { blob: 'alice/a/mime', size: 400 } });
    await mailbox.update(INBOX, idOf('a'), () => ({ content: larger, kind: 'change' }));
    expect(await usage()).toEqual([1650, 3]);
    await mailbox.remove(TRASH, [moved.id]);
    expect(await usage()).toEqual([1400, 2]);
    await mailbox.remove(SENT, [idOf('c')]);
    await mailbox.remove(INBOX, [idOf('a')]);
    expect(await usage()).toEqual([0, 0]);
  });

  test('takes as much as it may, to the byte, and nothing after a refusal', async () => {
    const { mailbox } = await open({ bytes: 1000 }, kind);
    await add(mailbox, ['a', 600]);
    await expect(add(mailbox, ['b', 401])).rejects.toThrow(refused('bytes'));
    await add(mailbox, ['b', 400]);
    await expect(mailbox.append(SENT, [mail('c', 1)])).rejects.toThrow(refused('bytes'));
    expect(await mailbox.usage()).toEqual({ bytes: 1000, items: 2, quota: { bytes: 1000 } });
    // A repeated delivery adds nothing.
    await add(mailbox, ['b', 400]);
    await mailbox.remove(INBOX, [idOf('a')]);
    await mailbox.append(SENT, [mail('c', 1)]);
  });

  test('counts what is sent in the place of a draft, not the draft', async () => {
    const { mailbox } = await open(undefined, kind);
    const [draft] = await mailbox.append(INBOX, [mail('draft', 100)]);
    const content = emailContent('sent', { read: true, mime: { blob: 'alice/sent/mime', size: 700 } });
    const { id } = email('sent');
    await mailbox.move(INBOX, idOf('draft'), SENT, {}, { id, seq: draft!.item.seq, content });
    expect(await mailbox.usage()).toMatchObject({ bytes: 700, items: 1 });
    expect(await mailbox.folder(SENT)).toMatchObject({ count: 1, unread: 0 });
    expect(await mailbox.folder(INBOX)).toMatchObject({ count: 0, unread: 0 });
    await mailbox.remove(SENT, [id]);
    expect(await mailbox.usage()).toMatchObject({ bytes: 0, items: 0 });
  });

  test.each<[string, Quota, number]>([
    ['bytes', { bytes: 1000 }, 300],
    ['items', { items: 3 }, 1],
  ])('additions to several folders at once do not go over its %s together', async (limit, quota, size) => {
    const { mailbox } = await open(quota, kind);
    const folders = [INBOX, SENT, TRASH, 'drafts' as FolderId, 'outbox' as FolderId];
    const added = await Promise.allSettled(folders.map((folder, n) => mailbox.append(folder, [mail(`${n}`, size)])));
    const reasons = added.filter((one) => one.status === 'rejected').map((one) => one.reason as unknown);
    expect(reasons).toEqual([refused(limit), refused(limit)]);
    expect((await mailbox.usage()).items).toBe(3);
  });

  test('of an older release is counted once, when it matters', async () => {
    const { mailbox, table } = await open({ bytes: 1000 }, kind);
    await add(mailbox, ['a', 600], ['b', 100]);
    await table.transact([{ op: 'update', key: keys.folder(ALICE, INBOX), remove: ['bytes'] }]);
    await expect(add(mailbox, ['c', 301])).rejects.toThrow(refused('bytes'));
    expect((await table.get(keys.folder(ALICE, INBOX)))?.bytes).toBe(700);
    await mailbox.remove(INBOX, [idOf('a')]);
    expect((await mailbox.usage()).bytes).toBe(100);
  });
});

describe('limits', () => {
  test('of items: of the mailbox and of one folder', async () => {
    const { mailbox } = await open({ items: 4, folderItems: 3 });
    await add(mailbox, ['a', 1], ['b', 1], ['c', 1]);
    await expect(add(mailbox, ['d', 1])).rejects.toThrow(refused('folderItems'));
    await mailbox.append(SENT, [mail('d')]);
    await expect(mailbox.append(SENT, [mail('e')])).rejects.toThrow(refused('items'));
    await expect(mailbox.move(SENT, idOf('d'), INBOX)).rejects.toThrow(refused('folderItems'));
    expect((await mailbox.folder(SENT))?.count).toBe(1);
  });

  test('of a folder do not keep anything from being thrown away', async () => {
    const { mailbox } = await open({ folderItems: 1 });
    await mailbox.append(TRASH, [mail('a')]);
    await add(mailbox, ['b', 1]);
    await mailbox.move(INBOX, idOf('b'), TRASH);
    expect((await mailbox.folder(TRASH))?.count).toBe(2);
  });

  test('of one item', async () => {
    const { mailbox } = await open({ itemBytes: 500 });
    await expect(add(mailbox, ['a', 1], ['b', 501])).rejects.toThrow(refused('itemBytes'));
    await add(mailbox, ['a', 500]);
  });

  test('hold for a draft that grows, not for one that shrinks or is read', async () => {
    const { mailbox } = await open({ bytes: 1000 });
    await add(mailbox, ['a', 900]);
    const of = (size: number, read = false) => ({
      content: emailContent('a', { read, mime: { blob: 'alice/a/mime', size } }),
      kind: 'change' as const,
    });
    await expect(mailbox.update(INBOX, idOf('a'), () => of(1001))).rejects.toThrow(refused('bytes'));
    await mailbox.update(INBOX, idOf('a'), () => of(900, true));
    await mailbox.update(INBOX, idOf('a'), () => of(10));
    expect((await mailbox.usage()).bytes).toBe(10);
  });

  test('hold for a draft that grows while something else arrives', async () => {
    const { mailbox, mailboxes, table } = await open({ bytes: 1000 });
    await add(mailbox, ['a', 100]);
    let raced = false;
    const racing: Table = {
      ...bound(table),
      async transact(writes) {
        if (!raced) {
          raced = true;
          await mailbox.append(SENT, [mail('b', 500)]);
        }
        return table.transact(writes);
      },
    };
    const slow = new TableMailboxes({
      table: racing,
      blobs: undefined as never,
      clock: new FakeClock(),
      pause: oneTurn,
    });
    const grown = {
      content: emailContent('a', { mime: { blob: 'alice/a/mime', size: 600 } }),
      kind: 'change' as const,
    };
    const box = slow.open(ALICE, { quota: { bytes: 1000 } });
    await expect(box.update(INBOX, idOf('a'), () => grown)).rejects.toThrow(refused('bytes'));
    expect((await mailboxes.open(ALICE, {}).usage()).bytes).toBe(600);
  });

  test('of the mailbox go over those of the server, one by one', async () => {
    const { mailbox, mailboxes } = await open({ bytes: 5000 }, 'sqlite', { bytes: 10, items: 1 });
    await add(mailbox, ['a', 1000]);
    await expect(add(mailbox, ['b', 1])).rejects.toThrow(refused('items'));
    expect((await mailboxes.open(ALICE, {}).usage()).quota).toEqual({ bytes: 10, items: 1 });
  });

  test('do not hold for what the server has to say', async () => {
    const { mailbox, told } = await open({ bytes: 0, items: 0 });
    await mailbox.append(INBOX, [mail('a')], { overQuota: true });
    expect((await mailbox.usage()).items).toBe(1);
    expect(told).toEqual([]);
  });

  test('can be asked about before anything is stored', async () => {
    const { mailbox } = await open({ bytes: 1000, itemBytes: 900 });
    await mailbox.checkRoom(INBOX, 900);
    await expect(mailbox.checkRoom(INBOX, 901)).rejects.toThrow(refused('itemBytes'));
    await add(mailbox, ['a', 800]);
    await expect(mailbox.checkRoom(INBOX, 201)).rejects.toThrow(refused('bytes'));
    expect((await mailbox.usage()).items).toBe(1);
  });

  test.each([Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY])('of %d are none', async (value) => {
    expect(() => checkedQuota({ bytes: value })).toThrow(RangeError);
    await expect(open(undefined, 'sqlite', { items: value })).rejects.toThrow(RangeError);
  });
});

describe('a mailbox that is nearly full', () => {
  test('is told once at nine tenths, and again only after it was below eight', async () => {
    const { mailbox, told } = await open({ bytes: 1000 });
    await add(mailbox, ['a', 850]);
    expect(told).toEqual([]);
    await add(mailbox, ['b', 50]);
    await add(mailbox, ['c', 50]);
    expect(told).toEqual([{ bytes: 900, items: 2, quota: { bytes: 1000 } }]);
    await mailbox.remove(INBOX, [idOf('b'), idOf('c')]);
    await add(mailbox, ['d', 60]);
    expect(told).toHaveLength(1);
    await mailbox.remove(INBOX, [idOf('a')]);
    await add(mailbox, ['e', 1]);
    await add(mailbox, ['f', 900]);
    expect(told).toHaveLength(2);
  });

  test('is told by one process where several know of it', async () => {
    const { mailbox, told, table, clock } = await open({ items: 10 });
    await add(mailbox, ...Array.from({ length: 9 }, (_, n): [string, number] => [`${n}`, 1]));
    expect(told).toHaveLength(1);
    const other: Usage[] = [];
    const mailboxes = new TableMailboxes({
      ...{ table, clock, blobs: undefined as never, pause: oneTurn },
      nearlyFull: async (_, usage) => void other.push(usage),
    });
    await mailboxes.open(ALICE, { quota: { items: 10 } }).append(INBOX, [mail('last')]);
    expect(other).toEqual([]);
  });
});

describe('what a limit costs', () => {
  test('nothing where there is none: an addition reads the folder and the item, as ever', async () => {
    const { mailbox, reads } = await open(undefined);
    await add(mailbox, ['a', 1]);
    expect(reads).toEqual([keys.folder(ALICE, INBOX).sk, keys.item(ALICE, INBOX, idOf('a')).sk]);
  });

  test('one query of the folders where the mailbox as a whole has one, and none of one folder', async () => {
    const whole = await open({ bytes: 10 * 2 ** 30, items: 100_000 });
    await add(whole.mailbox, ['a', 1]);
    await add(whole.mailbox, ['b', 1]);
    expect(whole.reads.filter((read) => read.startsWith('query'))).toEqual(['query F#', 'query F#']);
    expect(whole.reads).not.toContain('ROOM');
    // Whether the user was warned is read once a minute.
    expect(whole.reads.filter((read) => read === 'QUOTA')).toHaveLength(1);
    const folder = await open({ folderItems: 5 });
    await add(folder.mailbox, ['a', 1]);
    expect(folder.reads.filter((read) => read.startsWith('query'))).toEqual([]);
  });

  test('near the limit one row more, read between two queries, and counted up by additions alone', async () => {
    const { mailbox, reads, table } = await open({ bytes: 1000 });
    await add(mailbox, ['a', 1]);
    expect(reads.slice(2, 5)).toEqual(['query F#', 'ROOM', 'query F#']);
    await add(mailbox, ['b', 1]);
    await mailbox.remove(INBOX, [idOf('a')]);
    expect((await table.get(keys.roomTaken(ALICE)))?.n).toBe(2);
  });

  test.each<[string, Quota, { bytes: number; items: number }, boolean]>([
    ['256 MB are left', { bytes: 2 ** 30 }, { bytes: 3 * 2 ** 28, items: 9 }, false],
    ['less than 256 MB are left', { bytes: 2 ** 30 }, { bytes: 3 * 2 ** 28 + 1, items: 9 }, true],
    ['a fifth is left', { bytes: 10 * 2 ** 30 }, { bytes: 8 * 2 ** 30, items: 9 }, false],
    ['less than a fifth is left', { bytes: 10 * 2 ** 30 }, { bytes: 8 * 2 ** 30 + 1, items: 9 }, true],
    ['1,000 items are left', { items: 2000 }, { bytes: 9, items: 1000 }, false],
    ['999 items are left', { items: 2000 }, { bytes: 9, items: 1001 }, true],
    ['there is no limit', {}, { bytes: 9, items: 9 }, false],
  ])('and where %s it is near: or not', async (_, quota, used, near) => {
    expect(isNear(quota, used)).toBe(near);
  });
});

test.each([
  [{ mime: { size: 77 }, text: { prefix: 'not counted' } }, 77],
  [{ name: 'Ann' }, 7],
  [{ tags: ['a', 'bc'] }, 7],
  [{ age: 7, picture: new Uint8Array(10) }, 3 + 8 + 7 + 10],
  [{ gone: undefined }, 0],
])('%j counts for %d bytes', (content, bytes) => {
  expect(itemBytes(content)).toBe(bytes);
});
