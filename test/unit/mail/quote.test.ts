import { describe, expect, test } from 'vitest';
import { type Original, quote } from '../../../lib/mail/quote.ts';

const ORIGINAL: Original = {
  from: '"Bob" <bob@x.test>',
  to: 'ann@x.test',
  cc: '',
  subject: 'Plans & <more>',
  received: Date.UTC(2026, 0, 15, 12),
  text: 'The original.',
};

describe('a quotation', () => {
  test('of plain text by plain text is plain', () => {
    expect(quote({ text: 'New.\r\n\r\n' }, { ...ORIGINAL, cc: 'c@x.test' })).toEqual({
      text: [
        'New.',
        '',
        '-----Original Message-----',
        'From: "Bob" <bob@x.test>',
        'Sent: Thu, 15 Jan 2026 12:00:00 GMT',
        'To: ann@x.test',
        'Cc: c@x.test',
        'Subject: Plans & <more>',
        '',
        'The original.',
      ].join('\r\n'),
    });
  });

  test('has HTML where either side has, and text always', () => {
    const html = '<html><head><style>p{color:red}</style></head><body class="x"><p>Old</p></body></html>';
    const byText = quote({ text: 'a < b' }, { ...ORIGINAL, html });
    expect(byText.text).toContain('The original.');
    expect(byText.html).toContain('a &lt; b');
    expect(byText.html).toContain('<style>p{color:red}</style><div><p>Old</p></div>');
    expect(byText.html!.match(/<body/g)).toHaveLength(1);
    const byHtml = quote({ text: 'new', html: '<body><b>new</b></body>' }, ORIGINAL);
    expect(byHtml.html).toMatch(/<b>new<\/b>.*The original\..*<\/body>$/s);
  });

  test('escapes what strangers wrote into their names and subjects', () => {
    const { html } = quote({ text: 'x', html: 'x' }, ORIGINAL);
    expect(html).toContain('Plans &amp; &lt;more&gt;');
    expect(html).toContain('&quot;Bob&quot; &lt;bob@x.test&gt;');
  });

  test.each(['<body', '<body>', '</body>', 'x</body><body', '<style', '<head><style></head><body>a'])(
    'of the broken HTML %j keeps the new text',
    (html) => expect(quote({ text: 'new' }, { ...ORIGINAL, html }).html).toContain('new'),
  );

  test('of a megabyte of open tags takes no time to speak of', () => {
    const html = `<head>${'<style>'.repeat(150_000)}<body>end`;
    expect(quote({ text: 'new' }, { ...ORIGINAL, html }).html).toContain('end');
  }, 2_000);
});
