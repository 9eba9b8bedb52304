import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row, Value } from '../../../../lib/store/ports.ts';
import { decodeRow, encodeRow } from '../../../../lib/store/sqlite/encoding.ts';

const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('\u0001', '\u0001\u0001', 'B', '__proto__')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value;
const row = fc
  .dictionary(fc.string(), value, { maxKeys: 6, noNullPrototype: true })
  .map((rest) => ({ ...rest, pk: 'p', sk: 's', ttl: undefined }) as Row);

const plain = (given: Row) => {
  const { ttl: _, ...rest } = given;
  return rest;
};

describe('a row', () => {
  it('is read back as it was written (property)', () => {
    fc.assert(
      fc.property(row, (given) => {
        expect(decodeRow(encodeRow(given))).toStrictEqual(plain(given));
      }),
    );
  });

  it('is plain JSON unless it holds bytes', () => {
    expect(encodeRow({ pk: 'p', sk: 's', n: 1 })).toBe('{"pk":"p","sk":"s","n":1}');
    expect(encodeRow({ pk: 'p', sk: 's', b: new Uint8Array([255]) })).toMatch(/^B\{/);
  });

  it('gives bytes of its own, not a window on shared memory', () => {
    const read = decodeRow(encodeRow({ pk: 'p', sk: 's', b: new Uint8Array([1, 2, 3]) }));
    const bytes = read.b as Uint8Array;
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes.buffer.byteLength).toBe(3);
  });

  it('takes bytes that are a window on more', () => {
    const window = new Uint8Array([9, 9, 1, 2, 9]).subarray(2, 4);
    expect(decodeRow(encodeRow({ pk: 'p', sk: 's', b: window })).b).toEqual(new Uint8Array([1, 2]));
  });
});
