import { join } from 'node:path';
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's modules lacks it
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import type { TableName } from '../../../../lib/store/ports.ts';
import { DATABASE_FILE } from '../../../../lib/store/sqlite/open.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { openTestStore, type TestStore } from '../../../support/stores.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const S = NOW / 1000;

const left = async (store: TestStore, table: TableName = 'devices') =>
  (await store.table.query({ table, pk: 'p' })).map(({ sk }) => sk);

it('deletes what has expired, in every table, and nothing else', async () => {
  const clock = new FakeClock(NOW);
  const store = await openTestStore('sqlite', { clock, sweepMs: 60_000 });
  for (const table of ['mailboxes', 'devices', 'directory'] as const) {
    await store.table.transact([
      { op: 'put', table, row: { pk: 'p', sk: 'expired', ttl: S - 1 } },
      { op: 'put', table, row: { pk: 'p', sk: 'soon', ttl: S + 59 } },
      { op: 'put', table, row: { pk: 'p', sk: 'later', ttl: S + 61 } },
      { op: 'put', table, row: { pk: 'p', sk: 'never' } },
    ]);
    expect(await left(store, table)).toEqual(['expired', 'later', 'never', 'soon']);
  }
  await clock.advance(60_000);
  for (const table of ['mailboxes', 'devices', 'directory'] as const) {
    expect(await left(store, table)).toEqual(['later', 'never']);
  }
});

it('follows a time that was changed or removed', async () => {
  const clock = new FakeClock(NOW);
  const store = await openTestStore('sqlite', { clock, sweepMs: 60_000 });
  for (const sk of ['prolonged', 'kept', 'shortened']) {
    await store.table.transact([{ op: 'put', table: 'devices', row: { pk: 'p', sk, ttl: S + 10 } }]);
  }
  const key = (sk: string) => ({ table: 'devices', pk: 'p', sk }) as const;
  await store.table.transact([
    { op: 'update', key: key('prolonged'), set: { ttl: S + 1000 } },
    { op: 'update', key: key('kept'), remove: ['ttl'] },
    { op: 'update', key: key('shortened'), set: { ttl: S - 1000 } },
  ]);
  await clock.advance(60_000);
  expect(await left(store)).toEqual(['kept', 'prolonged']);
});

it('takes many rows in pages, with pauses between', async () => {
  const clock = new FakeClock(NOW);
  const store = await openTestStore('sqlite', { clock, sweepMs: 60_000 });
  for (let start = 0; start < 500; start += 100) {
    await store.table.transact(
      Array.from({ length: 100 }, (_, n) => ({
        op: 'put' as const,
        table: 'devices' as const,
        row: { pk: 'p', sk: `K${start + n}`, ttl: S - 5 },
      })),
    );
  }
  await clock.advance(60_000);
  expect((await left(store)).length).toBe(300);
  await clock.advance(1000);
  expect(await left(store)).toEqual([]);
});

it('trims the feed, but not what a process may still have to read', async () => {
  const clock = new FakeClock(NOW);
  const store = await openTestStore('sqlite', { clock, sweepMs: 60_000 });
  const head = { op: 'put', table: 'mailboxes', row: { pk: 'p', sk: 'F#1' } } as const;
  await store.table.transact([head]);
  await clock.advance(500_000);
  await store.table.transact([head]);
  await clock.advance(160_000);
  const db = new DatabaseSync(join(store.dir, DATABASE_FILE));
  expect(db.prepare('SELECT id FROM feed').all()).toEqual([{ id: 2 }]);
  db.close();
});
