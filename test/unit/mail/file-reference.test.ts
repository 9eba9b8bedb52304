import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileReference, messageBlobs, parseFileReference } from '../../../lib/mail/file-reference.ts';
import type { FolderId, ItemId, MailboxId } from '../../../lib/ops/ids.ts';

const BLOB = '0123456789abcdef0123456789abcdef';
const MAILBOX = 'box' as MailboxId;

describe('a file reference', () => {
  test('names folder, item, place and blob', () => {
    const reference = fileReference(
      'inbox' as FolderId,
      '01ABC' as ItemId,
      3,
      messageBlobs.attachment(MAILBOX, BLOB, 3),
    );
    expect(reference).toBe(`inbox:01ABC:3:${BLOB}`);
    expect(parseFileReference(reference)).toEqual({ folder: 'inbox', item: '01ABC', n: 3, blobId: BLOB });
  });

  test.each([
    '',
    'inbox',
    `inbox:01ABC:${BLOB}`,
    `inbox:01ABC:x:${BLOB}`,
    `inbox:01ABC:10000:${BLOB}`,
    `inbox:01ABC:-1:${BLOB}`,
    `inbox:01-ABC:1:${BLOB}`,
    `:01ABC:1:${BLOB}`,
    `inbox::1:${BLOB}`,
    `inbox:01ABC:1:${BLOB}0`,
    `inbox:01ABC:1:${BLOB.slice(1)}`,
    `inbox:01ABC:1:${BLOB.toUpperCase()}`,
    `inbox:01ABC:1:../${BLOB.slice(3)}`,
    `inbox:01ABC:1:${BLOB}\n`,
    `${'f'.repeat(65)}:01ABC:1:${BLOB}`,
    `inbox:${'0'.repeat(65)}:1:${BLOB}`,
  ])('that this server did not make is none: %j', (text) => {
    expect(parseFileReference(text)).toBeUndefined();
  });

  test('is read as it was made, of any blob of a message', () => {
    const folder = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
    const item = fc.stringMatching(/^[0-9A-Z]{1,64}$/);
    fc.assert(
      fc.property(folder, item, fc.nat(9999), (f, i, n) => {
        const blob = messageBlobs.attachment(MAILBOX, BLOB, n);
        const parsed = parseFileReference(fileReference(f as FolderId, i as ItemId, n, blob));
        expect(parsed).toEqual({ folder: f, item: i, n, blobId: BLOB });
        expect(messageBlobs.attachment(MAILBOX, parsed!.blobId, parsed!.n)).toBe(blob);
      }),
    );
  });
});
