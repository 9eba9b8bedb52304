import { describe, expect, test } from 'vitest';
import { blobsOf, garbageWrites } from '../../../lib/mailbox/blobs.ts';
import type { MailboxContext } from '../../../lib/mailbox/context.ts';
import { TableMailboxes } from '../../../lib/mailbox/mailboxes.ts';
import type { Write } from '../../../lib/store/ports.ts';
import { ALICE, emailContent, INBOX, oneTurn, openTestMailbox } from '../../support/mailboxes.ts';

const HOUR = 3_600_000;

describe('blobs of an item', () => {
  test('are those of its message, of its bodies and of its files, each once', () => {
    const file = { n: 0, name: 'a', contentType: 'a/b', size: 1, method: 1 as const, inline: false, blob: 'file' };
    const content = emailContent('a', {
      mime: { blob: 'mime', size: 1 },
      text: { size: 9, prefix: 'x', blob: 'text' },
      html: { size: 9, prefix: 'x', blob: 'html' },
      attachments: [file, { ...file, n: 1 }],
    });
    expect(blobsOf(content).toSorted()).toEqual(['file', 'html', 'mime', 'text']);
    expect(blobsOf(emailContent('b'))).toEqual(['alice/b/mime']);
  });
});

describe('blobs that a change left behind', () => {
  const written = (count: number): readonly Write[] =>
    garbageWrites(
      { id: ALICE } as MailboxContext,
      INBOX,
      7,
      0,
      Array.from({ length: count }, (_, n) => `alice/${n}/a0`),
    );
  const sizes = (writes: readonly Write[]) =>
    writes.map((write) => (write.op === 'put' ? (write.row.blobs as string[]).length : -1));

  test.each([
    [0, []],
    [1, [1]],
    [2000, [2000]],
    [4001, [2000, 2000, 1]],
  ])('%i are remembered in rows of %j', (count, expected) => {
    expect(sizes(written(count))).toEqual(expected);
  });

  test('have rows of names of their own, all of which are found when their time has come', async () => {
    const { store, clock, mailbox } = await openTestMailbox();
    await store.table.transact(written(4001).map((write) => write));
    for (const n of [0, 1999, 2000, 4000]) await store.blobs.put(`alice/${n}/a0`, Buffer.from('x'));
    const mailboxes = new TableMailboxes({ table: store.table, blobs: store.blobs, clock, pause: oneTurn });
    // Written with the time 0, long ago.
    expect(await mailboxes.reap(mailbox.id)).toEqual({ rows: 3 });
    for (const n of [0, 1999, 2000, 4000]) expect(await store.blobs.get(`alice/${n}/a0`)).toBeUndefined();
    expect(await mailboxes.reap(mailbox.id)).toEqual({ rows: 0 });
  });

  test('of more than a page are looked through to the end, ripe ones behind others', async () => {
    const { store, clock, mailbox } = await openTestMailbox();
    const at = (seq: number) => (seq <= 60 ? clock.now() : clock.now() - HOUR);
    for (let seq = 1; seq <= 70; seq += 10) {
      const writes = Array.from({ length: 10 }, (_, n) =>
        garbageWrites({ id: ALICE } as MailboxContext, INBOX, seq + n, at(seq + n), [`alice/${seq + n}/a0`]),
      );
      await store.table.transact(writes.flat());
    }
    const mailboxes = new TableMailboxes({ table: store.table, blobs: store.blobs, clock, pause: oneTurn });
    expect(await mailboxes.reap(mailbox.id)).toEqual({ rows: 10 });
    await clock.advance(HOUR);
    expect(await mailboxes.reap(mailbox.id)).toEqual({ rows: 60 });
  });
});
