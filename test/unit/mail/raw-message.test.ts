import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { field, fieldValue, joinMessage, lfToCrlf, splitMessage, withCrlf } from '../../../lib/mail/raw-message.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

describe('a message as bytes', () => {
  test('is split into fields and body', () => {
    const message = splitMessage(bytes('To: a\r\nX-Long: one\r\n two\r\n\tthree\r\nBCC : c\r\n\r\nbody\r\n\r\nmore'))!;
    expect(message.fields.map(({ name }) => name)).toEqual(['to', 'x-long', 'bcc']);
    expect(message.fields[1]!.line).toBe('X-Long: one\r\n two\r\n\tthree');
    expect(fieldValue(message.fields[1]!)).toBe('one two\tthree');
    expect(Buffer.from(message.body).toString()).toBe('body\r\n\r\nmore');
  });

  test.each([
    ['without a body', 'To: a', ['to'], ''],
    ['with an empty body', 'To: a\r\n\r\n', ['to'], ''],
    ['with bare line feeds', 'To: a\nCc: b\n\nx\n', ['to', 'cc'], 'x\r\n'],
    ['with a line that is no field', 'To: a\r\nnonsense\r\nCc: b\r\n\r\nx', ['to', 'cc'], 'x'],
    ['whose body looks like fields', 'To: a\r\n\r\nBcc: b\r\n\r\nx', ['to'], 'Bcc: b\r\n\r\nx'],
  ])('is read %s', (_, raw, names, body) => {
    const message = splitMessage(bytes(raw))!;
    expect(message.fields.map(({ name }) => name)).toEqual(names);
    expect(Buffer.from(message.body).toString()).toBe(body);
  });

  test.each(['', 'Hello', '\r\nTo: a', ' To: a', 'To a: b', '\x03\x01\x6a\x00:', `${'x'.repeat(200)}: y`])(
    'is none when it begins with %j',
    (raw) => expect(splitMessage(bytes(raw))).toBeUndefined(),
  );

  test('is the same when it is joined again, whatever its body holds', () => {
    const line = fc.tuple(fc.stringMatching(/^[A-Za-z-]{1,10}$/), fc.string({ maxLength: 20 }));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), fc.uint8Array({ maxLength: 200 }), (lines, tail) => {
        const head = lines.map(([name, value]) => `${name}: ${value.replace(/[^ -~]/g, '')}`).join('\r\n');
        const raw = Buffer.concat([bytes(`${head}\r\n\r\n`), withCrlf(tail)]);
        expect(joinMessage(splitMessage(raw)!)).toEqual(raw);
      }),
    );
  });

  test('keeps 8-bit header fields, and reads them as UTF-8 or windows-1252', () => {
    const message = splitMessage(Buffer.from('To: Jürgen\r\nCc: J\xfcrgen\r\n\r\n', 'utf8'))!;
    expect(fieldValue(message.fields[0]!)).toBe('Jürgen');
    expect(fieldValue(splitMessage(bytes('Cc: J\xfcrgen\r\n\r\n'))!.fields[0]!)).toBe('Jürgen');
    expect(joinMessage(message).toString('utf8')).toContain('To: Jürgen\r\n');
  });

  test('gets fields that stay one line', () => {
    expect(field('Subject', 'a\r\nBcc: evil@x.test\u2028\0b')).toEqual({
      name: 'subject',
      line: 'Subject: a Bcc: evil@x.test b',
    });
  });
});

describe('line ends', () => {
  test.each([
    ['a\nb', 'a\r\nb'],
    ['a\rb', 'a\r\nb'],
    ['a\r\r\nb', 'a\r\n\r\nb'],
    ['\n\n', '\r\n\r\n'],
    ['a\r', 'a\r\n'],
  ])('%j become %j', (raw, expected) => expect(Buffer.from(withCrlf(bytes(raw))).toString()).toBe(expected));

  test('are all CRLF afterwards, and nothing is copied where they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\r\n') }), (text) => {
        const once = withCrlf(bytes(text));
        expect(Buffer.from(once).toString()).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
        expect(withCrlf(once)).toBe(once);
        expect(Buffer.from(once).toString().replace(/\r\n/g, '')).toBe(text.replace(/[\r\n]/g, ''));
      }),
    );
  });

  test('that are line feeds alone become CRLF without a change of any other byte', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\r\n', '\xff') }), (text) => {
        const once = lfToCrlf(bytes(text));
        expect(Buffer.from(once).toString('latin1')).toBe(text.replace(/(?<!\r)\n/g, '\r\n'));
        expect(lfToCrlf(once)).toBe(once);
      }),
    );
  });
});
