import { expect, it } from 'vitest';
import { checkRow, MAX_ROW, readOnce, rowSize } from '../../../lib/store/rows.ts';

it('counts a row as DynamoDB does', () => {
  expect(rowSize({ pk: 'ab', sk: 'c' })).toBe(2 + 2 + 2 + 1);
  expect(rowSize({ pk: 'ł', sk: '😀' })).toBe(2 + 2 + 2 + 4);
  expect(rowSize({ pk: 'a', sk: 'b', x: true, y: null })).toBe(6 + 2 + 2);
  expect(rowSize({ pk: 'a', sk: 'b', b: new Uint8Array(10) })).toBe(6 + 1 + 10);
  expect(rowSize({ pk: 'a', sk: 'b', l: ['xy', 'z'] })).toBe(6 + 1 + 3 + 3 + 2);
  expect(rowSize({ pk: 'a', sk: 'b', m: { key: 'v' } })).toBe(6 + 1 + 3 + 1 + 3 + 1);
  expect(rowSize({ pk: 'a', sk: 'b', u: undefined })).toBe(6);
  expect(rowSize({ pk: 'a', sk: 'b', text: 'x'.repeat(MAX_ROW) })).toBeGreaterThan(MAX_ROW);
});

it('finds bytes wherever they are', () => {
  expect(checkRow({ pk: 'a', sk: 'b', c: 1, d: [null, { e: 'x' }] })).toBe(false);
  expect(checkRow({ pk: 'a', sk: 'b', c: [[{ d: new Uint8Array() }], 1] })).toBe(true);
});

it('reads a row once, and another row that says the same again', () => {
  let reads = 0;
  const read = readOnce((row) => ({ name: row.sk, reads: ++reads }));
  const row = { pk: 'p', sk: 'a' };
  expect([read(row), read(row), read({ ...row })]).toEqual([
    { name: 'a', reads: 1 },
    { name: 'a', reads: 1 },
    { name: 'a', reads: 2 },
  ]);
});
