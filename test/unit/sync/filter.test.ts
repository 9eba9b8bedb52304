import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ulidFor } from '../../../lib/ops/ids.ts';
import { cutOff, filterAllowed, nextGoal } from '../../../lib/sync/filter.ts';
import { BOTTOM } from '../../../lib/sync/ranges.ts';

const NOW = Date.UTC(2026, 5, 15, 12, 34);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('a FilterType', () => {
  const allowed: readonly [itemClass: Parameters<typeof filterAllowed>[0], types: readonly number[]][] = [
    ['Email', [0, 1, 2, 3, 4, 5]],
    ['SMS', [0, 1, 2, 3, 4, 5]],
    ['Calendar', [0, 4, 5, 6, 7]],
    ['Tasks', [0, 8]],
    ['Contacts', [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    ['Notes', [0, 1, 2, 3, 4, 5, 6, 7, 8]],
  ];
  test.each(allowed)('of %s is one of %j', (itemClass, types) => {
    const found = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1.5].filter((type) => filterAllowed(itemClass, type));
    expect(found).toEqual(types);
  });

  test.each([
    [1, 1],
    [2, 3],
    [3, 7],
    [4, 14],
    [5, 31],
    [6, 92],
    [7, 183],
  ])('[MS-ASCMD R2987] %i keeps items of the last %i days', (type, days) => {
    const from = cutOff(type, NOW);
    expect(ulidFor(NOW - days * DAY + 1, 'in') >= from).toBe(true);
    expect(ulidFor(NOW - days * DAY - HOUR, 'out') >= from).toBe(false);
  });

  test('[MS-ASCMD R3076] 0 keeps everything', () => {
    expect(cutOff(0, NOW)).toBe(BOTTOM);
  });

  test('moves its cut-off at most once an hour', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: HOUR - 1 }), (type, within) => {
        const start = Math.floor(NOW / HOUR) * HOUR;
        expect(cutOff(type, start + within)).toBe(cutOff(type, start));
        expect(cutOff(type, start + HOUR) > cutOff(type, start)).toBe(true);
      }),
    );
  });

  const current = { filterType: 3, goal: cutOff(3, NOW) };
  test('follows the clock ahead', () => {
    expect(nextGoal(current, 3, NOW + DAY)).toBe(cutOff(3, NOW + DAY));
  });
  test('does not follow a clock that steps back a little', () => {
    expect(nextGoal(current, 3, NOW - HOUR)).toBe(current.goal);
  });
  test('does not follow one that steps back three hours, but one that steps back four', () => {
    expect(nextGoal(current, 3, NOW - 3 * HOUR)).toBe(current.goal);
    expect(nextGoal(current, 3, NOW - 4 * HOUR)).toBe(cutOff(3, NOW - 4 * HOUR));
  });
  test('believes a clock that was set right after being far ahead', () => {
    expect(nextGoal(current, 3, NOW - 30 * DAY)).toBe(cutOff(3, NOW - 30 * DAY));
  });
  test('that the client changes counts at once, in both directions', () => {
    expect(nextGoal(current, 1, NOW)).toBe(cutOff(1, NOW));
    expect(nextGoal(current, 5, NOW)).toBe(cutOff(5, NOW));
    expect(nextGoal(current, 0, NOW)).toBe(BOTTOM);
  });
});
