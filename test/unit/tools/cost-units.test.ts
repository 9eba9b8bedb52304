/** What the cost model takes for a mail and a flag, against what the product writes: units as DynamoDB counts them. */
import { describe, expect, it } from 'vitest';
import { contentOf } from '../../../lib/mail/content.ts';
import { parseMessage } from '../../../lib/mail/parse.ts';
import { FolderType, ROOT } from '../../../lib/mailbox/types.ts';
import { type ItemId, ulidFor } from '../../../lib/ops/ids.ts';
import type { Key, Row, Table, Write } from '../../../lib/store/ports.ts';
import { rowSize } from '../../../lib/store/rows.ts';
import { DAY } from '../../../tools/cost-model.ts';
import { ALICE, openTestMailbox } from '../../support/mailboxes.ts';

const kb = (row: Row | undefined) => Math.max(1, Math.ceil((row ? rowSize(row) : 0) / 1024));

/** Units of all writes through it: the larger of a row before and after, twice in a transaction. */
function metered(inner: Table) {
  let units = 0;
  const keyOf = (write: Write): Key =>
    write.op === 'put' ? { table: write.table, pk: write.row.pk, sk: write.row.sk } : write.key;
  const table: Table = {
    get: (...asked) => inner.get(...asked),
    batchGet: (...asked) => inner.batchGet(...asked),
    query: (asked) => inner.query(asked),
    async transact(writes) {
      const before = await inner.batchGet(writes.map(keyOf));
      await inner.transact(writes);
      const after = await inner.batchGet(writes.map(keyOf));
      const sizes = writes.map((_, n) => Math.max(kb(before[n]), kb(after[n])));
      units += sizes.reduce((sum, size) => sum + size, 0) * (writes.length > 1 ? 2 : 1);
    },
  };
  const take = () => {
    const taken = units;
    units = 0;
    return taken;
  };
  return { table, take };
}

/** As a newsletter or a bill comes: a text of some KB, and its HTML. */
const mail = Buffer.from(
  [
    'From: Shop <shop@sender.test>',
    'To: alice@acme.test',
    'Subject: Your order is on its way',
    'Message-ID: <1@sender.test>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/alternative; boundary=b',
    ...['', '--b', 'Content-Type: text/plain', '', 'Thank you for your order. '.repeat(150)],
    ...[
      '',
      '--b',
      'Content-Type: text/html',
      '',
      `<p>${'<b>Thank</b> you for your order. '.repeat(600)}</p>`,
      '--b--',
      '',
    ],
  ].join('\r\n'),
);

describe('units of the cost model', () => {
  it('a mail and a flag are what they are said to be, and the objects of a mail are counted', async () => {
    const item = ulidFor(1, 'mail') as ItemId;
    const meters: ReturnType<typeof metered>[] = [];
    const { mailbox } = await openTestMailbox({
      wrap: (table) => {
        meters.push(metered(table));
        return meters[0]!.table;
      },
    });
    const [meter] = meters;
    const { id: inbox } = await mailbox.createFolder({ name: 'Orders', parent: ROOT, type: FolderType.UserMail });
    meter!.take();
    const parsed = await parseMessage(mail, { now: Date.UTC(2026, 0, 3) });
    const { content, blobs } = contentOf(parsed, mail, { mailbox: ALICE, item });
    await mailbox.append(inbox, [{ id: item, class: 'Email', content }]);
    expect(Math.abs(meter!.take() - DAY.writesPerMail)).toBeLessThanOrEqual(2);
    // And the one that SES put.
    expect(blobs.length + 1).toBe(DAY.putsPerMail);
    await mailbox.update(inbox, item, (current) => ({ kind: 'flags', content: { ...current.content, read: true } }));
    expect(Math.abs(meter!.take() - DAY.writesPerFlag)).toBeLessThanOrEqual(2);
  });
});
