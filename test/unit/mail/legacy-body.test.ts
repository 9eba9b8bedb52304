import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Email } from '../../../lib/documents/items/email.ts';
import { BlobMissing } from '../../../lib/mail/body.ts';
import type { BodyOptions } from '../../../lib/mail/body-choice.ts';
import { type EmailApplicationData, renderEmail } from '../../../lib/mail/render.ts';
import type { EmailContent } from '../../../lib/mail/types.ts';
import type { FolderId, ItemId } from '../../../lib/ops/ids.ts';
import { encodeFragment, toXml } from '../../../lib/wbxml/index.ts';
import { anyCharacter } from '../../support/arbitraries.ts';
import { emailContent } from '../../support/mailboxes.ts';

const place = { id: '01ITEM' as ItemId, folder: 'inbox' as FolderId };
const MIME = 'Subject: Hi\r\n\r\nA message of its own.\r\n';
const PREFIX = 4096;

/** A row as the store keeps it: a long text is a beginning, and a blob that has all of it. */
function stored(text: string, over: Partial<EmailContent> = {}) {
  const bytes = Buffer.from(text);
  const files = new Map([
    ['text', bytes],
    ['mime', Buffer.from(MIME)],
  ]);
  const long = bytes.length > PREFIX;
  const content = emailContent('a', {
    text: { size: bytes.length, prefix: long ? text.slice(0, PREFIX / 4) : text, ...(long && { blob: 'text' }) },
    mime: { blob: 'mime', size: MIME.length },
    ...over,
  });
  const get = async (key: string, range?: { readonly start: number; readonly end?: number }) =>
    files.get(key)?.subarray(range?.start, range?.end);
  return { content, blobs: { get } };
}

async function render(
  { content, blobs }: ReturnType<typeof stored>,
  options: BodyOptions = {},
): Promise<EmailApplicationData> {
  return await renderEmail({ ...place, content }, { version: 25, ...options }, blobs);
}
const bodyOf = ({ LegacyBody, BodySize, BodyTruncated }: EmailApplicationData) => ({
  LegacyBody,
  BodySize,
  BodyTruncated,
});

