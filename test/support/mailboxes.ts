/** Mailboxes over a real store, and mail to put into them. */

import type { EmailContent } from '../../lib/mail/types.ts';
import { TableMailboxes } from '../../lib/mailbox/mailboxes.ts';
import type { Mailbox, NewItem } from '../../lib/mailbox/types.ts';
import { type FolderId, type ItemId, type MailboxId, ulidFor } from '../../lib/ops/ids.ts';
import type { Table } from '../../lib/store/ports.ts';
import { FakeClock } from './fake-clock.ts';
import { openTestStore, type StoreKind, type TestStore } from './stores.ts';

export const INBOX = 'inbox' as FolderId;
export const TRASH = 'trash' as FolderId;
export const ALICE = 'alice' as MailboxId;

export interface TestMailbox {
  readonly store: TestStore;
  readonly clock: FakeClock;
  readonly mailboxes: TableMailboxes;
  readonly mailbox: Mailbox;
}

/** Retries do not wait for a clock, but something can happen between them. */
export const oneTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A new mailbox; `wrap` puts something between it and its table. */
export async function openTestMailbox(
  options: { readonly kind?: StoreKind; readonly wrap?: (table: Table) => Table } = {},
): Promise<TestMailbox> {
  const clock = new FakeClock();
  // The store's own clock stands still: moving on by months would run its sweeps ten thousand times.
  const store = await openTestStore(options.kind ?? 'sqlite', { clock: new FakeClock() });
  const table = options.wrap ? options.wrap(store.table) : store.table;
  const mailboxes = new TableMailboxes({ table, blobs: store.blobs, clock, pause: oneTurn });
  const mailbox = await mailboxes.create(ALICE);
  return { store, clock, mailboxes, mailbox };
}

/** A short message; `key` names it. */
export function emailContent(key: string, over: Partial<EmailContent> = {}): EmailContent {
  return {
    received: Date.UTC(2026, 0, 15, 10),
    from: '"Bob" <bob@example.com>',
    to: '"Alice" <alice@example.com>',
    cc: '',
    replyTo: '',
    displayTo: 'Alice',
    subject: `Subject ${key}`,
    threadTopic: `Subject ${key}`,
    importance: 1,
    messageClass: 'IPM.Note',
    messageId: `<${key}@example.com>`,
    conversationId: '00112233445566778899aabbccddeeff',
    conversationIndex: '01d0',
    read: false,
    nativeBody: 1,
    text: { size: 5, prefix: 'Hello' },
    mime: { blob: `alice/${key}/mime`, size: 100 },
    attachments: [],
    ...over,
  };
}

export function email(key: string, over: Partial<EmailContent> = {}): NewItem {
  const content = emailContent(key, over);
  return { id: ulidFor(content.received, key), class: 'Email', content };
}

export const idOf = (key: string, over: Partial<EmailContent> = {}): ItemId => email(key, over).id;
