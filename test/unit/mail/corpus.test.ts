import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../lib/mail/content.ts';
import { type ParsedMessage, parseMessage } from '../../../lib/mail/parse.ts';
import type { ItemId, MailboxId } from '../../../lib/ops/ids.ts';

const FOLDER = new URL('../../fixtures/mail/', import.meta.url);
const NOW = Date.UTC(2026, 0, 15, 12);
const SENT = Date.UTC(2026, 0, 13, 9, 30);
const SENT_CET = Date.UTC(2026, 0, 13, 8, 30);

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.eml'));
const load = (name: string) => readFileSync(new URL(`${name}.eml`, FOLDER));
const parse = (name: string) => parseMessage(load(name), { now: NOW });

/** Attachments as `name|type|method|inline`. */
const shape = ({ attachments }: ParsedMessage) =>
  attachments.map((a) => [a.name, a.contentType, a.method, a.inline ? 'inline' : ''].join('|'));

describe('every message of the corpus', () => {
  test('is there', () => {
    expect(files.length).toBeGreaterThanOrEqual(40);
  });

  test.each(files)('%s ends in a row that a store and WBXML take', async (file) => {
    const raw = readFileSync(new URL(file, FOLDER));
    const message = await parseMessage(raw, { now: NOW });
    const { content, blobs } = contentOf(message, raw, { mailbox: 'm' as MailboxId, item: 'I' as ItemId });
    const json = JSON.stringify(content);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(json).not.toMatch(/\\u0000|[\0-\x08]/);
    expect(JSON.parse(json)).toEqual(content);
    expect(json.length).toBeLessThan(16_384);
    expect(content.received).toBeLessThanOrEqual(NOW);
    expect(content.received).toBeGreaterThan(Date.UTC(2026, 0, 1));
    expect(content.conversationId).toMatch(/^[0-9a-f]{32}$/);
    expect(content.conversationIndex).toMatch(/^01(?:[0-9a-f]{2}){21}(?:[0-9a-f]{10})*$/);
    expect(blobs.find(({ key }) => key === content.mime.blob)?.bytes).toEqual(raw);
    expect(`${content.subject}${content.text.prefix}${content.attachments.map(({ name }) => name)}`).not.toBe('');
  });
});

