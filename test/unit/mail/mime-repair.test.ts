import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { MAIL_LIMITS } from '../../../lib/mail/limits.ts';
import { repairMime } from '../../../lib/mail/mime-repair.ts';
import { lfToCrlf } from '../../../lib/mail/raw-message.ts';
import { fitsText } from '../../../lib/mail/text.ts';

const FOLDER = new URL('../../fixtures/mail/', import.meta.url);
const load = (name: string) => readFileSync(new URL(`${name}.eml`, FOLDER));
const latin = (text: string) => Buffer.from(text, 'latin1');
const repaired = (raw: Uint8Array, limits = MAIL_LIMITS) => Buffer.from(repairMime(raw, limits)!);

interface Read {
  readonly subject: string | undefined;
  readonly leaves: readonly { readonly name: string | null; readonly bytes: Buffer }[];
}

/** What another parser reads: all parts, those of enclosed messages too. */
async function read(raw: Uint8Array): Promise<Read> {
  const { subject, attachments } = await PostalMime.parse(Buffer.from(raw), { forceRfc822Attachments: true });
  const leaves = [];
  for (const { filename, mimeType, content } of attachments) {
    const bytes = Buffer.from(content as ArrayBuffer);
    if (mimeType === 'message/rfc822') leaves.push(...(await read(bytes)).leaves);
    else leaves.push({ name: filename, bytes });
  }
  return { subject, leaves };
}

