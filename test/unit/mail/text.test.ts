import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanLine, cleanText, cutUtf8, decodeUtf8Prefix, previewOf } from '../../../lib/mail/text.ts';

const text = fc.string({ unit: 'binary', maxLength: 200 });
const bytes = (value: string) => Buffer.byteLength(value);

describe('cutting by bytes of UTF-8', () => {
  test('gives a prefix that fits, ends between characters and could not be longer', () => {
    fc.assert(
      fc.property(text, fc.nat(400), (whole, limit) => {
        const cut = cutUtf8(whole, limit);
        expect(whole.startsWith(cut)).toBe(true);
        expect(bytes(cut)).toBeLessThanOrEqual(limit);
        expect(cut.isWellFormed()).toBe(true);
        const next = [...whole.slice(cut.length)][0];
        if (next !== undefined) expect(bytes(cut + next)).toBeGreaterThan(limit);
      }),
    );
  });

  test('works past the size of its buffer', () => {
    const whole = `${'a'.repeat(99_999)}€`;
    expect(cutUtf8(whole, 100_001)).toBe('a'.repeat(99_999));
    expect(cutUtf8(whole, 100_002)).toBe(whole);
    expect(cutUtf8(whole, Number.POSITIVE_INFINITY)).toBe(whole);
    expect(cutUtf8(whole, 0)).toBe('');
  });

  test('of bytes in the middle of a character leaves that character out', () => {
    fc.assert(
      fc.property(text, fc.nat(400), (whole, limit) => {
        const cut = decodeUtf8Prefix(Buffer.from(whole).subarray(0, limit));
        // A byte order mark at the very beginning belongs to the encoding.
        expect(cut).toBe(cutUtf8(whole, limit).replace(/^\ufeff/, ''));
      }),
    );
  });
});

describe('cleaning', () => {
  test('takes out what XML forbids and nothing else', () => {
    expect(cleanText('a\0b\x08c\td\ne\rf\x1fg\uffffh')).toBe('abc\td\ne\rfgh');
    expect(cleanText('half \ud83d pair')).toBe('half \ufffd pair');
    const plain = 'unchanged 🗓 text\n';
    expect(cleanText(plain)).toBe(plain);
  });

  test('of a header leaves one line', () => {
    expect(cleanLine(' a\r\n\tb\0 \u2028c ')).toBe('a b c');
  });
});

describe('a preview', () => {
  test('has no more characters than asked for and no half of a pair [MS-ASAIRS R250]', () => {
    fc.assert(
      fc.property(text, fc.nat(255), (whole, length) => {
        const preview = previewOf(whole.toWellFormed(), length);
        expect(preview.length).toBeLessThanOrEqual(length);
        expect(preview.isWellFormed()).toBe(true);
        expect(preview).not.toMatch(/[\r\n\t]/);
      }),
    );
  });

  test('is running text without the links of converted HTML', () => {
    expect(previewOf('Read  the\n\narticle <https://example.com/a?b=c> now', 30)).toBe('Read the article now');
    expect(previewOf('text', 0)).toBe('');
  });
});
