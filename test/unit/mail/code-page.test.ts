import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codePageOf } from '../../../lib/mail/code-page.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';

const LATIN = Uint8Array.from([0x67, 0xfc]);
const PLAIN = Buffer.from('plain');

describe('the code page of a text', () => {
  test.each([
    ['utf-8', 65001],
    ['UTF-8', 65001],
    ['"utf-8"', 65001],
    ['us-ascii', 20127],
    ['iso-8859-1', 28591],
    ['ISO_8859-1', 28591],
    ['iso-8859-2', 28592],
    ['iso-8859-9', 28599],
    ['iso-8859-13', 28603],
    ['iso-8859-15', 28605],
    ['iso-8859-8-i', 38598],
    ['windows-1250', 1250],
    ['windows-1258', 1258],
    ['cp1252', 1252],
    ['cp932', 932],
    ['windows-874', 874],
    ['tis-620', 874],
    ['koi8-r', 20866],
    ['koi8-u', 21866],
    ['gb2312', 936],
    ['gb18030', 54936],
    ['big5', 950],
    ['shift_jis', 932],
    ['iso-2022-jp', 50220],
    ['euc-jp', 51932],
    ['ks_c_5601-1987', 949],
    ['euc-kr', 51949],
    ['utf-7', 65000],
  ])('labelled %s is %i', (label, page) => {
    expect(codePageOf(PLAIN, label)).toBe(page);
  });

  test.each([
    ['nothing, and is ASCII', PLAIN, undefined, 20127],
    ['nothing, and is UTF-8', Buffer.from('grün'), undefined, 65001],
    ['nothing, and is neither', LATIN, undefined, 1252],
    ['ASCII, and is UTF-8', Buffer.from('grün'), 'us-ascii', 65001],
    ['ASCII, and is none', LATIN, 'us-ascii', 1252],
    ['what nobody knows', PLAIN, 'klingon', 20127],
    ['a part of ISO 8859 that there is not', PLAIN, 'iso-8859-12', 20127],
    ['the name of a property', PLAIN, 'constructor', 20127],
    ['UTF-8, and begins as UTF-16', Uint8Array.from([0xff, 0xfe, 0x41, 0]), 'utf-8', 1200],
    ['nothing, and begins as UTF-16 the other way', Uint8Array.from([0xfe, 0xff, 0, 0x41]), undefined, 1201],
  ])('whose label says %s', (_, bytes, label, page) => {
    expect(codePageOf(bytes, label)).toBe(page);
  });

  test('is a number for any bytes and any label', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.option(fc.string(), { nil: undefined }), (bytes, label) => {
        expect(codePageOf(bytes, label)).toBeGreaterThan(0);
      }),
    );
  });
});

describe('the code page of a message', () => {
  const pageOf = async (...lines: readonly string[]) => {
    const raw = Buffer.from(['From: a@sender.test', ...lines].join('\r\n'), 'latin1');
    return (await parseMessage(raw, { now: Date.UTC(2026, 0, 1) })).codePage;
  };
  const part = (type: string, text: string) => ['--b', `Content-Type: ${type}`, '', text];

  test('is that of its text', async () => {
    expect(await pageOf('Content-Type: text/plain; charset=koi8-r', '', '\xc1')).toBe(20866);
    expect(await pageOf('Subject: x', '', 'plain')).toBe(20127);
  });

  test('is not kept for UTF-8, which is what everything is given in', async () => {
    expect(await pageOf('Content-Type: text/plain; charset=utf-8', '', 'x')).toBeUndefined();
  });

  test('is that of its HTML where it has some, by the label or by what the document says', async () => {
    const head = ['Content-Type: multipart/alternative; boundary=b', ''];
    const text = part('text/plain; charset=us-ascii', 'x');
    expect(await pageOf(...head, ...text, ...part('text/html; charset=big5', '<p>x'), '--b--')).toBe(950);
    const meta = '<meta charset="iso-8859-2"><p>x';
    expect(await pageOf(...head, ...text, ...part('text/html', meta), '--b--')).toBe(28592);
  });

  test('is that of its first text with anything in it, and of no attachment', async () => {
    const head = ['Content-Type: multipart/mixed; boundary=b', ''];
    const file = ['--b', 'Content-Type: text/plain; charset=big5', 'Content-Disposition: attachment', '', 'x'];
    const parts = [...part('text/plain; charset=koi8-r', ' '), ...part('text/plain; charset=gb2312', 'x')];
    expect(await pageOf(...head, ...file, ...parts, ...part('text/plain; charset=big5', 'y'), '--b--')).toBe(936);
    expect(await pageOf(...head, ...file, '--b--')).toBeUndefined();
  });
});
