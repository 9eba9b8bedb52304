import { expect, test } from 'vitest';
import { parseRange, toldRange } from '../../../../lib/commands/search/range.ts';

test.each<[string, readonly [number, number] | undefined]>([
  ['0-9', [0, 9]],
  [' 5-5 ', [5, 5]],
  ['0-999', [0, 999]],
  ['9-8', undefined],
  ['10-9', undefined],
  ['0-1000', undefined],
  ['1000-1000', undefined],
  ['-1-5', undefined],
  ['0-9x', undefined],
  ['x0-9', undefined],
  ['', undefined],
])('the range %j', (text, range) => {
  expect(parseRange(text)).toEqual(range && { from: range[0], to: range[1] });
});

test('a range is told of what there is', () => {
  const range = { from: 5, to: 9 };
  expect([0, 1, 5].map((count) => toldRange(range, count))).toEqual([undefined, '5-5', '5-9']);
});
