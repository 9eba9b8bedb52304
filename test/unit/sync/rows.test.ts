import { describe, expect, test } from 'vitest';
import type { ChangeKind, LogRow } from '../../../lib/mailbox/types.ts';
import type { ItemId } from '../../../lib/ops/ids.ts';
import { outcomeOf } from '../../../lib/sync/collapse.ts';
import { type Position, startingPosition } from '../../../lib/sync/position.ts';
import { RowFolder } from '../../../lib/sync/rows.ts';

let seq = 0;
const row = (item: string, kind: ChangeKind): LogRow => ({
  item: item as ItemId,
  kind,
  seq: ++seq,
  n: 0,
  prev: seq - 1,
  at: 0,
});

/** The device holds all from `d` up, and ought to hold all from `g` up; items named so are its own changes. */
const position: Position = {
  ...startingPosition({ seq: 0, n: 0 }, 'g', 1),
  held: [{ from: 'd', below: '~' }],
};
const own = ({ item }: LogRow) => item.endsWith('-own');

function folded(...rows: LogRow[]): RowFolder {
  const folder = new RowFolder(position, own);
  for (const [index, one] of rows.entries()) folder.add(one, index);
  return folder;
}
const names = (folds: readonly { readonly item: ItemId }[]) => folds.map(({ item }) => item);

describe('rows', () => {
  test('of what the device does not hold are left to pages', () => {
    const folder = folded(row('a', 'change'), row('h', 'change'), row('b', 'delete'));
    expect(names(folder.tellable())).toEqual(['h']);
    expect(folder.telling).toBe(1);
    expect(folder.opens(row('c', 'change'))).toBe(false);
  });

  test('open a place for an item once, and not for what the device did itself', () => {
    const folder = folded(row('h', 'change'));
    expect(folder.opens(row('h', 'delete'))).toBe(false);
    expect(folder.opens(row('i', 'add'))).toBe(true);
    expect(folder.opens(row('i-own', 'add'))).toBe(false);
  });

  test('give a place back where they come to nothing', () => {
    const folder = folded(row('h', 'add'), row('i', 'change'));
    expect(folder.telling).toBe(2);
    folder.add(row('h', 'delete'), 2);
    expect(folder.telling).toBe(1);
    expect(names(folder.tellable())).toEqual(['i']);
  });

  test('of the device’s own additions within the filter tell what it has from now on', () => {
    const folder = folded(row('h-own', 'add'), row('i-own', 'change'), row('e-own', 'add'), row('j', 'add'));
    expect(folder.made).toEqual(['h-own']);
    expect(names(folder.tellable())).toEqual(['j']);
  });

  test('that follow an addition of the device’s own matter, wherever the item lies', () => {
    const nothing = new RowFolder({ ...position, held: [] }, ({ kind }) => kind === 'add');
    nothing.add(row('h', 'add'), 0);
    expect(nothing.opens(row('i', 'change'))).toBe(false);
    nothing.add(row('h', 'change'), 1);
    nothing.add(row('i', 'change'), 2);
    expect(names(nothing.tellable())).toEqual(['h']);
  });

  test('of what the device moved here itself are told wherever the item lies, and take their places', () => {
    const moved = new RowFolder({ ...position, held: [] }, () => 'perhaps');
    expect(moved.opens(row('h', 'add'))).toBe(true);
    expect(moved.opens(row('h', 'delete'))).toBe(false);
    moved.add(row('h', 'add'), 0);
    moved.add(row('a', 'add'), 1);
    expect(moved.telling).toBe(2);
    // From now on it has the one; the other, outside of the filter, leaves.
    expect(moved.made).toEqual(['h']);
    expect(moved.tellable().map((fold) => outcomeOf(fold, true))).toEqual(['add', 'leave']);
    expect(names(moved.leaving())).toEqual(['a']);
  });

  test('of items outside of the filter say that these leave, unless the device changed them itself', () => {
    const folder = folded(row('e', 'change'), row('f-own', 'change'), row('h', 'change'), row('f', 'flags'));
    expect(names(folder.leaving())).toEqual(['e', 'f']);
  });

  test('of an item that could not be shown before are an addition', () => {
    const folder = new RowFolder({ ...position, skipped: ['h' as ItemId] }, own);
    folder.add(row('h', 'change'), 0);
    folder.add(row('h', 'flags'), 1);
    folder.add(row('i', 'change'), 2);
    expect(folder.tellable().map(({ item, had, first }) => [item, had, first])).toEqual([
      ['h', false, 0],
      ['i', true, 2],
    ]);
  });
});
