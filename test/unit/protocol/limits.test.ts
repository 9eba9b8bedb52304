import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, requestLimits } from '../../../lib/protocol/limits.ts';

describe('what one request may cost', () => {
  it('has defaults, each of which can be replaced', () => {
    expect(requestLimits()).toMatchObject(DEFAULT_LIMITS);
    expect(requestLimits({ bodyMs: 1 })).toMatchObject({ ...DEFAULT_LIMITS, bodyMs: 1 });
  });

  it('is what the codec is held to', () => {
    expect(requestLimits({ bodyBytes: 1000 }).wbxml).toMatchObject({ bytes: 1000, text: 1000 });
  });

  it.each([Number.NaN, 0, -1, 1.5, Number.POSITIVE_INFINITY])(
    'is never %d, which would switch a check off',
    (value) => {
      for (const name of Object.keys(DEFAULT_LIMITS)) {
        expect(() => requestLimits({ [name]: value })).toThrow(`limit ${name}`);
      }
    },
  );
});
