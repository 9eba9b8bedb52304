import { describe, expect, test } from 'vitest';
import { draftAnswer } from '../../../lib/mail/draft-answer.ts';
import { parseFileReference } from '../../../lib/mail/file-reference.ts';
import type { StoredAttachment } from '../../../lib/mail/types.ts';
import type { FolderId, ItemId } from '../../../lib/ops/ids.ts';
import { emailContent } from '../../support/mailboxes.ts';

const BLOB = '0123456789abcdef0123456789abcdef';
const file = (n: number, clientId?: string): StoredAttachment => ({
  n,
  name: `${n}.txt`,
  contentType: 'text/plain',
  size: 10 + n,
  method: 1,
  inline: false,
  blob: `box/${BLOB}/a${n}`,
  ...(clientId !== undefined && { clientId }),
});
const draft = (...attachments: readonly StoredAttachment[]) => ({
  folder: 'drafts' as FolderId,
  id: '01ABC' as ItemId,
  content: emailContent('draft', { attachments, conversationIndex: `01${'ab'.repeat(5)}${'cd'.repeat(16)}` }),
});

describe('what is told of a draft', () => {
  test('that is new: its thread [MS-ASEMAIL R1184 R1190]', () => {
    const answer = draftAnswer(draft(), new Set(), 'Add')!;
    expect(Buffer.from(answer.ConversationId!).toString('hex')).toBe('00112233445566778899aabbccddeeff');
    expect(Buffer.from(answer.ConversationIndex!).toString('hex')).toBe('ab'.repeat(5));
    expect(answer.Attachments).toBeUndefined();
  });

  test('that was changed: nothing, unless files came with the change', () => {
    expect(draftAnswer(draft(), new Set(), 'Change')).toBeUndefined();
    expect(draftAnswer(draft(file(0, 'old')), new Set(['other']), 'Change')).toBeUndefined();
  });

  test('are the references of the files that came now, by the names that the client gave them [MS-ASAIRS R1336]', () => {
    const item = draft(file(0), file(1, 'before'), file(2, 'now'), file(3, 'too'));
    const answer = draftAnswer(item, new Set(['now', 'too', 'refused']), 'Change')!;
    expect(answer).toEqual({
      Attachments: {
        Attachment: [
          {
            DisplayName: '2.txt',
            FileReference: `drafts:01ABC:2:${BLOB}`,
            ClientId: 'now',
            Method: 1,
            EstimatedDataSize: 12,
          },
          {
            DisplayName: '3.txt',
            FileReference: `drafts:01ABC:3:${BLOB}`,
            ClientId: 'too',
            Method: 1,
            EstimatedDataSize: 13,
          },
        ],
      },
    });
    for (const { FileReference } of answer.Attachments!.Attachment as { FileReference: string }[]) {
      expect(parseFileReference(FileReference)).toMatchObject({ folder: 'drafts', item: '01ABC', blobId: BLOB });
    }
  });

  test('that is new and has files: both', () => {
    const answer = draftAnswer(draft(file(0, 'now')), new Set(['now']), 'Add')!;
    expect(Object.keys(answer)).toEqual(['Attachments', 'ConversationId', 'ConversationIndex']);
  });
});
