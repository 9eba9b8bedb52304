import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BOTTOM, contains, EVERYTHING, type IdSet, subtract, TOP, union } from '../../../lib/sync/ranges.ts';

const id = fc.integer({ min: 0, max: 30 }).map((n) => String(n).padStart(2, '0'));
const bound = fc.oneof(id, fc.constantFrom(BOTTOM, TOP));
const range = fc.tuple(bound, bound).map(([a, b]) => (a < b ? { from: a, below: b } : { from: b, below: a }));
const set = fc.array(range, { maxLength: 5 }).map((ranges) => ranges.reduce<IdSet>(union, []));
const ids = Array.from({ length: 31 }, (_, n) => String(n).padStart(2, '0'));

/** Highest first, disjoint, not touching, none empty. */
function wellFormed(one: IdSet): void {
  for (const [place, { from, below }] of one.entries()) {
    expect(from < below).toBe(true);
    const next = one[place + 1];
    if (next) expect(next.below < from).toBe(true);
  }
}

describe('a set of ids', () => {
  test('holds after a union what either held', () => {
    fc.assert(
      fc.property(set, range, (one, added) => {
        const both = union(one, added);
        wellFormed(both);
        for (const each of ids) {
          expect(contains(both, each)).toBe(contains(one, each) || (each >= added.from && each < added.below));
        }
      }),
    );
  });

  test('holds after a subtraction what only the first held', () => {
    fc.assert(
      fc.property(set, set, (one, taken) => {
        const left = subtract(one, taken);
        for (const each of ids) expect(contains(left, each)).toBe(contains(one, each) && !contains(taken, each));
        expect(left.every(({ from, below }) => from < below)).toBe(true);
        expect([...left].sort((a, b) => (a.from > b.from ? -1 : 1))).toEqual(left);
      }),
    );
  });

  test('is itself again when what was taken comes back', () => {
    fc.assert(
      fc.property(set, range, (one, hole) => {
        fc.pre(hole.from < hole.below);
        const inside = subtract(one, subtract(one, [hole]));
        expect(inside.reduce<IdSet>(union, subtract(one, [hole]))).toEqual(one);
      }),
    );
  });

  test('holds every id, or none', () => {
    for (const each of ids) {
      expect(contains(EVERYTHING, each)).toBe(true);
      expect(contains([], each)).toBe(false);
    }
    expect(union(EVERYTHING, { from: '03', below: '05' })).toEqual(EVERYTHING);
    expect(union([], { from: '03', below: '03' })).toEqual([]);
  });
});
