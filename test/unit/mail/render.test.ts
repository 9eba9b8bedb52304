import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Email } from '../../../lib/documents/items/email.ts';
import { BlobMissing } from '../../../lib/mail/body.ts';
import { contentOf } from '../../../lib/mail/content.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';
import { type EmailApplicationData, type RenderOptions, renderEmail, renderFlags } from '../../../lib/mail/render.ts';
import type { EmailContent } from '../../../lib/mail/types.ts';
import type { FolderId, ItemId, MailboxId } from '../../../lib/ops/ids.ts';
import { SUPPORTED_VERSIONS } from '../../../lib/protocol/versions.ts';
import { encodeFragment } from '../../../lib/wbxml/index.ts';
import { emailContent } from '../../support/mailboxes.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const FOLDER = new URL('../../fixtures/mail/', import.meta.url);
const place = { mailbox: 'm' as MailboxId, item: '01ITEM' as ItemId };
const none = { get: () => Promise.reject(new Error('no blob was to be read')) };

async function stored(raw: Uint8Array) {
  const { content, blobs } = contentOf(await parseMessage(raw, { now: NOW }), raw, place);
  const map = new Map(blobs.map(({ key, bytes }) => [key, bytes]));
  const get = async (key: string, range?: { readonly start: number; readonly end?: number }) =>
    range ? map.get(key)?.subarray(range.start, range.end) : map.get(key);
  return { content, blobs: { get } };
}
const load = (name: string) => stored(readFileSync(new URL(`${name}.eml`, FOLDER)));
const item = (content: EmailContent) => ({ id: place.item, folder: 'inbox' as FolderId, content });

/** What is rendered without a promise; fails where it takes one. */
function now(content: EmailContent, options: Partial<RenderOptions> = {}): EmailApplicationData {
  const rendered = renderEmail(item(content), { version: 141, ...options }, none);
  if (rendered instanceof Promise) throw new Error('the row should have sufficed');
  return rendered;
}

const plain = (size: number | undefined, over: object = {}) => ({
  bodyPreferences: [{ Type: 1, TruncationSize: size, ...over }],
});

describe('a rendered message', () => {
  test('has what the phone shows in a list', async () => {
    const { content } = await load('outlook-thread');
    expect(now(content, plain(500))).toMatchObject({
      From: '"Lovelace, Ada" <ada@example.com>',
      To: '"Bob; Builder" <bob@example.net>, carol@example.net',
      ReplyTo: 'a@example.com;b@example.com',
      DisplayTo: 'Bob, Builder;carol@example.net',
      Subject: 'RE: AW: Fwd: Budget',
      ThreadTopic: 'Budget',
      DateReceived: Date.UTC(2026, 0, 13, 9, 30),
      Importance: 2,
      Read: false,
      MessageClass: 'IPM.Note',
      InternetCPID: '20127',
      NativeBodyType: 1,
      Body: { Type: 1, EstimatedDataSize: 2, Data: 'ok' },
    });
  });

  test('separates addresses by commas, ReplyTo and names by semicolons [MS-ASEMAIL R331 R711 R787 R400]', async () => {
    const { content } = await load('groups');
    const two = { ...content, to: content.cc };
    expect(now(two)).toMatchObject({
      To: 'x@example.com, "Y Z" <y@example.com>',
      Cc: 'x@example.com, "Y Z" <y@example.com>',
    });
    const outlook = now((await load('outlook-thread')).content);
    expect([outlook.ReplyTo, outlook.DisplayTo]).toEqual([
      'a@example.com;b@example.com',
      'Bob, Builder;carol@example.net',
    ]);
  });

  test('is of the content class of messages [MS-ASEMAIL R342]', () => {
    expect(now(emailContent('a')).ContentClass).toBe('urn:content-classes:message');
  });

  test('has an empty Flag where there is none, and the flag where there is one [MS-ASEMAIL R439 R436]', () => {
    expect(now(emailContent('a')).Flag).toEqual({});
    expect(now(emailContent('a', { flag: { status: 0 } })).Flag).toEqual({});
    const flag = { status: 2, type: 'Flag for follow up', dueDate: 5, reminderSet: true } as const;
    expect(now(emailContent('a', { flag })).Flag).toMatchObject({
      Status: 2,
      FlagType: 'Flag for follow up',
      DueDate: 5,
      ReminderSet: true,
    });
  });

  test('names its sender only where it is not the author [MS-ASEMAIL R726 R1065]', async () => {
    const raw = (sender: string) => Buffer.from(`From: a@example.com\r\n${sender}\r\n\r\nx`);
    expect(now((await stored(raw('Sender: b@example.com'))).content).Sender).toBe('b@example.com');
    expect(now((await stored(raw('Sender: a@example.com'))).content).Sender).toBeUndefined();
    expect(now((await stored(raw('X: y'))).content).Sender).toBeUndefined();
  });

  test('has an empty Categories where there is none [MS-ASEMAIL R318]', () => {
    expect(now(emailContent('a')).Categories).toEqual({ Category: [] });
    expect(now(emailContent('a', { categories: ['red'] })).Categories).toEqual({ Category: ['red'] });
  });

  test('has the index of MS-ASCON: the time, then the levels, without the GUID [MS-ASCON R90 R93 R309]', async () => {
    const { content } = await load('outlook-thread');
    const { ConversationId, ConversationIndex } = now(content);
    expect(Buffer.from(ConversationIndex!).toString('hex')).toBe('d9a1b2c3d40a0b0c0d0e');
    expect(ConversationId).toHaveLength(16);
  });

  test('keeps to its version', () => {
    const content = emailContent('a', { lastVerb: 1, lastVerbAt: 7, sender: 's@x', bcc: 'b@x', isDraft: true });
    const later = ['ConversationId', 'ConversationIndex', 'Categories', 'LastVerbExecuted', 'Sender'];
    const keys = (version: 121 | 140 | 141 | 160) =>
      Object.entries(now(content, { version }))
        .filter(([, value]) => value !== undefined)
        .map(([key]) => key);
    for (const key of [...later, 'IsDraft', 'Bcc']) expect(keys(121)).not.toContain(key);
    expect(keys(140)).toEqual(expect.arrayContaining(later));
    expect(keys(141)).not.toContain('IsDraft');
    expect(keys(160)).toEqual(expect.arrayContaining([...later, 'IsDraft', 'Bcc']));
  });

  test('can be encoded in every version', async () => {
    for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.eml'))) {
      const { content } = await load(file.slice(0, -4));
      for (const version of SUPPORTED_VERSIONS) {
        const data = now(content, { version, ...plain(500, { Preview: 100 }) });
        expect(encodeFragment(Email, data, version).size).toBeGreaterThan(80);
      }
    }
  });
});

