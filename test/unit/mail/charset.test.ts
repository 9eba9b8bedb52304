import { describe, expect, test } from 'vitest';
import { decodeText, headerEnd, htmlCharset, repairHeaders } from '../../../lib/mail/charset.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('text of a body', () => {
  test.each([
    ['utf-8 without a label', Buffer.from('grün'), undefined, 'grün'],
    ['utf-8 under a label of ASCII', Buffer.from('grün'), 'us-ascii', 'grün'],
    ['windows-1252 without a label', bytes(0x67, 0xfc, 0x80), undefined, 'gü€'],
    ['windows-1252 that calls itself utf-8', bytes(0xfc, 0x62), 'UTF-8', 'üb'],
    ['latin-1 as labelled, in quotes', bytes(0xe9), '"ISO-8859-1"', 'é'],
    ['a code page by its number', bytes(0x82, 0xa0), 'cp932', 'あ'],
    ['an x- prefix', bytes(0xc4, 0xe3), 'x-gbk', '你'],
    ['a label that nobody knows', Buffer.from('ok é'), 'klingon', 'ok é'],
    ['UTF-16 with a mark', bytes(0xff, 0xfe, 0x41, 0, 0xac, 0x20), undefined, 'A€'],
    ['UTF-16BE with a mark', bytes(0xfe, 0xff, 0, 0x41), 'utf-8', 'A'],
    ['nothing', bytes(), 'utf-8', ''],
  ])('in %s', (_name, input, label, expected) => {
    expect(decodeText(input, label)).toBe(expected);
  });

  test('of HTML may be named in the document', () => {
    expect(htmlCharset(Buffer.from('<META http-equiv=x content="text/html; charset=Big5">'))).toBe('Big5');
    expect(htmlCharset(Buffer.from('<p>charset=big5'))).toBeUndefined();
  });
});

describe('8-bit headers', () => {
  test('are left alone when they are UTF-8', () => {
    const raw = Buffer.from('Subject: grün\r\n\r\n\xff', 'utf8');
    expect(repairHeaders(raw)).toBe(raw);
  });

  test('become UTF-8 from the declared charset, the body stays', () => {
    const raw = Buffer.concat([
      Buffer.from('Subject: \xf0\r\nContent-Type: text/plain;\r\n charset="windows-1251"\r\n\r\n', 'latin1'),
      bytes(0xf0),
    ]);
    const repaired = Buffer.from(repairHeaders(raw));
    expect(repaired.toString('latin1')).toContain('Subject: \u00d1\u0080'); // р in UTF-8
    expect(repaired.at(-1)).toBe(0xf0);
  });

  test.each([
    ['a: b\r\n\r\nbody', 6],
    ['a: b\n\nbody', 5],
    ['a: b\r\nc: d', 10],
    ['', 0],
  ])('end at the empty line of %j', (text, end) => {
    expect(headerEnd(Buffer.from(text))).toBe(end);
  });
});
