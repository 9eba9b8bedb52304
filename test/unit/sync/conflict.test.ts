import { describe, expect, test } from 'vitest';
import type { ChangeKind, LogRow } from '../../../lib/mailbox/types.ts';
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
    ];
    const touched = touchedByOthers(rows, others);
    expect([...touched]).toEqual([
      ['a', 'rc'],
      ['b', 'everything'],
      ['c', 'everything'],
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
    ['everything', 'r', true],
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
});
