import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutHtml, declareUtf8, htmlToPlain, plainToHtml } from '../../../lib/mail/html.ts';

const plain = (html: string) => htmlToPlain(html, 100_000);

describe('plain text of HTML', () => {
  test.each([
    ['<p>one</p><p>two</p>', 'one\n\ntwo'],
    ['a<br>b', 'a\nb'],
    ['<h1>Title</h1>', 'Title'],
    ['<style>p{}</style><script>x()</script>text', 'text'],
    ['<img src="https://tracker.example/1.gif" alt="x">seen', 'seen'],
    ['<a href="https://example.com">https://example.com</a>', 'https://example.com'],
    ['<a href="#top">up</a>', 'up'],
    ['&lt;tag&gt; &amp; &euro; &#x1F5D3;', '<tag> & € 🗓'],
    ['<table><tr><td>a</td><td>b</td></tr></table>', 'ab'],
    ['a&#0;b', 'a\ufffdb'],
    ['', ''],
  ])('%s', (html, text) => {
    expect(plain(html)).toBe(text);
  });

  test('reads no further than its limit', () => {
    expect(htmlToPlain('abcdef', 3)).toBe('abc');
  });
});

describe('HTML of plain text', () => {
  test('shows the text as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '<', '>', '&', '"', ' b', '\n', 'ü'), { maxLength: 30 }), (parts) => {
        const text = parts.join('').trim();
        const shown = plain(plainToHtml(text));
        expect(shown.replace(/\s+/g, ' ').trim()).toBe(text.replace(/\s+/g, ' '));
      }),
    );
  });

  test('lets no tag of the text become one', () => {
    expect(plainToHtml('<script>"&')).toContain('&lt;script&gt;&quot;&amp;');
  });
});

describe('the charset of a document', () => {
  test.each([
    ['<meta charset="windows-1252">', '<meta charset="utf-8">'],
    ["<META content='text/html; charset=koi8-r'>", "<META content='text/html; charset=utf-8'>"],
    ['<?xml version="1.0" encoding="iso-8859-1"?><p>', '<?xml version="1.0" encoding="utf-8"?><p>'],
    ['<p>charset=latin1</p>', '<p>charset=latin1</p>'],
  ])('%s is declared as what is sent', (html, expected) => {
    expect(declareUtf8(html)).toBe(expected);
  });
});

describe('cutting HTML', () => {
  test('never ends inside a tag or an entity', () => {
    const html = '<p class="x">a &amp; b</p><p>ü &euro; z</p>';
    for (let limit = 0; limit <= Buffer.byteLength(html); limit++) {
      const cut = cutHtml(html, limit);
      expect(html.startsWith(cut)).toBe(true);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
      expect(cut.lastIndexOf('<')).toBeLessThanOrEqual(cut.lastIndexOf('>'));
      expect(cut).not.toMatch(/&[a-z]*$/);
    }
    expect(cutHtml(html, 10_000)).toBe(html);
  });

  test('keeps the text before what only looks like an endless tag', () => {
    const html = `1 < 2 ${'word '.repeat(2_000)}`;
    expect(cutHtml(html, 9_000).length).toBe(9_000);
  });
});
