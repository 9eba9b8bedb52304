import { describe, expect, onTestFinished, test } from 'vitest';
import type { FolderId, ItemId } from '../../../lib/ops/ids.ts';
import { smsId, ulidFor } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { MailSearch } from '../../../lib/search/mail-search.ts';
import { SqliteSearchIndex } from '../../../lib/search/sqlite/index.ts';
import { TableSearchIndex } from '../../../lib/search/table/index.ts';
import type { SearchIndex } from '../../../lib/search/types.ts';
import { cutOff } from '../../../lib/sync/filter.ts';
import { countingTable } from '../../support/counting-table.ts';
import { email, emailContent, INBOX, openTestMailbox, TRASH } from '../../support/mailboxes.ts';
import { temporaryFolder } from '../../support/stores.ts';

const DAY = 86_400_000;
const THREADS = 60;
const conversation = (n: number) => n.toString(16).padStart(32, '0');
const ids = Array.from({ length: THREADS }, (_, n) => conversation(n));

/** Sixty conversations that began long ago and go on, and what else there is of them. */
async function world(inTables: boolean) {
  let rows = () => 0;
  const { store, clock, mailboxes, mailbox } = await openTestMailbox({
    wrap: (inner) => {
      const counting = countingTable(inner);
      ({ rows } = counting);
      return counting.table;
    },
  });
  const index: SearchIndex = inTables
    ? new TableSearchIndex(store.table, 50)
    : new SqliteSearchIndex({ dir: await temporaryFolder() });
  onTestFinished(() => index.close());
  const ask = index.search.bind(index);
  let questions = 0;
  index.search = (...given) => {
    questions++;
    return ask(...given);
  };
  const at = (days: number) => clock.now() - days * DAY;
  const old: ItemId[] = [];
  const put = async (folder: FolderId, key: string, n: number, received: number) => {
    const item = email(key, { conversationId: conversation(n), received });
    await mailbox.append(folder, [item]);
    return item.id;
  };
  for (let n = 0; n < THREADS; n++) {
    old.push(await put(INBOX, `old${n}`, n, at(20 + n)));
    await put(INBOX, `new${n}`, n, at(n / 100));
  }
  await put(TRASH, 'elsewhere', 1, at(30));
  await put(INBOX, 'other', THREADS, at(30));
  const text = emailContent('text', { conversationId: conversation(1), received: at(30) });
  await mailbox.append(INBOX, [{ id: smsId(ulidFor(text.received, 'text')), class: 'SMS', content: text }]);
  const search = new MailSearch({ index, mailboxes, blobs: store.blobs, clock, log: silentLog });
  const below = cutOff(1, clock.now());
  const threads = (conversations: readonly string[], limit = 500) =>
    search.threads(mailbox, { conversations, folder: INBOX, below, limit });
  const cost = async (run: () => Promise<unknown>) => {
    const before = [rows(), questions] as const;
    await run();
    return { rows: rows() - before[0], questions: questions - before[1] };
  };
  return { threads, cost, old, put, at };
}

describe.each([
  ['files', false],
  ['tables', true],
])('the mail of conversations below a cut-off, from an index in %s', (_, inTables) => {
  test('is that of one folder, of those conversations alone, the newest first', async () => {
    const { threads, old, put, at } = await world(inTables);
    expect(await threads(ids)).toEqual(old);
    expect(await threads(ids, 7)).toEqual(old.slice(0, 7));
    expect(await threads([conversation(3), conversation(1)])).toEqual([old[1], old[3]]);
    // Committed and not in the index yet, where that takes many at a time.
    const late = await put(INBOX, 'late', 5, at(19));
    expect(await threads([conversation(5), conversation(7)])).toEqual([late, old[5], old[7]]);
    expect(await threads([])).toEqual([]);
  });

  test('takes one question and reads the mailbox once, however many conversations there are', async () => {
    const { threads, cost } = await world(inTables);
    await threads(ids);
    const [one, all] = [await cost(() => threads(ids.slice(0, 1))), await cost(() => threads(ids))];
    expect(all).toEqual(one);
    expect(one.questions).toBe(1);
  });
});