describe('the body of 2.5', () => {
  test.each([
    [0, 0],
    [1, 512],
    [2, 1_024],
    [3, 2_048],
    [4, 5_120],
    [5, 10_240],
    [6, 20_480],
    [7, 51_200],
    [8, 102_400],
  ])('of Truncation %i has %i characters, and says that there is more', async (truncation, characters) => {
    const longer = stored('a'.repeat(characters + 1));
    expect(bodyOf(await render(longer, { truncation }))).toEqual({
      LegacyBody: characters === 0 ? undefined : 'a'.repeat(characters),
      BodySize: characters + 1,
      BodyTruncated: true,
    });
    const fits = await render(stored('b'.repeat(characters)), { truncation });
    expect(fits).toMatchObject({ BodyTruncated: false, BodySize: undefined });
    expect(fits.LegacyBody ?? '').toBe('b'.repeat(characters));
  });

  test.each([[{ truncation: 9 }], [{}]])('is whole with %j', async (options) => {
    const text = 'Grüße '.repeat(40_000);
    expect(bodyOf(await render(stored(text), options))).toEqual({ LegacyBody: text, BodyTruncated: false });
  });

  test('is cut by characters, whatever they are as bytes, and never inside of one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyCharacter, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        async (characters, truncation) => {
          const text = characters.join('').replaceAll('\0', '').repeat(100);
          const limit = [0, 512, 1024, 2048][truncation]!;
          const { LegacyBody, BodyTruncated } = await render(stored(text), { truncation });
          expect(BodyTruncated).toBe(text.length > limit);
          expect(text.startsWith(LegacyBody ?? '')).toBe(true);
          expect(LegacyBody!.isWellFormed()).toBe(true);
          expect(LegacyBody!.length).toBeGreaterThanOrEqual(Math.min(text.length, limit - 1));
          expect(LegacyBody!.length).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('is whole where the client fetches the item, whatever was cut off before', async () => {
    const text = 'a'.repeat(9000);
    const options = { truncation: 0, withoutPreference: 'whole' } as const;
    expect(bodyOf(await render(stored(text), options))).toEqual({ LegacyBody: text, BodyTruncated: false });
  });

  test('is text also where the message was written in HTML', async () => {
    const html = { size: 11, prefix: '<b>Hello</b>' };
    const message = stored('Hello', { html, nativeBody: 2 });
    expect(await render(message)).toMatchObject({ LegacyBody: 'Hello', BodyTruncated: false });
  });

  test('takes no more bytes than an answer has room for', async () => {
    const { LegacyBody, BodyTruncated, BodySize } = await render(stored('a'.repeat(9000)), { atMost: 100 });
    expect([LegacyBody?.length, BodyTruncated, BodySize]).toEqual([100, true, 9000]);
  });

  test('rejects where a blob is gone', async () => {
    const { content } = stored('a'.repeat(9000));
    await expect(render({ content, blobs: { get: async () => undefined } })).rejects.toThrow(BlobMissing);
  });
});

describe('MIME in 2.5', () => {
  const smime = { messageClass: 'IPM.Note.SMIME.MultipartSigned' };
  test.each([
    ['of every message', 2, {}, true],
    ['of a signed message', 1, smime, true],
    ['not of an ordinary one', 1, {}, false],
    ['not of any', 0, smime, false],
  ])('is sent %s with MIMESupport %i', async (_, mimeSupport, over, sent) => {
    const data = await render(stored('Hello', over), { mimeSupport, mimeTruncation: 8 });
    if (sent) expect(data).toMatchObject({ MIMEData: MIME, MIMESize: MIME.length, MIMETruncated: false });
    else expect(data).toMatchObject({ LegacyBody: 'Hello', BodyTruncated: false });
    expect(Object.keys(data).includes(sent ? 'LegacyBody' : 'MIMEData')).toBe(false);
  });

  test('is not cut where the client states no MIMETruncation, and all of it is for 0', async () => {
    expect(await render(stored('x'), { mimeSupport: 2 })).toMatchObject({ MIMEData: MIME, MIMETruncated: false });
    const none = await render(stored('x'), { mimeSupport: 2, mimeTruncation: 0 });
    expect([none.MIMEData, none.MIMETruncated, none.MIMESize]).toEqual([undefined, true, MIME.length]);
    const fetched = await render(stored('x'), { mimeSupport: 2, mimeTruncation: 0, withoutPreference: 'whole' });
    expect(fetched).toMatchObject({ MIMEData: MIME, MIMETruncated: false });
  });
});

describe('a message of 2.5', () => {
  test('has attachments of its own kind, and nothing of later versions', async () => {
    const attachment = { n: 1, name: 'Report.pdf', contentType: 'application/pdf', size: 7, method: 1, inline: false };
    const message = stored('Hello', { attachments: [{ ...attachment, method: 1, blob: 'm/0123/a1' }] });
    const data = await render(message, { bodyPreferences: [{ Type: 2 }] });
    expect(data.LegacyAttachments).toEqual({
      Attachment: [{ AttMethod: 1, AttSize: 7, DisplayName: 'Report.pdf', AttName: 'inbox:01ITEM:1:0123' }],
    });
    const known = Object.entries(data).flatMap(([tag, value]) => (value === undefined ? [] : tag));
    expect(known).toEqual(expect.arrayContaining(['To', 'From', 'Subject', 'DateReceived', 'Importance', 'Read']));
    for (const tag of ['Body', 'Attachments', 'NativeBodyType', 'Flag', 'ContentClass', 'ConversationId']) {
      expect(known).not.toContain(tag);
    }
  });

  test('is written in the Email namespace alone', async () => {
    const fragment = encodeFragment(Email, await render(stored('Hello')), 25);
    const document = Buffer.concat([
      Buffer.of(0x03, 0x01, 0x6a, 0x00, 0x5d, 0x00, fragment.firstPage),
      fragment.bytes,
      Buffer.of(0x01),
    ]);
    expect(toXml(document)).not.toMatch(/AirSyncBase|Email2/);
    expect(toXml(document)).toMatch(/<Body [^>]*>Hello</);
  });
});
