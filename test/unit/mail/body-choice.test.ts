import { describe, expect, test } from 'vitest';
import { type BodyOptions, type BodyPreference, chooseBody } from '../../../lib/mail/body-choice.ts';
import type { EmailContent } from '../../../lib/mail/types.ts';
import { emailContent } from '../../support/mailboxes.ts';

const stored = (size: number) => ({ size, prefix: 'x'.repeat(size) });
const plain = emailContent('p', { text: stored(100), mime: { blob: 'm', size: 1_000 } });
const html = emailContent('h', {
  nativeBody: 2,
  text: stored(100),
  html: stored(300),
  mime: { blob: 'm', size: 1_000 },
});
const smime: EmailContent = { ...plain, messageClass: 'IPM.Note.SMIME.MultipartSigned' };
const all = Number.POSITIVE_INFINITY;

const choose = (content: EmailContent, bodyPreferences: readonly BodyPreference[], options: BodyOptions = {}) => {
  const { type, bytes } = chooseBody(content, { bodyPreferences, ...options });
  return [type, bytes];
};

describe('the body that a client gets', () => {
  test.each<[string, EmailContent, BodyPreference[], BodyOptions, [number, number]]>([
    ['is the only type it asks for', html, [{ Type: 1, TruncationSize: 50 }], {}, [1, 50]],
    ['is plain text as HTML where nothing else is asked for', plain, [{ Type: 2 }], {}, [2, all]],
    ['is in the native type, whatever comes first', html, [{ Type: 1 }, { Type: 2, TruncationSize: 9 }], {}, [2, 9]],
    ['is plain for a plain message', plain, [{ Type: 2 }, { Type: 1, TruncationSize: 9 }], {}, [1, 9]],
    ['is native where only RTF is asked for', html, [{ Type: 3, TruncationSize: 9 }], {}, [2, 9]],
    ['ignores MIME without MIMESupport', html, [{ Type: 4 }, { Type: 1, TruncationSize: 5 }], {}, [1, 5]],
    ['is native where only MIME is asked for and may not be sent', html, [{ Type: 4, TruncationSize: 7 }], {}, [2, 7]],
    [
      'is MIME for all with MIMESupport 2',
      html,
      [{ Type: 1 }, { Type: 4, TruncationSize: 8 }],
      { mimeSupport: 2 },
      [4, 8],
    ],
    ['is no MIME for ordinary mail with MIMESupport 1', html, [{ Type: 2 }, { Type: 4 }], { mimeSupport: 1 }, [2, all]],
    ['is MIME for S/MIME with MIMESupport 1', smime, [{ Type: 2 }, { Type: 4 }], { mimeSupport: 1 }, [4, all]],
    ['needs a preference for MIME', smime, [{ Type: 1 }], { mimeSupport: 2 }, [1, all]],
    ['obeys a limit of the response', html, [{ Type: 2, TruncationSize: 200 }], { atMost: 20 }, [2, 20]],
    ['is not widened by that limit', html, [{ Type: 2, TruncationSize: 10 }], { atMost: 20 }, [2, 10]],
    ['is told by size only without a preference [MS-ASEMAIL R1057]', html, [], {}, [2, 0]],
    ['is whole without a preference when fetched', html, [], { withoutPreference: 'whole' }, [2, all]],
    ['has no data for a TruncationSize of 0 [MS-ASEMAIL R1057]', plain, [{ Type: 1, TruncationSize: 0 }], {}, [1, 0]],
  ])('%s', (_name, content, preferences, options, expected) => {
    expect(choose(content, preferences, options)).toEqual(expected);
  });

  test('is truncated in its native type by default [MS-ASAIRS R77]', () => {
    expect(choose(html, [{ Type: 1 }, { Type: 2, TruncationSize: 10 }])).toEqual([2, 10]);
    expect(choose(html, [{ Type: 1 }, { Type: 2, TruncationSize: 10, AllOrNone: false }])).toEqual([2, 10]);
  });

  test('is of the next type where AllOrNone forbids a truncated one [MS-ASAIRS R78 R80]', () => {
    const native = { Type: 2, TruncationSize: 299, AllOrNone: true };
    expect(choose(html, [native, { Type: 1, TruncationSize: 50 }])).toEqual([1, 50]);
    expect(choose(html, [{ ...native, TruncationSize: 300 }, { Type: 1 }])).toEqual([2, 300]);
    expect(
      choose(html, [{ Type: 4, TruncationSize: 10, AllOrNone: true }, native, { Type: 1 }], { mimeSupport: 2 }),
    ).toEqual([1, all]);
  });

  test('has no data where every type is all or none and too large [MS-ASAIRS R376]', () => {
    expect(choose(html, [{ Type: 2, TruncationSize: 10, AllOrNone: true }])).toEqual([2, 0]);
  });

  test('is the same whatever AllOrNone says without TruncationSize [MS-ASAIRS R75 R401]', () => {
    for (const AllOrNone of [true, false, undefined]) expect(choose(html, [{ Type: 2, AllOrNone }])).toEqual([2, all]);
  });

  test.each([
    [0, 0],
    [1, 4_096],
    [2, 5_120],
    [3, 7_168],
    [4, 10_240],
    [5, 20_480],
    [6, 51_200],
    [7, 102_400],
    [8, all],
  ])(
    'as MIME with MIMETruncation %i has %d bytes [MS-ASCMD R3418 R3419 R3420 R3421 R3422 R3423 R3424 R3425 R3426]',
    (mimeTruncation, bytes) => {
      expect(choose(plain, [{ Type: 4 }], { mimeSupport: 2, mimeTruncation })).toEqual([4, bytes]);
      expect(choose(plain, [], { mimeSupport: 2, mimeTruncation })).toEqual([4, bytes]);
      expect(choose(plain, [{ Type: 4, TruncationSize: 3 }], { mimeSupport: 2, mimeTruncation })).toEqual([4, 3]);
      expect(choose(plain, [], { mimeSupport: 0, mimeTruncation })).toEqual([1, 0]);
    },
  );
});
