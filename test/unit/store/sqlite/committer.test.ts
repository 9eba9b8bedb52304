import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Write } from '../../../../lib/store/ports.ts';
import { Committer } from '../../../../lib/store/sqlite/committer.ts';
import { Database } from '../../../../lib/store/sqlite/database.ts';
import { RowCache } from '../../../../lib/store/sqlite/row-cache.ts';
import { temporaryFolder } from '../../../support/stores.ts';

const put = (sk: string, size = 1): Write => ({
  op: 'put',
  table: 'mailboxes',
  row: { pk: 'p', sk, text: 'x'.repeat(size) },
});

async function open() {
  const dir = await temporaryFolder();
  const database = new Database(join(dir, 'x.sqlite'), { busyTimeoutMs: 10, cacheKb: 1000 });
  const told: string[] = [];
  const committer = new Committer(
    database,
    new RowCache(database, 100),
    () => 0,
    (changes) => told.push(...changes.map(({ id, sk }) => `${id} ${sk}`)),
  );
  onTestFinished(async () => {
    database.close();
    await rm(dir, { recursive: true });
  });
  const rows = () =>
    database
      .sql('SELECT sk FROM mailboxes ORDER BY sk')
      .all()
      .map((row) => (row as unknown as [string])[0]);
  const outcome = (...writes: Write[]) =>
    committer.commit(writes).then(
      () => 'committed',
      (error: Error) => error.name,
    );
  return { database, committer, told, rows, outcome };
}

it('writes nothing on a full disk, for none of those that share the commit', async () => {
  const { database, told, rows, outcome } = await open();
  expect(await outcome(put('A'))).toBe('committed');
  const [pages] = database.sql('PRAGMA page_count').get() as unknown as [number];
  database.db.exec(`PRAGMA max_page_count = ${pages + 2}`);
  expect(await Promise.all([outcome(put('F#1')), outcome(put('B', 90_000), put('C', 90_000))])).toEqual([
    'StoreUnavailable',
    'StoreUnavailable',
  ]);
  expect(await outcome(put('D', 90_000))).toBe('StoreUnavailable');
  expect([rows(), told]).toEqual([['A'], []]);
  database.db.exec('PRAGMA max_page_count = 100000');
  expect(await outcome(put('E', 90_000))).toBe('committed');
  expect(rows()).toEqual(['A', 'E']);
});

it('numbers what the feed tells without gaps, whatever fails between', async () => {
  const { told, outcome } = await open();
  const refused: Write = { op: 'check', key: { table: 'devices', pk: 'p', sk: 'none' }, when: { row: 'present' } };
  await Promise.all([outcome(put('F#1')), outcome(put('F#2'), refused), outcome(put('F#3'))]);
  await outcome(put('F#4'), refused);
  await outcome({ op: 'delete', key: { table: 'mailboxes', pk: 'p', sk: 'F#none' } });
  await outcome(put('F#5'), put('STATE'));
  expect(told).toEqual(['1 F#1', '2 F#3', '3 F#5', '4 STATE']);
});

it('commits more transactions than one commit takes', async () => {
  const { rows, outcome } = await open();
  const all = await Promise.all(Array.from({ length: 300 }, (_, n) => outcome(put(`K${String(n).padStart(3, '0')}`))));
  expect(new Set(all)).toEqual(new Set(['committed']));
  expect(rows()).toHaveLength(300);
});
