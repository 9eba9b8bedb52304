import { describe, expect, test } from 'vitest';
import { emailClass, renderOptions } from '../../../../lib/commands/sync/email.ts';
import { Email } from '../../../../lib/documents/items/email.ts';
import type { EmailContent } from '../../../../lib/mail/types.ts';
import { DEFAULT_OPTIONS } from '../../../../lib/sync/options.ts';
import { decodeElement } from '../../../../lib/wbxml/index.ts';
import { email } from '../../../support/mailboxes.ts';
import { elementOf } from '../../../support/sync-phone.ts';

const options = { ...DEFAULT_OPTIONS, bodyPreferences: [{ Type: 1 }] };
const VIEW = { version: 161, options } as const;

describe('mail by Sync', () => {
  test.each<[string, Partial<EmailContent>]>([
    ['in its row', { text: { size: 9, prefix: 'All of it' } }],
    ['in a blob', { text: { size: 9, prefix: 'All', blob: 'key' } }],
  ])('is rendered with its text, which is %s', async (_, over) => {
    const item = { ...email('a', over), folder: 'inbox', seq: 1, addedSeq: 1, addedAt: 0 } as never;
    const blobs = { get: async (key: string) => (key === 'key' ? Buffer.from('All of it') : undefined) };
    const told = decodeElement(Email, elementOf(await emailClass(blobs).render(item, VIEW)), 161);
    expect(told).toMatchObject({ Subject: 'Subject a', Body: { Type: 1, Data: 'All of it' } });
  });

  test('is written by clients only where there is something to write drafts with', () => {
    const blobs = { get: async () => undefined };
    for (const name of ['create', 'edit', 'send', 'confirm']) {
      expect(emailClass(blobs)).not.toHaveProperty(name);
      expect(emailClass(blobs, {} as never)).toHaveProperty(name);
    }
  });

  test.each([
    [{ ...VIEW }, { withoutPreference: 'size', atMost: undefined, partAtMost: Number.POSITIVE_INFINITY }],
    [{ ...VIEW, whole: true }, { withoutPreference: 'whole' }],
    [
      { ...VIEW, atMost: 7 },
      { atMost: 7, partAtMost: 7 },
    ],
    [
      { ...VIEW, beyond: true, atMost: 7 },
      { atMost: 0, partAtMost: 7 },
    ],
    [
      { ...VIEW, beyond: true },
      { atMost: 0, partAtMost: Number.POSITIVE_INFINITY },
    ],
  ] as const)('has as much of a body as the view %# lets it have', (view, expected) => {
    expect(renderOptions(view)).toMatchObject({ version: 161, bodyPreferences: [{ Type: 1 }], ...expected });
  });
});
