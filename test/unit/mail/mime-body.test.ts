import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import type { RenderedBody } from '../../../lib/mail/body.ts';
import type { BodyOptions } from '../../../lib/mail/body-choice.ts';
import { contentOf } from '../../../lib/mail/content.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';
import { renderEmail } from '../../../lib/mail/render.ts';
import type { FolderId, ItemId, MailboxId } from '../../../lib/ops/ids.ts';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';

const FOLDER = new URL('../../fixtures/mail/', import.meta.url);
const load = (name: string) => readFileSync(new URL(`${name}.eml`, FOLDER));
const place = { mailbox: 'm' as MailboxId, item: '01ITEM' as ItemId };
const latin = (text: string) => Buffer.from(text, 'latin1');
const HEAD = 'Subject: a\r\nContent-Type: text/plain; charset=iso-8859-1\r\n';

async function show(raw: Uint8Array, options: BodyOptions & { readonly version?: ProtocolVersion }) {
  const { content, blobs } = contentOf(await parseMessage(raw, { now: Date.UTC(2026, 0, 15, 12) }), raw, place);
  const map = new Map(blobs.map(({ key, bytes }) => [key, bytes]));
  const get = async (key: string, range?: { readonly start: number; readonly end?: number }) =>
    range ? map.get(key)?.subarray(range.start, range.end) : map.get(key);
  const item = { id: place.item, folder: 'inbox' as FolderId, content };
  return await renderEmail(item, { version: 141, mimeSupport: 2, ...options }, { get });
}
const asking = (TruncationSize?: number, AllOrNone?: boolean) => ({
  bodyPreferences: [{ Type: 4, TruncationSize, AllOrNone }],
});
const bodyOf = async (raw: Uint8Array, size?: number, all?: boolean) => (await show(raw, asking(size, all))).Body!;
type Data = RenderedBody['data'];
const text = async (data: Data) => (await PostalMime.parse(data!)).text!.replaceAll('\r', '').trim();

const CHARSETS: [name: string, text: RegExp][] = [
  ['8bit-iso-8859-1', /^Sehr geehrte Frau Müller,\n\ndie Prüfung der Geräte ist abgeschlossen\.\n\nGrüße$/],
  ['8bit-windows-1251', /^Здравствуйте!\n\nВаш заказ «Книга» отправлен\.$/],
  ['8bit-koi8-r', /^Привет!\n\nВстреча переносится на среду\.$/],
  ['8bit-shift-jis', /^予約表をお送りします。\nご確認ください。$/],
];

describe('MIME of a message in 8 bits of another charset', () => {
  test.each(CHARSETS)('%s is read by a mail parser as what was written', async (name, expected) => {
    const { Data, EstimatedDataSize, Truncated } = await bodyOf(load(name));
    expect(await text(Data)).toMatch(expected);
    expect([EstimatedDataSize, Truncated]).toEqual([Buffer.byteLength(Data!), undefined]);
  });

  test.each(CHARSETS)('%s is the same as MIMEData of 2.5', async (name, expected) => {
    const { MIMEData, MIMESize, MIMETruncated } = await show(load(name), { version: 25 });
    expect(await text(MIMEData)).toMatch(expected);
    expect([MIMESize, MIMETruncated]).toEqual([Buffer.byteLength(MIMEData!), false]);
  });

  test('is a beginning of itself where it is cut, wherever that is', async () => {
    for (const [name] of CHARSETS) {
      const raw = load(name);
      const whole = (await bodyOf(raw)).Data!;
      for (let size = 1; size < whole.length + 3; size += 7) {
        const { Data, Truncated, EstimatedDataSize } = await bodyOf(raw, size);
        expect(Buffer.byteLength(Data!)).toBeLessThanOrEqual(size);
        expect(EstimatedDataSize).toBeGreaterThanOrEqual(Buffer.byteLength(Data!));
        expect(Truncated ?? false).toBe(size < whole.length);
        expect(Data).not.toContain('\ufffd');
        if (!Truncated) expect(Data).toBe(whole);
      }
    }
  });

  test('gives the words before the cut', async () => {
    const body = 'Gr\xfc\xdfe, Gr\xfc\xdfe, '.repeat(200);
    const { Data, Truncated } = await bodyOf(latin(`${HEAD}\r\n${body}`), 1_000);
    expect([Data!.length, Truncated]).toEqual([1_000, true]);
    expect(await text(Data)).toMatch(/^(?:Grüße, ){50,}/);
  });

  test('comes whole or not at all where that is asked for, though it is stored in less', async () => {
    const raw = latin(`${HEAD}\r\n${'\xfc'.repeat(300)}`);
    const whole = Buffer.byteLength((await bodyOf(raw)).Data!);
    expect(whole).toBeGreaterThan(raw.length);
    expect(await bodyOf(raw, whole, true)).toMatchObject({ Data: expect.stringContaining('base64') });
    const none = await bodyOf(raw, raw.length, true);
    expect(none).toEqual({ Type: 4, EstimatedDataSize: whole, Truncated: true });
    expect((await bodyOf(raw, raw.length)).Data).toHaveLength(raw.length);
  });

  test('is untouched where it is UTF-8, also where the cut is inside of a character', async () => {
    const raw = Buffer.from(`Subject: Grüße\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${'ü'.repeat(50)}`);
    for (const less of [0, 10, 11]) {
      const { Data, EstimatedDataSize } = await bodyOf(raw, raw.length - less);
      const characters = raw.toString().length - Math.ceil(less / 2);
      expect([Data, EstimatedDataSize]).toEqual([raw.toString().slice(0, characters), raw.length]);
    }
  });
});

describe('MIME of a message with line feeds alone', () => {
  test('has CRLF, and is counted so', async () => {
    const raw = load('lf-only');
    expect(raw.includes('\r')).toBe(false);
    const { Data, EstimatedDataSize } = await bodyOf(raw);
    expect(Data).not.toMatch(/(?<!\r)\n/);
    expect(Data!.replaceAll('\r', '')).toBe(raw.toString());
    expect(EstimatedDataSize).toBe(Buffer.byteLength(Data!));
    const { MIMEData, MIMESize } = await show(raw, { version: 25 });
    expect([MIMEData, MIMESize]).toEqual([Data, EstimatedDataSize]);
  });

  test('is a beginning of the whole where it is cut', async () => {
    const raw = load('lf-only');
    const whole = (await bodyOf(raw)).Data!;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: whole.length }), async (size) => {
        const { Data, Truncated } = await bodyOf(raw, size);
        expect([Data, Truncated ?? false]).toEqual([whole.slice(0, size), size < whole.length]);
      }),
    );
  });
});
