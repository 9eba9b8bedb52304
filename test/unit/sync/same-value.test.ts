import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameValue } from '../../../lib/sync/same-value.ts';

describe('two values', () => {
  it.each<readonly [unknown, unknown, boolean]>([
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: 1 }, { b: undefined, a: 1 }, true],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 0 }, false],
    [{ a: 1, b: 0 }, { a: 1 }, false],
    [{ a: null }, {}, false],
    [[1, 2], [1, 2], true],
    [[1, 2], [2, 1], false],
    [[1], [1, undefined], false],
    [[], {}, false],
    [{ 0: 1, length: 1 }, [1], false],
    [{ a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 1 }] } }, true],
    [{ a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, false],
    ['1', 1, false],
    [undefined, null, false],
    [undefined, undefined, true],
  ])('%j and %j', (a, b, same) => {
    expect(sameValue(a, b)).toBe(same);
    expect(sameValue(b, a)).toBe(same);
  });

  it('are the same exactly where their JSON is, with the names in order (property)', () => {
    const sorted = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(sorted);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, each]) => [name, sorted(each)]),
      );
    };
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>(0, 1, 'a', true, null),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 2 }),
      object: fc.dictionary(fc.constantFrom('x', 'y'), fc.oneof(tie('value'), fc.constant(undefined)), { maxKeys: 2 }),
    }));
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(sameValue(a, b)).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
        expect(sameValue(a, structuredClone(a))).toBe(true);
      }),
    );
  });
});
