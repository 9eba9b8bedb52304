import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, type Limits, limits, parseDocument, type WbxmlError } from '../../../lib/wbxml/index.ts';

describe('limits', () => {
  test('have defaults, each of which can be replaced', () => {
    expect(limits()).toEqual(DEFAULT_LIMITS);
    for (const depth of [1, 3]) expect(limits({ depth })).toEqual({ ...DEFAULT_LIMITS, depth });
  });

  test.each([Number.NaN, 0, -1, 1.5, Number.POSITIVE_INFINITY, undefined as unknown as number])(
    'never become %s, which would switch the check off',
    (value) => {
      for (const name of Object.keys(DEFAULT_LIMITS)) expect(() => limits({ [name]: value })).toThrow(RangeError);
    },
  );

  test('reject names that are none', () => {
    expect(() => limits({ deph: 3 } as Partial<Limits>)).toThrow('Unknown limit deph');
  });
});

const HEAD = [0x03, 0x01, 0x6a, 0x00];
/** `<Sync><Collections><Collection/>...` with `count` collections. */
const sync = (count: number): Uint8Array =>
  Uint8Array.from([...HEAD, 0x45, 0x5c, ...Array<number>(count).fill(0x0f), 0x01, 0x01]);
const withText = (length: number): Uint8Array =>
  Uint8Array.from([...HEAD, 0x45, 0x4b, 0x03, ...Array<number>(length).fill(0x61), 0x00, 0x01, 0x01]);
const withOpaque = (length: number): Uint8Array =>
  Uint8Array.from([...HEAD, 0x45, 0x4b, 0xc3, length, ...Array<number>(length).fill(0x61), 0x01, 0x01]);

describe('a document', () => {
  test.each<[string, Uint8Array, Uint8Array, Partial<Limits>]>([
    ['elements', sync(3), sync(4), { elements: 5 }],
    ['depth', Uint8Array.from([...HEAD, 0x45, 0x1c, 0x01]), sync(1), { depth: 2 }],
    ['bytes', sync(1), sync(2), { bytes: sync(1).length }],
    ['text', withText(9), withText(10), { text: 9 }],
    ['text', withOpaque(9), withOpaque(10), { text: 9 }],
  ])('may reach the limit of %s and not pass it', (_, fits, exceeds, options) => {
    expect(parseDocument(fits, limits(options)).tag).toBe('Sync');
    expect(() => parseDocument(exceeds, limits(options))).toThrow(
      expect.objectContaining({ name: 'WbxmlError', reason: 'limit' }) as WbxmlError,
    );
  });
});
