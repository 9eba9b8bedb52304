import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { counterWithin, formatKey, joinKeys, judgeKey, parseKey } from '../../../lib/sync/sync-key.ts';

const generation = fc.stringMatching(/^[A-Za-z0-9_-]{1,48}$/);
const key = fc.record({ generation, counter: fc.integer({ min: 1, max: 999_999_999_999_999 }) });

describe('a SyncKey', () => {
  test('comes back from its text, which has at most 64 characters', () => {
    fc.assert(
      fc.property(key, (one) => {
        const text = formatKey(one);
        expect(parseKey(text)).toEqual(one);
        expect(text.length).toBeLessThanOrEqual(64);
      }),
    );
  });

  test.each([
    '',
    '0',
    '1',
    'abc',
    'abc.',
    'abc.0',
    'abc.01',
    'abc.-1',
    '.1',
    'a b.1',
    'abc.1.2',
    `abc.${'9'.repeat(16)}`,
    `${'a'.repeat(49)}.1`,
    'abc.1\n',
  ])('is not %j', (text) => {
    expect(parseKey(text)).toBeUndefined();
  });

  test('[MS-ASCMD R4425] is current, repeats the last answer, or is invalid', () => {
    fc.assert(
      fc.property(key, fc.integer({ min: -3, max: 3 }), (last, step) => {
        const counter = last.counter + step;
        const expected = step === 0 ? 'current' : step === -1 && counter > 0 ? 'repeat' : 'invalid';
        expect(judgeKey(formatKey({ ...last, counter }), last)).toBe(counter < 1 ? 'invalid' : expected);
        expect(judgeKey(formatKey({ ...last, generation: `${last.generation.slice(0, 40)}x` }), last)).toBe('invalid');
      }),
    );
  });

  test('of a change names one collection, or several for a move', () => {
    expect(counterWithin('abc.7', 'abc')).toEqual({ counter: 7, shared: false, known: false });
    expect(counterWithin('abc.7', 'abd')).toBeUndefined();
    const both = joinKeys(['abc.7', 'xyz.3']);
    expect(counterWithin(both, 'abc')).toEqual({ counter: 7, shared: true, known: false });
    expect(counterWithin(both, 'xyz')).toEqual({ counter: 3, shared: true, known: false });
    expect(counterWithin(both, 'zzz')).toBeUndefined();
  });

  test('of a move that its target must not tell says so of the target alone', () => {
    const known = joinKeys(['abc.7', 'xyz.3'], true);
    expect(counterWithin(known, 'abc')).toEqual({ counter: 7, shared: true, known: false });
    expect(counterWithin(known, 'xyz')).toEqual({ counter: 3, shared: true, known: true });
    expect(counterWithin(joinKeys(['0', '0'], true), 'xyz')).toBeUndefined();
  });
});
