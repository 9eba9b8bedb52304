import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ItemId } from '../../../lib/ops/ids.ts';
import {
  aim,
  compareWatermarks,
  extentBetween,
  holds,
  nextExcess,
  nextMissing,
  type Position,
  SKIPPED_LIMIT,
  startingPosition,
  unfinished,
  wanted,
  withHeld,
  withOwn,
  withoutHeld,
  withoutSkipped,
  withSkipped,
} from '../../../lib/sync/position.ts';
import { contains, TOP } from '../../../lib/sync/ranges.ts';

const digits = (n: number) => String(n).padStart(2, '0');
const ids = Array.from({ length: 40 }, (_, n) => digits(n));
const start = (goal: string) => startingPosition({ seq: 0, n: 0 }, goal, 0);

/** One page of at most `size` ids, as a Sync would do it. */
function page(
  position: Position,
  size: number,
): { readonly next: Position; readonly added: string[]; readonly removed: string[] } {
  const missing = nextMissing(position);
  const range = missing ?? nextExcess(position);
  if (!range) return { next: position, added: [], removed: [] };
  const found = ids.filter((id) => id >= range.from && id < range.below).reverse();
  const told = found.slice(0, size);
  const done = { from: found.length > size ? told.at(-1)! : range.from, below: range.below };
  return missing
    ? { next: withHeld(position, done), added: told, removed: [] }
    : { next: withoutHeld(position, done), added: [], removed: told };
}

describe('a position', () => {
  test('begins with everything missing and ends with all from the goal up', () => {
    const first = start('10');
    expect(nextMissing(first)).toEqual({ from: '10', below: TOP });
    const done = withHeld(first, { from: '10', below: TOP });
    expect(unfinished(done)).toBe(false);
    expect(unfinished({ ...done, rest: true })).toBe(true);
  });

  test('goes through any change of goal, page by page, telling each id once when it comes and once when it goes', () => {
    const act = fc.oneof(
      fc.record({ goal: fc.integer({ min: 0, max: 39 }).map(digits) }),
      fc.record({ size: fc.integer({ min: 1, max: 8 }) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 25 }), fc.integer({ min: 0, max: 39 }).map(digits), (acts, last) => {
        let position = start(digits(20));
        const phone = new Set<string>();
        const tell = (size: number) => {
          const { next, added, removed } = page(position, size);
          for (const id of added) {
            expect(phone.has(id)).toBe(false);
            phone.add(id);
          }
          for (const id of removed) expect(phone.delete(id)).toBe(true);
          position = next;
          for (const id of ids) expect(holds(position, id)).toBe(phone.has(id));
        };
        for (const one of acts) {
          if ('goal' in one) position = aim(position, one.goal, 1);
          else tell(one.size);
        }
        position = aim(position, last, 2);
        for (let rounds = 0; unfinished(position); rounds++) {
          expect(rounds).toBeLessThan(200);
          tell(5);
        }
        expect([...phone].sort()).toEqual(ids.filter((id) => id >= last));
      }),
    );
  });

  test('tells the way between two positions again', () => {
    const base = withHeld(start('00'), { from: '20', below: TOP });
    const next = withoutHeld(withHeld(base, { from: '10', below: '20' }), { from: '30', below: '35' });
    const { added, removed } = extentBetween(base, next);
    expect(ids.filter((id) => contains(added, id))).toEqual(ids.slice(10, 20));
    expect(ids.filter((id) => contains(removed, id))).toEqual(ids.slice(30, 35));
  });

  test('holds single items that the device made, and those only', () => {
    const position = withOwn(start('00'), ['15', '17'] as ItemId[]);
    expect(ids.filter((id) => holds(position, id))).toEqual(['15', '17']);
    expect(holds(position, '150')).toBe(false);
  });

  test('is the same object where the aim is', () => {
    const position = start('10');
    expect(aim(position, '10', 0)).toBe(position);
    expect(aim(position, '10', 3)).toMatchObject({ goal: '10', filterType: 3 });
  });

  test('remembers what could not be shown, the latest, each once', () => {
    const names = (count: number, letter: string) => Array.from({ length: count }, (_, n) => `${letter}${n}` as ItemId);
    const one = withSkipped(start('00'), names(SKIPPED_LIMIT, 'a'));
    const two = withSkipped(one, [...names(2, 'b'), ...names(1, 'a')]);
    expect(two.skipped).toHaveLength(SKIPPED_LIMIT);
    expect(two.skipped.slice(-3)).toEqual(['b0', 'b1', 'a0']);
    expect(withoutSkipped(two, new Set(names(1, 'a'))).skipped).not.toContain('a0');
    expect(withSkipped(one, [])).toBe(one);
  });
});

describe('what a position says of single items', () => {
  const named = (...names: string[]) => names as ItemId[];
  const begun = start('10');

  test('is whether they are wanted: the goal itself is', () => {
    expect(['09', '10', '11'].map((id) => wanted(begun, id))).toEqual([false, true, true]);
  });

  test('is which could not be shown, the latest last, each once', () => {
    expect(begun.skipped).toEqual([]);
    const three = withSkipped(withSkipped(begun, named('a', 'b')), named('a', 'c'));
    expect(three.skipped).toEqual(['b', 'a', 'c']);
    expect(withoutSkipped(three, new Set(named('a', 'x'))).skipped).toEqual(['b', 'c']);
  });

  test('does not change where there is nothing to say', () => {
    expect(withSkipped(begun, [])).toBe(begun);
    expect(withoutSkipped(begun, new Set(named('a')))).toBe(begun);
    const one = withSkipped(begun, named('a'));
    expect(withoutSkipped(one, new Set())).toBe(one);
  });
});

test('log rows are in the order of their sequences, then of their places in them', () => {
  const rows = [
    { seq: 2, n: 1 },
    { seq: 1, n: 5 },
    { seq: 2, n: 0 },
  ];
  expect(rows.sort(compareWatermarks)).toEqual([
    { seq: 1, n: 5 },
    { seq: 2, n: 0 },
    { seq: 2, n: 1 },
  ]);
  expect(compareWatermarks({ seq: 2, n: 1 }, { seq: 2, n: 1 })).toBe(0);
});