describe('a message that is no text', () => {
  test.each([
    ['8bit-iso-8859-1', 'Jürgen Größe', 'Prüfbericht für März', /^Sehr geehrte Frau Müller,\n\ndie .*\n\nGrüße$/],
    ['8bit-windows-1251', 'Иван Петров', 'Заказ № 42 отправлен', /^Здравствуйте!\n\nВаш заказ «Книга» отправлен\.$/],
    ['8bit-koi8-r', 'Анна', 'Встреча в среду', /^Привет!\n\nВстреча переносится на среду\.$/],
    ['8bit-shift-jis', '田中 表子', 'お知らせ 予約表', /^予約表をお送りします。\nご確認ください。$/],
  ])('as %s is text afterwards, and reads as what was written', async (name, from, subject, text) => {
    const made = repaired(load(name));
    expect(made.toString('latin1')).toMatch(/^[\t\r\n\x20-\x7e]*$/);
    const message = await PostalMime.parse(made);
    expect([message.from?.name, message.from?.address]).toEqual([from, 'sender@example.com']);
    expect(message.subject).toBe(subject);
    expect(message.text!.replaceAll('\r', '').trim()).toMatch(text);
  });

  test('keeps the charset, and has one encoding', () => {
    const text = repaired(load('8bit-koi8-r')).toString();
    expect(text).toContain('Content-Type: text/plain; charset=koi8-r\r\n');
    expect(text.match(/^content-transfer-encoding:.*/gim)).toEqual(['Content-Transfer-Encoding: base64']);
    for (const line of text.split('\r\n')) expect(line.length).toBeLessThanOrEqual(78);
  });

  test('is read through its multiparts and enclosed messages', async () => {
    const raw = load('8bit-nested');
    const made = repaired(raw);
    expect(fitsText(made)).toBe(true);
    // For readers without MIME, and what was text already.
    expect(made.toString()).toContain('\r\n\r\nDies ist für Leser ohne MIME.\r\n--=_outer\r\n');
    expect(made.toString()).toContain(
      'Content-Transfer-Encoding: 8bit\r\nContent-Disposition: attachment; filename="utf8',
    );
    expect(made.toString()).toContain('\r\n\r\nŽluťoučký kůň\r\n--=_outer\r\n');
    const message = await PostalMime.parse(made, { forceRfc822Attachments: true });
    expect(message.text!.replaceAll('\r', '')).toBe('Schöne Grüße\n-- \nGröße');
    expect(message.html!.trim()).toBe('<p>Schöne <b>Grüße</b></p>');
    const [, enclosed] = message.attachments;
    const inner = await PostalMime.parse(enclosed!.content);
    expect([inner.from?.name, inner.subject, inner.text!.trim()]).toEqual(['Анна', 'Заметки', 'Заметки о встрече.']);
  });

  test('leaves what was signed as it was signed, where that is text', () => {
    const raw = load('8bit-signed-utf-8').toString('latin1');
    const made = repaired(latin(raw)).toString('latin1');
    const signed = raw.slice(raw.indexOf('--signed'), raw.indexOf('--signed--'));
    expect(made).toContain(signed);
    expect(made).not.toContain('Fußzeile');
  });

  test('says what was signed where it is no text, and leaves the signature', async () => {
    const made = repaired(load('8bit-signed-iso-8859-1'));
    const message = await PostalMime.parse(made);
    expect(message.text).toContain('Für Köln.');
    expect(message.text).toContain('Diese Fußzeile fügt die Liste hinzu.');
    expect(made.toString()).toContain('\r\n\r\nMIIBAAAA\r\n--signed--\r\n');
  });

  test('keeps the escapes of ISO-2022-JP, which XML forbids', async () => {
    const body = latin('\x1b$B$3$s\x1b(B');
    const head =
      'Subject: a\r\nContent-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: 7bit\r\n\r\n';
    const made = repaired(Buffer.concat([latin(head), body]));
    expect(fitsText(made)).toBe(true);
    expect((await PostalMime.parse(made)).text!.trim()).toBe('こん');
  });

  test.each([
    ['quoted-printable', 'a=E9\xe9=\r\n\xff', 'aéé\xff'],
    ['base64', 'YW\xe9Jj\r\nZA==\x01', 'abcd'],
  ])('in %s with raw bytes in it is decoded as before', async (encoding, body, expected) => {
    const head = `A: b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
    const made = repaired(latin(head + body));
    expect(fitsText(made)).toBe(true);
    expect((await PostalMime.parse(made)).text!.trim()).toBe(expected);
  });

  test.each([
    ['that names no encoding', 'A: b\r\n\r\nGr\xfc\xdfe', 'A: b\r\nContent-Transfer-Encoding: base64\r\n\r\nR3L832U='],
    ['that has no header', 'Gr\xfc\xdfe\r\n\r\nb', 'Grüße\r\n\r\nb'],
    ['that is nothing but a header', 'Subject: Gr\xfc\xdfe', 'Subject: =?UTF-8?B?R3LDvMOfZQ==?='],
    [
      'of a Unix mailbox',
      'From me Mon\r\nA: b\r\n\r\n\xfc',
      'From me Mon\r\nA: b\r\nContent-Transfer-Encoding: base64\r\n\r\n/A==',
    ],
    [
      'whose boundary never comes',
      'Content-Type: multipart/mixed; boundary=x\r\n\r\n--y\r\n\xfc',
      'Content-Type: multipart/mixed; boundary=x\r\n\r\n--y\r\nü',
    ],
    [
      'whose part has no header',
      'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n\xfc\r\n--x--',
      'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Transfer-Encoding: base64\r\n\r\n/A==\r\n--x--',
    ],
    [
      'whose part ends in its header',
      'Content-Type: multipart/mixed; boundary="x y"\r\n\r\n--x y\r\nA: \xfc\r\n--x y \t\r\n\r\nb\r\n--x y--',
      'Content-Type: multipart/mixed; boundary="x y"\r\n\r\n--x y\r\nA: =?UTF-8?B?w7w=?=\r\n--x y \t\r\n\r\nb\r\n--x y--',
    ],
    [
      'that is a digest',
      'Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\nSubject: \xfc\r\n\r\nb\r\n--x--',
      'Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\nSubject: =?UTF-8?B?w7w=?=\r\n\r\nb\r\n--x--',
    ],
  ])('%s', (_name, raw, expected) => {
    expect(repaired(latin(raw)).toString()).toBe(expected);
  });
});

describe('any message', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.eml'));

  test.each(files)('that is text stays the same, and one that is none becomes text: %s', (file) => {
    const raw = lfToCrlf(readFileSync(new URL(file, FOLDER)));
    const made = repaired(raw);
    expect(fitsText(made)).toBe(true);
    if (fitsText(raw)) expect(made.toString('latin1')).toBe(Buffer.from(raw).toString('latin1'));
    expect(repaired(made).equals(made)).toBe(true);
  });

  const TYPES = ['text/plain; charset=iso-8859-1', 'text/html; charset=windows-1251', 'text/x; charset=koi8-r', 'a/b'];
  const bytes = fc
    .array(fc.oneof(fc.integer({ min: 0x20, max: 0xff }), fc.constantFrom(0, 7, 9, 10, 0x1b, 0x2d, 0xc3, 0xbc)), {
      maxLength: 120,
    })
    .map((all) => Buffer.from(all.filter((byte) => byte !== 0x0d)));
  interface Tree {
    readonly kind: 'leaf' | 'multipart' | 'message';
    readonly type?: string;
    readonly encoding?: string;
    readonly body?: Buffer;
    readonly inside?: readonly Tree[];
  }
  const leaf = fc.record({
    kind: fc.constant('leaf' as const),
    type: fc.constantFrom(...TYPES),
    encoding: fc.constantFrom('8bit', 'binary', '7bit', '8BIT ', 'unheard-of'),
    body: bytes,
  });
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      fc.record({
        kind: fc.constant('multipart' as const),
        type: fc.constantFrom('mixed', 'alternative', 'signed'),
        inside: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('message' as const), inside: fc.tuple(tie('tree')) }),
    ),
  }));

  function write(node: Tree, path: string, found: Buffer[]): Buffer {
    if (node.kind === 'leaf') {
      found.push(node.body!);
      const file = `Content-Disposition: attachment; filename=f\r\n`;
      const head = `Content-Type: ${node.type}\r\n${file}Content-Transfer-Encoding: ${node.encoding}\r\n\r\n`;
      return Buffer.concat([latin(head), node.body!]);
    }
    const inside = node.inside!.map((one, n) => write(one, `${path}.${n}`, found));
    if (node.kind === 'message') {
      return Buffer.concat([latin('Content-Type: message/rfc822\r\n\r\nSubject: In\xfcen\r\n'), ...inside]);
    }
    const parts = inside.flatMap((part) => [latin(`\r\n--b${path}\r\n`), part]);
    const head = `Content-Type: multipart/${node.type}; boundary="b${path}"\r\n\r\nPr\xe4ambel`;
    return Buffer.concat([latin(head), ...parts, latin(`\r\n--b${path}--\r\nEpil\xf6g`)]);
  }

  const lines = (body: Buffer) => body.toString('latin1').replaceAll('\r\n', '\n').replace(/\n*$/, '');

  test('of parts in 8 bits is read by another parser as what was written', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (node) => {
        const written: Buffer[] = [];
        const raw = Buffer.concat([latin('Subject: Gr\xfc\xdfe\r\nMIME-Version: 1.0\r\n'), write(node, '', written)]);
        const made = repaired(lfToCrlf(raw));
        expect(fitsText(made)).toBe(true);
        const { subject, leaves } = await read(made);
        expect(leaves.map(({ bytes }) => lines(bytes))).toEqual(written.map(lines));
        const [charset] = node.kind === 'leaf' ? (/(?<=charset=).*/.exec(node.type!) ?? []) : [];
        expect(subject).toBe(new TextDecoder(charset ?? 'latin1').decode(latin('Gr\xfc\xdfe')));
      }),
      { numRuns: 150 },
    );
  });

  test('of any bytes ends in bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, fc.constantFrom(...PIECES.map(latin))), { maxLength: 12 }), (pieces) => {
        const raw = Buffer.concat(pieces);
        expect(repairMime(raw)).toBeInstanceOf(Uint8Array);
      }),
    );
  });
  const PIECES = [
    'Content-Type: multipart/mixed; boundary=b\r\n',
    'Content-Type: message/rfc822\r\n',
    'Subject: \xfc\r\n',
    '\r\n\r\n',
    '\r\n--b\r\n',
    '\r\n--b--\r\n',
  ];
});

describe('a hostile message', () => {
  const MIXED = 'Content-Type: multipart/mixed; boundary=b\r\n\r\n';
  const nested = Array.from({ length: 49 }, (_, n) => `Content-Type: multipart/x; boundary=b${n}\r\n\r\n--b${n}\r\n`);
  const SIZE = 4_000_000;

  test.each([
    ['of lines with hyphens', `${MIXED}\xe9${'\r\n--'.repeat(SIZE / 4)}`],
    ['of a line of blanks', `${MIXED}\xe9\r\n--${' '.repeat(SIZE)}x`],
    ['of nothing but parts', `${MIXED}${'--b\r\n\r\n\xe9\r\n'.repeat(SIZE / 10)}`],
    ['of parts without an empty line', `${MIXED}${'--b\r\nA:b\r\n'.repeat(SIZE / 20)}\xe9${'\r\na'.repeat(SIZE / 6)}`],
    ['of nested multiparts', `${nested.join('')}\xe9${'\r\n-a'.repeat(SIZE / 4)}`],
    [
      'of nested messages',
      `${MIXED}--b\r\n${'Content-Type: message/rfc822\r\n\r\n'.repeat(1_500)}${'\xe9\r\n'.repeat(SIZE / 3)}`,
    ],
    ['with a long Subject', `Subject: ${'\xe9'.repeat(500_000)}\r\n\r\n`],
    ['with a long From', `From: ${'\xe9 "a" '.repeat(80_000)}\r\n\r\n`],
    ['with quotes that never end', `From: ${'"\\'.repeat(250_000)}\xe9\r\n\r\n`],
    ['with boundaries that never end', `Content-Type: multipart/x;${' boundary="a'.repeat(40_000)}\xe9\r\n\r\n`],
  ])('%s takes no more than a moment', (_name, text) => {
    const raw = latin(text);
    const before = process.cpuUsage();
    repairMime(raw);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(3);
  });

  test.each([
    ['parts', { parts: 2 }, `${MIXED}--b\r\n\r\n1\r\n--b\r\n\r\n\xe9\r\n--b--`],
    ['depth', { depth: 3 }, `${nested.slice(0, 4).join('')}\r\n\xe9`],
    ['headerBytes', { headerBytes: 20 }, 'Subject: this is more\r\n\r\n\xe9'],
  ])('past the limit %s is left as it is', (_name, limit, text) => {
    expect(repairMime(latin(text), { ...MAIL_LIMITS, ...limit })).toBeUndefined();
    expect(repairMime(latin(text))).toBeDefined();
  });
});
