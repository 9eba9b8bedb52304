import { describe, expect, test } from 'vitest';
import { contentOf, INLINE } from '../../../lib/mail/content.ts';
import { fileReference, parseFileReference } from '../../../lib/mail/file-reference.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';
import { blobsOf } from '../../../lib/mailbox/blobs.ts';
import type { FolderId, ItemId, MailboxId } from '../../../lib/ops/ids.ts';

const place = { mailbox: 'alice' as MailboxId, item: '01ITEM' as ItemId };
const store = async (text: string, item = place.item) => {
  const raw = Buffer.from(text);
  return contentOf(await parseMessage(raw, { now: Date.UTC(2026, 0, 15) }), raw, { ...place, item });
};

describe('what is stored of a message', () => {
  test('keeps a small body in the row and only the raw message in a blob', async () => {
    const { content, blobs } = await store('Subject: s\r\n\r\nsmall');
    expect(content.text).toEqual({ size: 5, prefix: 'small' });
    expect(blobs.map(({ key }) => key)).toEqual([content.mime.blob]);
    expect(content).not.toHaveProperty('html');
    expect(Object.values(content)).not.toContain(undefined);
  });

  test('keeps the beginning of a large body in the row and all of it in a blob', async () => {
    const text = '€'.repeat(10_000);
    const { content, blobs } = await store(`Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`);
    expect(content.text.size).toBe(30_000);
    expect(content.text.prefix).toBe('€'.repeat(Math.floor(INLINE.textBytes / 3)));
    const blob = blobs.find(({ key }) => key === content.text.blob);
    expect(Buffer.from(blob!.bytes).toString()).toBe(text);
  });

  test('has a blob for everything that the row refers to, and no other', async () => {
    const part = (name: string) => `--x\r\nContent-Type: image/png; name=${name}\r\n\r\n${name}\r\n`;
    const html = `--x\r\nContent-Type: text/html\r\n\r\n<p>${'y'.repeat(20_000)}</p>\r\n`;
    const { content, blobs } = await store(
      `Content-Type: multipart/mixed; boundary=x\r\n\r\n${html}${part('a.png')}${part('b.png')}--x--`,
    );
    expect(blobs.map(({ key }) => key).sort()).toEqual(blobsOf(content).sort());
    expect(blobs).toHaveLength(5);
    expect(content.attachments.map(({ n, name }) => [n, name])).toEqual([
      [0, 'a.png'],
      [1, 'b.png'],
    ]);
  });

  test('shares no blob with another item of the same bytes, and repeats its own', async () => {
    const one = await store('same', '01A' as ItemId);
    const two = await store('same', '01B' as ItemId);
    const again = await store('same', '01A' as ItemId);
    expect(one.content.mime.blob).not.toBe(two.content.mime.blob);
    expect(again.blobs).toEqual(one.blobs);
  });
});

describe('a file reference', () => {
  const folder = 'inbox' as FolderId;
  const blob = `alice/${'0af'.repeat(10)}12/a3`;

  test('comes back as what it was made of', () => {
    const text = fileReference(folder, place.item, 3, blob);
    expect(parseFileReference(text)).toEqual({ folder, item: place.item, n: 3, blobId: blob.split('/')[1] });
  });

  test.each([
    '',
    'inbox:01ITEM:3',
    'a:b:c:d',
    `inbox:01ITEM:3:../../../etc/passwd`,
    `inbox:01ITEM:-1:${'0'.repeat(32)}`,
  ])('%j is none', (text) => {
    expect(parseFileReference(text)).toBeUndefined();
  });
});
