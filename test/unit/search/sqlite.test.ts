import { existsSync } from 'node:fs';
import { readdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FolderId, MailboxId } from '../../../lib/ops/ids.ts';
import { ulidFor } from '../../../lib/ops/ids.ts';
import { SqliteSearchIndex } from '../../../lib/search/sqlite/index.ts';
import type { IndexedItem } from '../../../lib/search/types.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { temporaryFolder } from '../../support/stores.ts';

const BOX = 'box' as MailboxId;
const INBOX = 'inbox' as FolderId;
const item = (n: number, body: readonly string[], ms = 1_768_000_000_000): IndexedItem => ({
  folder: INBOX,
  item: ulidFor(ms, `${n}`),
  class: 'Email',
  conversation: 'aa',
  attachments: false,
  words: { subject: [], sender: [], recipients: [], body, files: [] },
});
const word = (...words: string[]) => [{ any: [{ words, prefix: false }] }];

async function opened(dir?: string) {
  const folder = dir ?? (await temporaryFolder());
  const index = new SqliteSearchIndex({ dir: folder, open: 2 });
  onTestFinished(() => index.close());
  return { folder, index };
}
const fill = async (index: SqliteSearchIndex, ...put: IndexedItem[]) => {
  await index.reset(BOX, 'i');
  await index.apply(BOX, INBOX, { from: undefined, to: { seq: 1, n: 0 }, put, remove: [] });
};

describe('index files', () => {
  it('know the places of words: a phrase is found as it stands only', async () => {
    const { index } = await opened();
    await fill(index, item(1, ['noon', 'at']), item(2, ['at', 'noon']));
    const { hits } = await index.search(BOX, { clauses: word('at', 'noon') }, 10);
    expect(hits.map((hit) => hit.item)).toEqual([item(2, []).item]);
  });

  it('find all messages of one millisecond', async () => {
    const { index } = await opened();
    await fill(index, ...Array.from({ length: 300 }, (_, n) => item(n, ['same'])));
    expect((await index.search(BOX, { clauses: word('same') }, 1000)).hits).toHaveLength(300);
  });

  it('take dates of any century', async () => {
    const { index } = await opened();
    await fill(index, item(1, ['old'], 0), item(2, ['old'], 8_000_000_000_000));
    const { hits } = await index.search(BOX, { clauses: word('old') }, 10);
    expect(hits.map((hit) => hit.item)).toEqual([item(2, [], 8_000_000_000_000).item, item(1, [], 0).item]);
  });

  it('are there again after a restart, one for each mailbox that was searched', async () => {
    const { folder, index } = await opened();
    await fill(index, item(1, ['kept']));
    await index.marks('other' as MailboxId);
    await index.close();
    const { index: again } = await opened(folder);
    expect((await again.search(BOX, { clauses: word('kept') }, 10)).total).toBe(1);
    expect((await readdir(folder)).filter((name) => name.endsWith('.sqlite')).sort()).toEqual([
      'box.sqlite',
      'other.sqlite',
    ]);
  });

  it.each([
    [
      'is no database',
      (file: string) =>
        writeFile(file, 'something else altogether, long enough to be read as a header of a file'.repeat(20)),
    ],
    ['was cut off', (file: string) => truncate(file, 5000)],
  ])('are made anew where a file %s', async (_, spoil) => {
    const { folder, index } = await opened();
    await fill(index, item(1, ['lost']));
    await index.close();
    const file = path.join(folder, 'box.sqlite');
    expect(existsSync(file)).toBe(true);
    await spoil(file);
    const { index: again } = await opened(folder);
    // The first use may find it out; the next finds an empty index, which is then filled from the mailbox.
    await again.marks(BOX).catch((error: unknown) => expect(error).toBeInstanceOf(StoreUnavailable));
    expect(await again.marks(BOX)).toBeUndefined();
    await fill(again, item(2, ['found']));
    expect((await again.search(BOX, { clauses: word('found') }, 10)).total).toBe(1);
  });

  it('never leave their folder', async () => {
    const { index } = await opened();
    await expect(index.marks('../../etc/passwd' as MailboxId)).rejects.toThrow(TypeError);
  });
});