describe('a body', () => {
  test('carries what every Body must have, in its place [MS-ASAIRS R113 R202 R276 R277]', () => {
    const content = emailContent('a', { text: { size: 11, prefix: 'Hello world' } });
    expect(now(content, plain(5)).Body).toEqual({ Type: 1, EstimatedDataSize: 11, Truncated: true, Data: 'Hello' });
    expect(now(content, plain(11)).Body).toEqual({ Type: 1, EstimatedDataSize: 11, Data: 'Hello world' });
    expect(now(content, plain(undefined)).Body).toEqual({ Type: 1, EstimatedDataSize: 11, Data: 'Hello world' });
  });

  test('is a prefix of the whole that fits TruncationSize and splits no character', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'ü', '€', '🗓', 'x'.repeat(2_000), '🗓'.repeat(700)), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.nat(12_000),
        async (parts, size) => {
          const text = parts.join('');
          const raw = Buffer.from(`Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`);
          const { content, blobs } = await stored(raw);
          const { Body } = await renderEmail(item(content), { version: 161, ...plain(size) }, blobs);
          const data = Body!.Data ?? '';
          expect(Buffer.byteLength(data)).toBeLessThanOrEqual(size);
          expect(text.startsWith(data)).toBe(true);
          expect(data.isWellFormed()).toBe(true);
          expect(Body!.EstimatedDataSize).toBe(Buffer.byteLength(text));
          expect(Body!.Truncated ?? false).toBe(data.length < text.length);
          const rest = [...text.slice(data.length)][0];
          if (rest && size > 0) expect(Buffer.byteLength(data + rest)).toBeGreaterThan(size);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of 10 MB truncated to 500 bytes reads no blob', async () => {
    const html = `<p>${'word '.repeat(2_000_000)}</p>`;
    const { content } = await stored(Buffer.from(`Content-Type: text/html\r\n\r\n${html}`));
    for (const Type of [1, 2]) {
      const { Body } = now(content, { bodyPreferences: [{ Type, TruncationSize: 500 }] });
      expect(Body).toMatchObject({ Type, Truncated: true, Data: expect.stringContaining('word word') });
    }
    expect(JSON.stringify(content).length).toBeLessThan(16_384);
  });

  test('that is not in the row comes from its blob, whole or in part', async () => {
    const html = `<p>${'wörd '.repeat(20_000)}</p>\n`;
    const { content, blobs } = await stored(Buffer.from(`Content-Type: text/html; charset=utf-8\r\n\r\n${html}`));
    const render = (preference: object) =>
      renderEmail(item(content), { version: 141, bodyPreferences: [{ Type: 2, ...preference }] }, blobs);
    expect((await render({})).Body).toEqual({ Type: 2, EstimatedDataSize: Buffer.byteLength(html), Data: html });
    const part = (await render({ TruncationSize: 50_000 })).Body!;
    expect(html.startsWith(part.Data!)).toBe(true);
    expect(Buffer.byteLength(part.Data!)).toBeGreaterThan(49_990);
    expect(part.Truncated).toBe(true);
  });

  test('whose blob is gone cannot be rendered', async () => {
    const content = emailContent('a', { text: { size: 100, prefix: 'x', blob: 'gone' } });
    await expect(
      renderEmail(item(content), { version: 141, ...plain(50) }, { get: async () => undefined }),
    ).rejects.toThrow(BlobMissing);
  });

  test('of a plain message is turned into HTML where nothing else is taken [MS-ASAIRS R2412]', () => {
    const content = emailContent('a', { text: { size: 5, prefix: 'a < b' } });
    const { Body, NativeBodyType } = now(content, { bodyPreferences: [{ Type: 2 }] });
    expect(Body).toMatchObject({ Type: 2, Data: expect.stringContaining('a &lt; b') });
    expect(NativeBodyType).toBe(1);
  });

  test('of HTML is turned into plain text where nothing else is taken [MS-ASAIRS R2412]', async () => {
    const { content } = await load('html-only');
    const { Body, NativeBodyType } = now(content, plain(500));
    expect(Body).toMatchObject({ Type: 1, Data: expect.stringContaining('Read the article') });
    expect(NativeBodyType).toBe(2);
  });

  test('keeps the native type where it can [MS-ASAIRS R2411]', async () => {
    const { content } = await load('alternative');
    const { Body, NativeBodyType } = now(content, { bodyPreferences: [{ Type: 1 }, { Type: 2 }] });
    expect([Body!.Type, NativeBodyType]).toEqual([2, 2]);
  });

  test('is MIME, byte by byte, for a client that verifies signatures [MS-ASCMD R3409 R3410]', async () => {
    const { content, blobs } = await load('smime-signed');
    const raw = readFileSync(new URL('smime-signed.eml', FOLDER), 'utf8');
    const options = { version: 141, mimeSupport: 1, bodyPreferences: [{ Type: 4 }] } as const;
    const whole = (await renderEmail(item(content), options, blobs)).Body;
    expect(whole).toEqual({ Type: 4, EstimatedDataSize: raw.length, Data: raw });
    const cut = { ...options, bodyPreferences: [{ Type: 4, TruncationSize: 100 }] };
    expect((await renderEmail(item(content), cut, blobs)).Body).toEqual({
      Type: 4,
      EstimatedDataSize: raw.length,
      Truncated: true,
      Data: raw.slice(0, 100),
    });
  });

  test('as MIME never holds a NUL', async () => {
    const { content, blobs } = await load('nul-bytes');
    const options = { version: 141, mimeSupport: 2, bodyPreferences: [{ Type: 4 }] } as const;
    expect((await renderEmail(item(content), options, blobs)).Body!.Data).not.toContain('\0');
  });
});

