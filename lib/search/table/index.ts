import { type FolderId, type MailboxId, randomToken } from '../../ops/ids.ts';
import { ConditionFailed, type Key, type Table, TRANSACTION_LIMIT, type Write } from '../../store/ports.ts';
import { keys, SEARCH_BUCKETS, SEARCH_HEADS, searchPartition } from '../../store/schema.ts';
import { sameMark } from '../marks.ts';
import type { Hits, Mark, Marks, SearchIndex, SearchQuery, Step } from '../types.ts';
import { bucketsOf } from './postings.ts';
import { headOf, headRow, itemsRow, type MarksRow, marksOf } from './rows.ts';
import { searchTable } from './search.ts';

/** Writes of one transaction, which takes 4 MB at most; a bucket has a few kilobytes. */
const WRITES = 50;

/**
 * An inverted index in the tables of a store: what can be searched without a machine that keeps it. Words are written
 * by the hundred messages, see docs/decisions/search.md for what that costs.
 */
export class TableSearchIndex implements SearchIndex {
  readonly batch: number;
  readonly phrases = false;
  readonly #table: Table;

  /** @param batch items of a step, apart from what waited for a day. Default 100. @throws RangeError */
  constructor(table: Table, batch = 100) {
    if (!Number.isSafeInteger(batch) || batch < 1 || batch > 200) throw new RangeError('batch must be from 1 to 200');
    this.#table = table;
    this.batch = batch;
  }

  async marks(mailbox: MailboxId): Promise<Marks | undefined> {
    const row = await this.#marks(mailbox);
    return (
      row && { incarnation: row.incarnation, folders: new Map(Object.entries(row.folders)) as Map<FolderId, Mark> }
    );
  }

  async reset(mailbox: MailboxId, incarnation: string): Promise<void> {
    // The marks first: what is left of the rows when this ends early belongs to no incarnation.
    await this.#table.transact([{ op: 'delete', key: keys.searchMarks(mailbox) }]);
    await this.#clear(mailbox, '');
    const { pk, sk } = keys.searchMarks(mailbox);
    const row = { pk, sk, incarnation, folders: {}, steps: 0 };
    await this.#table.transact([{ op: 'put', table: 'devices', row }]);
  }

  async apply(mailbox: MailboxId, folder: FolderId, step: Step): Promise<boolean> {
    const before = await this.#marks(mailbox);
    if (!before || !sameMark(before.folders[folder], step.from)) return false;
    const n = before.steps + 1;
    // Another name for every try: words of one that never came to its end belong to no batch, and are never read as
    // those of the next.
    const batch = `${String(n).padStart(9, '0')}#${randomToken(6)}#${folder}`;
    await this.#words(mailbox, batch, step);
    const folders = { ...before.folders, [folder]: { ...step.to } };
    const put = (row: { pk: string; sk: string }): Write => ({ op: 'put', table: 'devices', row });
    const rows = step.put.length + step.remove.length === 0 ? [] : [put(headRow(mailbox, folder, batch, n, step))];
    if (step.put.length > 0) rows.push(put(itemsRow(mailbox, batch, step.put)));
    try {
      await this.#table.transact([
        {
          op: 'update',
          key: keys.searchMarks(mailbox),
          set: { folders: folders as unknown as Record<string, never>, steps: n },
          when: { equals: { steps: before.steps, incarnation: before.incarnation } },
        },
        ...rows,
      ]);
      return true;
    } catch (error) {
      if (error instanceof ConditionFailed) return false;
      throw error;
    }
  }

  async forget(mailbox: MailboxId, folder: FolderId): Promise<void> {
    const before = await this.#marks(mailbox);
    if (!before) return;
    const { [folder]: _gone, ...folders } = before.folders;
    const set = { folders: folders as unknown as Record<string, never>, steps: before.steps + 1 };
    const when = { equals: { steps: before.steps } };
    const rows = await this.#table.query({
      table: 'devices',
      pk: searchPartition(mailbox),
      prefix: SEARCH_HEADS,
      consistency: 'strong',
    });
    const batches = rows.map(headOf).filter((head) => head.folder === folder);
    await this.#table.transact([{ op: 'update', key: keys.searchMarks(mailbox), set, when }]);
    // The heads first: what has none is not found.
    await this.#delete(batches.map(({ batch }) => keys.searchHead(mailbox, batch)));
    await this.#delete(batches.map(({ batch }) => keys.searchItems(mailbox, batch)));
    await this.#clear(mailbox, SEARCH_BUCKETS, `#${folder}`);
  }

  search(mailbox: MailboxId, query: SearchQuery, limit: number): Promise<Hits> {
    return searchTable(this.#table, mailbox, query, limit);
  }

  async close(): Promise<void> {}

  async #marks(mailbox: MailboxId): Promise<MarksRow | undefined> {
    const row = await this.#table.get(keys.searchMarks(mailbox), 'strong');
    return row && marksOf(row);
  }

  async #words(mailbox: MailboxId, batch: string, { put }: Step): Promise<void> {
    const writes = [...bucketsOf(put)].map(([bucket, text]): Write => {
      const { pk, sk } = keys.searchBucket(mailbox, bucket, batch);
      return { op: 'put', table: 'devices', row: { pk, sk, text } };
    });
    for (let at = 0; at < writes.length; at += WRITES) await this.#table.transact(writes.slice(at, at + WRITES));
  }

  /** Deletes the rows of a prefix whose sort key ends so. */
  async #clear(mailbox: MailboxId, prefix: string, ending = ''): Promise<void> {
    let from = prefix || '!';
    for (;;) {
      const limit = 500;
      const rows = await this.#table.query({
        table: 'devices',
        pk: searchPartition(mailbox),
        from,
        ...(prefix && { prefix }),
        limit,
        consistency: 'strong',
      });
      await this.#delete(
        rows.filter(({ sk }) => sk.endsWith(ending)).map(({ pk, sk }) => ({ table: 'devices', pk, sk })),
      );
      if (rows.length < limit) return;
      from = `${rows.at(-1)!.sk}!`;
    }
  }

  async #delete(all: readonly Key[]): Promise<void> {
    for (let at = 0; at < all.length; at += TRANSACTION_LIMIT) {
      await this.#table.transact(all.slice(at, at + TRANSACTION_LIMIT).map((key) => ({ op: 'delete', key })));
    }
  }
}
