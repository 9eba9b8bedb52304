import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareKeys, sortRange, successor } from '../../../lib/store/range.ts';

it.each([
  ['a', 'b'],
  ['ab', 'ac'],
  ['F#', 'F$'],
  ['a\u{10ffff}', 'b'],
  ['\ud7ff', '\ue000'],
  ['\uffff', '\u{10000}'],
  ['\u{10ffff}', undefined],
  ['', undefined],
])('follows %j by %j', (prefix, next) => {
  expect(successor(prefix)).toBe(next);
});

const text = fc.string({
  unit: fc.constantFrom('a', 'b', '~', 'é', '\ud7ff', '\uffff', '😀', '\u{10ffff}'),
  maxLength: 4,
});

it('has nothing between a prefix and its successor but what begins with it (property)', () => {
  fc.assert(
    fc.property(text, text, (prefix, key) => {
      const next = successor(prefix);
      const within = compareKeys(key, prefix) >= 0 && (next === undefined || compareKeys(key, next) < 0);
      expect(within).toBe(key.startsWith(prefix));
    }),
  );
});

it('orders as UTF-8 does, which is the order of code points', () => {
  expect(compareKeys('\uffff', '\u{10000}')).toBeLessThan(0);
  expect(compareKeys('a', 'a')).toBe(0);
  expect(compareKeys('b', 'a')).toBeGreaterThan(0);
});

it('is no range where nothing can be in it', () => {
  const query = { table: 'devices', pk: 'p' } as const;
  expect(sortRange({ ...query, from: 'b', to: 'a' })).toBeUndefined();
  expect(sortRange({ ...query, to: '' })).toBeUndefined();
  expect(sortRange({ ...query, prefix: 'a', from: 'b' })).toBeUndefined();
  expect(sortRange({ ...query, prefix: 'b', to: 'a' })).toBeUndefined();
  expect(sortRange(query)).toEqual({});
});
