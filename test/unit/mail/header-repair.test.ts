import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { readFields, repairField } from '../../../lib/mail/header-repair.ts';

const one = (line: string, charset?: string) => repairField(readFields(line)[0]!, charset);
const word = (text: string) => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;

describe('a header field with raw bytes', () => {
  test.each([
    ['Subject: Gr\xfc\xdfe aus K\xf6ln', `Subject: ${word('Grüße')} aus ${word('Köln')}`],
    ['Subject: a "Gr\xfc\xdfe"', `Subject: a ${word('"Grüße"')}`],
    ['Subject: \xfc =?utf-8?Q?x?= \xe4', `Subject: ${word('ü ')} =?utf-8?Q?x?= ${word(' ä')}`],
    ['Subject: a\r\n \xfc\r\n\t\xe4', `Subject: a\r\n ${word('ü ä')}`],
    ['From: "M\xfcller, J\xfcrgen" <j@x>', `From: ${word('Müller, Jürgen')} <j@x>`],
    ['From: J\xfcrgen M\xfcller <j@x> (K\xf6ln)', `From: ${word('Jürgen Müller')} <j@x> (${word('Köln')})`],
    ['To: "A" <a@x>,\r\n \xdc <b@x>', `To: "A" <a@x>,\r\n ${word('Ü')} <b@x>`],
    ['Resent-To: "\xdc" <b@x>', `Resent-To: ${word('Ü')} <b@x>`],
    ['Content-Type: a/b; name="\xdc b.pdf"; x=y', `Content-Type: a/b; name="${word('Ü b.pdf')}"; x=y`],
    [
      'Content-Disposition: attachment; filename=\xdc.pdf',
      `Content-Disposition: attachment; filename="${word('Ü.pdf')}"`,
    ],
    ['no field \xfc', 'no field \xc3\xbc'],
  ])('%j has encoded words', (line, expected) => {
    expect(one(line)).toBe(expected);
  });

  test('is read in the charset of its message', () => {
    expect(one('Subject: \xf0\xd2\xc9\xd7\xc5\xd4', 'koi8-r')).toBe(`Subject: ${word('Привет')}`);
  });

  test('that is UTF-8 stays, whatever the charset of its message', () => {
    const line = 'Subject: Gr\xc3\xbc\xc3\x9fe';
    expect(one(line, 'koi8-r')).toBe(line);
  });

  test('is folded where it is long', () => {
    const lines = one(`Subject: ${'\xfc'.repeat(300)}`).split('\r\n');
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(78);
  });

  const words = fc.array(fc.constantFrom('Gr\xfc\xdfe', 'aus', '\xd6', 'x', '(\xe4)', '=?utf-8?Q?y?='), {
    minLength: 1,
  });
  test('says the same to another parser as the words that were written', async () => {
    await fc.assert(
      fc.asyncProperty(words, async (all) => {
        const { subject } = await PostalMime.parse(`${one(`Subject: ${all.join(' ')}`)}\r\n\r\n`);
        // Two that stood there already have nothing between them.
        const text = all.join(' ').replaceAll('?= =?', '?==?').replaceAll('=?utf-8?Q?y?=', 'y');
        expect(subject).toBe(text);
      }),
    );
  });

  test('names the same people as before', async () => {
    const names = fc.array(fc.constantFrom('J\xfcrgen', 'Ada', '\xd6zil', 'von'), { minLength: 1, maxLength: 4 });
    const people = fc.array(fc.tuple(names, fc.boolean()), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(people, async (all) => {
        const line = all.map(([name, quoted], n) => `${quoted ? `"${name.join(' ')}"` : name.join(' ')} <p${n}@x>`);
        const { to } = await PostalMime.parse(`${one(`To: ${line.join(', ')}`)}\r\n\r\n`);
        expect(to).toEqual(all.map(([name], n) => ({ name: name.join(' '), address: `p${n}@x` })));
      }),
    );
  });
});