describe('a preview', () => {
  const content = emailContent('a', {
    nativeBody: 2,
    text: { size: 21, prefix: 'One  two\nthree <https://x> four' },
    html: { size: 9, prefix: '<p>One</p>' },
  });
  const asking = (Type: number, Preview: number, over: object = {}) => ({
    bodyPreferences: [{ Type, Preview, ...over }],
  });

  test('is plain text of no more characters than asked for [MS-ASAIRS R248 R250]', () => {
    expect(now(content, asking(2, 12)).Body!.Preview).toBe('One two thre');
  });

  test('is left out where plain text is there itself [MS-ASAIRS R1001036]', () => {
    expect(now(content, asking(1, 12)).Body!.Preview).toBeUndefined();
    expect(now(content, asking(1, 12, { TruncationSize: 0 })).Body!.Preview).toBe('One two thre');
  });

  test('is unknown to 12.1 and left out where it was not asked for', () => {
    expect(now(content, { ...asking(2, 12), version: 121 }).Body!.Preview).toBeUndefined();
    expect(now(content, asking(2, 0)).Body!.Preview).toBeUndefined();
  });
});

describe('a body part', () => {
  const content = emailContent('a', {
    nativeBody: 2,
    text: { size: 3, prefix: 'One' },
    html: { size: 10, prefix: '<p>One</p>' },
  });

  test('is there when asked for, with its required elements [MS-ASAIRS R120 R127 R128 R129 R271]', () => {
    expect(now(content, { bodyPartPreference: { Type: 2 } }).BodyPart).toEqual({
      Status: 1,
      Type: 2,
      EstimatedDataSize: 10,
      Data: '<p>One</p>',
    });
    expect(now(content).BodyPart).toBeUndefined();
    expect(now(content, { bodyPartPreference: { Type: 2 } }).Body).toBeUndefined();
    expect(now(content, { bodyPartPreference: { Type: 2 }, mimeSupport: 2 }).Body).toBeDefined();
    expect(now(content, { version: 140, bodyPartPreference: { Type: 2 } }).BodyPart).toBeUndefined();
  });

  test('says when it is truncated or too large [MS-ASAIRS R282 R272]', () => {
    const cut = now(content, { bodyPartPreference: { Type: 2, TruncationSize: 5 } }).BodyPart;
    expect(cut).toMatchObject({ Status: 1, Truncated: true, Data: '<p>On' });
    const all = now(content, { bodyPartPreference: { Type: 2, TruncationSize: 5, AllOrNone: true } }).BodyPart;
    expect(all).toMatchObject({ Status: 176, EstimatedDataSize: 10 });
    expect(all!.Data).toBeUndefined();
  });

  test('has a preview when asked for [MS-ASAIRS R255 R256]', () => {
    expect(now(content, { bodyPartPreference: { Type: 2, Preview: 2 } }).BodyPart!.Preview).toBe('On');
  });

  test('comes from a blob beside a body that does not need one', async () => {
    const { content, blobs } = await stored(Buffer.from(`Content-Type: text/html\r\n\r\n<p>${'y'.repeat(9_000)}</p>`));
    const options = { version: 141, ...plain(10), bodyPartPreference: { Type: 2 } } as const;
    const rendered = await renderEmail(item(content), options, blobs);
    expect(rendered.Body!.Data).toBe('yyyyyyyyyy');
    expect(rendered.BodyPart!.Data!.length).toBeGreaterThan(9_000);
  });
});

