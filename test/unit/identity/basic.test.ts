import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAuthorization } from '../../../lib/identity/basic.ts';

const basic = (text: string, encoding: 'utf8' | 'latin1' = 'utf8') =>
  `Basic ${Buffer.from(text, encoding).toString('base64')}`;
const one = (login: string, password: string) => ({ scheme: 'basic', candidates: [{ login, password }] });

describe('an Authorization header', () => {
  test.each([
    ['a name and a password', basic('ada:secret'), one('ada', 'secret')],
    ['a password with colons', basic('ada:a:b::c:'), one('ada', 'a:b::c:')],
    ['a domain', basic('CORP\\ada:secret'), one('CORP\\ada', 'secret')],
    ['lower case and more spaces', `  basic   ${basic('ada:x').slice(6)} `, one('ada', 'x')],
    ['no padding', basic('ada:ab').replaceAll('=', ''), one('ada', 'ab')],
    ['ISO-8859-1, which is no UTF-8 (old Outlook)', basic('ada:grün', 'latin1'), one('ada', 'grün')],
    [
      'UTF-8, which could be ISO-8859-1',
      basic('ada:grün'),
      {
        scheme: 'basic',
        candidates: [
          { login: 'ada', password: 'grün' },
          { login: 'ada', password: 'grÃ¼n' },
        ],
      },
    ],
    ['a bearer token', 'Bearer abc.def-g_h.~', { scheme: 'bearer', token: 'abc.def-g_h.~' }],
  ])('with %s is read', (_, header, expected) => {
    expect(parseAuthorization(header)).toEqual(expected);
  });

  test.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['another scheme', 'Digest username="ada"'],
    ['a scheme alone', 'Basic'],
    ['no colon', basic('ada')],
    ['no name', basic(':secret')],
    ['no password', basic('ada:')],
    ['a NUL', basic('ada\0:secret')],
    ['a line end', basic('ada:sec\nret')],
    ['characters that are not base64', 'Basic %%%%'],
    ['base64 with a token character', 'Basic YWRh.OnNl'],
    ['padding in the middle', 'Basic YW=RhOnNlY3JldA'],
    ['a password of a book', basic(`ada:${'x'.repeat(2000)}`)],
    ['a megabyte', `Basic ${'A'.repeat(1_000_000)}`],
    ['a token of a megabyte', `Bearer ${'A'.repeat(1_000_000)}`],
    ['two schemes', `${basic('ada:x')}, Bearer x`],
  ])('with %s says nothing', (_, header) => {
    expect(parseAuthorization(header)).toBeUndefined();
  });

  test('comes back as it was typed', () => {
    const printable = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
      .filter((text) => !/[\p{Cc}]/u.test(text));
    fc.assert(
      fc.property(printable, printable, (name, password) => {
        const login = name.replaceAll(':', '.');
        const parsed = parseAuthorization(basic(`${login}:${password}`));
        expect(parsed).toMatchObject({ candidates: expect.arrayContaining([{ login, password }]) });
      }),
    );
  });

  test('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String().map((text) => `Basic ${text}`),
        ),
        (header) => {
          parseAuthorization(header);
        },
      ),
    );
  });
});
