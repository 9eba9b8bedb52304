import { describe, expect, it } from 'vitest';
import { errorFields } from '../../../lib/ops/log.ts';

describe('what is logged of an error', () => {
  const SECRETS = [
    "Message failed: 550 5.7.1 <bob@example.test> Subject 'Lunch at noon' rejected",
    "Value 'hunter2' at 'password' failed to satisfy constraint",
    'first line\n    at Lunch (noon:1:1)\nlast line at the end',
    '',
  ];
  it.each(SECRETS)('is where it was thrown, and nothing of %j', (message) => {
    const fields = errorFields(new TypeError(message));
    expect(fields).toEqual({
      error: 'TypeError',
      code: undefined,
      at: expect.stringMatching(/^at .*log\.test\.ts:\d+/),
    });
  });

  it('is its code, where that is one', () => {
    const failed = (code: unknown) => errorFields(Object.assign(new Error('x'), { code })).code;
    expect([failed('EBUSY'), failed(550), failed({ text: 'x' })]).toEqual(['EBUSY', 550, undefined]);
  });

  it('is nothing but its kind, where it is none or has lost its stack', () => {
    expect([errorFields('secret'), errorFields(null)]).toEqual([{ error: 'string' }, { error: 'object' }]);
    for (const stack of [undefined, 'Error: another message at noon\n    at f (x.ts:1:1)']) {
      const error = Object.assign(new Error('secret at noon'), { stack });
      expect(errorFields(error).at).toBeUndefined();
    }
  });
});
