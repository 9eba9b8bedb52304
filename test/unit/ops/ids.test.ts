import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId, ulidFor, ulidTime } from '../../../lib/ops/ids.ts';

describe('ids', () => {
  it('a mail id sorts by its received date', () => {
    const date = fc.integer({ min: 0, max: 4_102_444_800_000 });
    fc.assert(
      fc.property(date, date, fc.string(), fc.string(), (a, b, k, l) => {
        if (a !== b) expect(ulidFor(a, k) < ulidFor(b, l)).toBe(a < b);
      }),
    );
  });

  it('the same message gets the same id however often its delivery is tried', () => {
    expect(ulidFor(1_000, 'key')).toBe(ulidFor(1_000, 'key'));
    expect(ulidFor(1_000, 'key')).not.toBe(ulidFor(1_000, 'other'));
  });

  it.each([[Number.NaN], [-1], [Number.POSITIVE_INFINITY], [1e300]])('a date of %s still gives an id', (ms) => {
    expect(ulidFor(ms, 'key')).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(ulidTime(ms)).toHaveLength(10);
  });

  it('ids made in one millisecond sort in the order of their making', () => {
    const ids = Array.from({ length: 100 }, () => newId(5_000));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(100);
  });
});