describe('attachments', () => {
  test('carry what each must have [MS-ASAIRS R91 R92 R93 R198 R211 R220 R225]', async () => {
    const { content } = await load('mixed-attachment');
    const [attachment] = now(content).Attachments!.Attachment!;
    expect(attachment).toMatchObject({ DisplayName: 'contract.pdf', Method: 1, EstimatedDataSize: 9 });
    expect(attachment!.FileReference).toMatch(/^inbox:01ITEM:0:[0-9a-f]{32}$/);
    expect(now(emailContent('a')).Attachments).toBeUndefined();
  });

  test('shown inside the body say so, by Content-ID or location [MS-ASAIRS R100299 R100298 R160]', async () => {
    const { content } = await load('related-inline');
    expect(now(content).Attachments!.Attachment).toMatchObject([
      { IsInline: true, ContentId: 'logo@example.com' },
      { IsInline: true, ContentLocation: 'pics/two.png' },
      { ContentId: 'unused@example.com', IsInline: undefined },
    ]);
  });

  test('of the same name have references of their own', async () => {
    const { content } = await load('duplicate-names');
    const references = now(content).Attachments!.Attachment!.map(({ FileReference }) => FileReference);
    expect(new Set(references).size).toBe(4);
  });
});

describe('a change of flags', () => {
  const content = emailContent('a', { read: true, categories: ['red'] });

  test('sends only what changed [MS-ASEMAIL R75 R76 R96 R104]', () => {
    expect(renderFlags(content, 141, 'r')).toEqual({ Read: true });
    expect(renderFlags(content, 141, 'f')).toEqual({ Flag: {} });
    expect(renderFlags(content, 141, 'c')).toEqual({ Categories: { Category: ['red'] } });
    expect(renderFlags(content, 141, 'rfc')).toEqual({ Read: true, Flag: {}, Categories: { Category: ['red'] } });
    expect(renderFlags(content, 141, undefined)).toEqual(renderFlags(content, 141, 'rfc'));
    expect(renderFlags(content, 121, undefined)).toEqual({ Read: true, Flag: {} });
  });
});