/** What each is there to show. */
const EXPECTED: [name: string, expected: Partial<ParsedMessage>, attachments?: string[]][] = [
  ['plain', { text: 'Hello Bob,\n\nlunch at noon? The café is open.\n\nAda', nativeBody: 1, received: SENT_CET }],
  ['plain-no-mime', { text: 'No MIME at all.', received: SENT }],
  ['html-only', { nativeBody: 2, text: 'News\n\nRead the article <https://example.com/a>.' }],
  ['alternative', { subject: 'Grüße aus Köln', text: 'Grüße!', html: '<p>Grüße!</p>', nativeBody: 2 }],
  [
    'related-inline',
    { text: '[picture]' },
    ['logo.png|image/png|1|inline', 'attachment.png|image/png|1|inline', 'unused.png|image/png|1|'],
  ],
  ['mixed-attachment', { text: 'Attached.' }, ['contract.pdf|application/pdf|1|']],
  ['rfc2231-name', {}, ['Rechnung München 2026.pdf|application/pdf|1|', 'счёт.pdf|application/pdf|1|']],
  [
    'duplicate-names',
    {},
    [
      'photo.jpg|image/jpeg|1|',
      'photo.jpg|image/jpeg|1|',
      'attachment.jpg|image/jpeg|1|',
      'passwd|application/octet-stream|1|',
    ],
  ],
  ['nul-bytes', { from: 'ada@example.com', subject: 'before', text: 'line one\nline two' }],
  ['latin1-headers', { from: '"Jürgen Müller" <jm@example.com>', subject: 'Fußgängerübergänge', text: 'Schöne Grüße' }],
  ['koi8-headers', { from: '"Иван" <ivan@example.com>', subject: 'Привет всем', text: 'Добрый день' }],
  ['utf8-headers', { from: '"山田太郎" <taro@example.com>', subject: '会議の件 🗓', text: '本文です。' }],
  ['unknown-charset', { text: 'naïve', subject: 'take me��broken' }],
  ['missing-charset-1252', { text: '“quoted” € 5' }],
  ['iso-2022-jp', { subject: '日本語', text: 'こんにちは' }],
  ['gb2312-base64', { subject: '你好', text: '你好，世界' }],
  [
    'html-meta-charset',
    { html: '<html><head><meta charset="utf-8"></head><body>Привет</body></html>\n', text: 'Привет' },
  ],
  ['no-date', { received: Date.UTC(2026, 0, 12, 8), sent: undefined }],
  ['absurd-date', { received: NOW }],
  ['future-date', { received: NOW, sent: NOW }],
  ['garbage-date', { received: NOW }],
  ['no-body', { subject: 'nothing', text: '', html: undefined }],
  ['headers-only-garbage', { from: '', subject: '', text: 'but this may be a body' }],
  ['missing-boundary', { text: '--x\nContent-Type: text/plain\n\nstill readable\n--x--' }],
  ['wrong-boundary', { text: '--other\nContent-Type: text/plain\n\nalso readable\n--other--' }],
  ['unterminated', { text: 'first' }, ['a.bin|application/octet-stream|1|']],
  ['rfc822-attached', { text: 'see below', threadTopic: 'the original' }, ['Café_ plan.eml|message/rfc822|5|']],
  ['tnef', { text: 'rich text', nativeBody: 1 }, ['winmail.dat|application/ms-tnef|1|']],
  ['meeting-request', { messageClass: 'IPM.Schedule.Meeting.Request' }, ['invite.ics|text/calendar|1|']],
  ['meeting-declined', { messageClass: 'IPM.Schedule.Meeting.Resp.Neg' }, ['invite.ics|text/calendar|1|']],
  ['meeting-cancelled', { messageClass: 'IPM.Schedule.Meeting.Canceled' }, ['invite.ics|application/ics|1|']],
  [
    'smime-signed',
    { messageClass: 'IPM.Note.SMIME.MultipartSigned', text: 'signed text' },
    ['smime.p7s|application/pkcs7-signature|1|'],
  ],
  ['smime-encrypted', { messageClass: 'IPM.Note.SMIME', text: '' }, ['smime.p7m|application/pkcs7-mime|1|']],
  ['pgp-signed', { messageClass: 'IPM.Note', text: 'pgp text' }, ['signature.asc|application/pgp-signature|1|']],
  [
    'ndr',
    { messageClass: 'REPORT.IPM.NOTE.NDR', text: 'I could not deliver.' },
    ['delivery-status.txt|message/delivery-status|1|', 'hi.eml|message/rfc822|5|'],
  ],
  ['dsn-delayed', { messageClass: 'REPORT.IPM.NOTE.DELAYED' }, ['delivery-status.txt|message/delivery-status|1|']],
  [
    'read-receipt',
    { messageClass: 'REPORT.IPM.NOTE.IPNRN' },
    ['disposition-notification.txt|message/disposition-notification|1|'],
  ],
  [
    'outlook-thread',
    {
      from: '"Lovelace, Ada" <ada@example.com>',
      to: '"Bob; Builder" <bob@example.net>, carol@example.net',
      cc: '"Dörte" <d@example.net>',
      replyTo: 'a@example.com;b@example.com',
      sender: '"Secretary" <sec@example.com>',
      displayTo: 'Bob, Builder;carol@example.net',
      threadTopic: 'Budget',
      importance: 2,
      references: ['<root@example.com>', '<second@example.com>'],
      conversationIndex: '01d9a1b2c3d4000102030405060708090a0b0c0d0e0f0a0b0c0d0e',
    },
  ],
  ['groups', { to: '', displayTo: '', cc: 'x@example.com, "Y Z" <y@example.com>', importance: 0 }],
  [
    'apple-mixed',
    { text: 'before  after', html: '<p>before</p>\n\n<p>after</p>\n' },
    ['pic.png|image/png|1|', 'notes.txt|text/plain|1|'],
  ],
  ['format-flowed', { text: expect.stringContaining('This is one long line.') as unknown as string }],
  ['digest', { text: '' }, ['one.eml|message/rfc822|5|', 'two.eml|message/rfc822|5|']],
  [
    'cc-injection',
    { subject: 'a Bcc: y@example.com', from: '"evil Bcc: x@example.com" <evil@example.com>' },
    ['a .exe|text/html|1|'],
  ],
  ['qp-soft-breaks', { text: '€ 5 for all =ZZ end' }],
  ['bad-base64', { text: 'Hello world' }],
  ['lf-only', { text: 'unix body' }],
  ['8bit-iso-8859-1', { subject: 'Prüfbericht für März', from: '"Jürgen Größe" <sender@example.com>' }],
  ['8bit-windows-1251', { subject: 'Заказ № 42 отправлен' }],
  ['8bit-koi8-r', { subject: 'Встреча в среду', text: 'Привет!\n\nВстреча переносится на среду.' }],
  ['8bit-shift-jis', { subject: 'お知らせ 予約表', text: '予約表をお送りします。\nご確認ください。' }],
  [
    '8bit-nested',
    { text: 'Schöne Grüße\n-- \nGröße', nativeBody: 2 },
    ['utf8.txt|text/plain|1|', 'notes.eml|message/rfc822|5|'],
  ],
  [
    '8bit-signed-utf-8',
    { text: 'Für Köln.\n\nDiese Fußzeile fügt die Liste hinzu.' },
    ['smime.p7s|application/pkcs7-signature|1|'],
  ],
  [
    '8bit-signed-iso-8859-1',
    { text: 'Für Köln.\n\nDiese Fußzeile fügt die Liste hinzu.' },
    ['smime.p7s|application/pkcs7-signature|1|'],
  ],
];

describe('a message', () => {
  test.each(EXPECTED)('like %s.eml is understood', async (name, expected, attachments = []) => {
    const message = await parse(name);
    expect(message).toMatchObject(expected);
    expect(shape(message)).toEqual(attachments);
    expect(message.degraded).toBeUndefined();
  });

  test('of the corpus is never without an expectation', () => {
    expect(EXPECTED.map(([name]) => `${name}.eml`).sort()).toEqual(files.sort());
  });

  test('class of a report is REPORT and a suffix [MS-ASEMAIL R602]', async () => {
    for (const name of ['ndr', 'dsn-delayed', 'read-receipt']) {
      expect((await parse(name)).messageClass).toMatch(/^REPORT\.IPM\.NOTE\.[A-Z]+$/);
    }
  });

  test('is embedded under a name that ends in .eml and method 5 [MS-ASAIRS R2299]', async () => {
    const [embedded] = (await parse('rfc822-attached')).attachments;
    expect(embedded).toMatchObject({ method: 5, name: expect.stringMatching(/\.eml$/) });
    const inner = await parseMessage(embedded!.content, { now: NOW });
    expect(inner).toMatchObject({ subject: 'Café: plan', text: 'inner text' });
  });
});
