import { describe, expect, test } from 'vitest';
import type { ChangeKind, LogRow, Mailbox } from '../../../lib/mailbox/types.ts';
import type { ItemId } from '../../../lib/ops/ids.ts';
import { conflicts, readTouched, touchedByOthers } from '../../../lib/sync/conflict.ts';
import { INBOX } from '../../support/mailboxes.ts';
import { deliver, elsewhere, itemOf, openSyncWorld } from '../../support/sync-world.ts';

const row = (item: string, kind: ChangeKind, parts?: string): LogRow => ({
  item: item as ItemId,
  kind,
  parts,
  seq: 1,
  n: 0,
  prev: 0,
  at: 0,
});
const others = () => false;

describe('what others touched', () => {
  test('is the sum of flag changes, or everything', () => {
    const rows = [
      row('a', 'flags', 'r'),
      row('b', 'flags', 'f'),
      row('a', 'flags', 'c'),
      row('c', 'flags'),
      row('b', 'change'),
      row('d', 'change', 'r'),
    ];
    const touched = touchedByOthers(rows, others);
    expect([...touched]).toEqual([
      ['a', 'rc'],
      ['b', 'everything'],
      ['c', 'everything'],
      ['d', 'everything'],
    ]);
  });

  test('stays everything when flags follow, and leaves out what is the device’s own', () => {
    const rows = [row('a', 'change'), row('a', 'flags', 'r'), row('b', 'flags', 'r')];
    expect([...touchedByOthers(rows, ({ item }) => item === 'b')]).toEqual([['a', 'everything']]);
  });

  test.each([
    [undefined, 'r', false],
    [undefined, undefined, false],
    ['f', 'r', false],
    ['fr', 'r', true],
    ['f', undefined, true],
    ['r', 'rf', true],
    ['everything', 'r', true],
    ['everything', 'f', true],
  ])('%s meets a change of %s: conflict %s', (touched, parts, expected) => {
    expect(conflicts(touched, parts)).toBe(expected);
  });

  test('is read from the log after a watermark', async () => {
    const world = await openSyncWorld();
    const [id] = await deliver(world, 1);
    const { seq } = (await world.mailbox.folder(INBOX))!;
    await elsewhere(world, id!, { read: true });
    const read = await readTouched(world.mailbox, INBOX, { seq, n: 0 }, others);
    expect([...read.touched]).toEqual([[itemOf(id!), 'r']]);
    expect(read.from).toBe(Number.POSITIVE_INFINITY);
  });

  /** A log of pages of one row each. */
  const logOf = (pages: number, gone = false) => {
    let asked = 0;
    const log = async () => {
      asked++;
      const rows = gone ? [] : [row(`i${asked}`, 'change')];
      return { rows, upTo: { seq: asked * 10, n: 0 }, more: asked < pages, gone };
    };
    return { mailbox: { log } as unknown as Mailbox, asked: () => asked };
  };

  test('is read page by page, until the log ends or is gone', async () => {
    const three = logOf(3);
    const { touched, from } = await readTouched(three.mailbox, INBOX, { seq: 0, n: 0 }, others);
    expect([...touched.keys()]).toEqual(['i1', 'i2', 'i3']);
    expect([from, three.asked()]).toEqual([Number.POSITIVE_INFINITY, 3]);
    const gone = logOf(3, true);
    expect((await readTouched(gone.mailbox, INBOX, { seq: 0, n: 0 }, others)).touched.size).toBe(0);
    expect(gone.asked()).toBe(1);
  });

  test('is everything after as many pages as are read', async () => {
    const endless = logOf(Number.POSITIVE_INFINITY);
    const { touched, from } = await readTouched(endless.mailbox, INBOX, { seq: 0, n: 0 }, others);
    expect([touched.size, endless.asked(), from]).toEqual([16, 16, 161]);
  });
});
