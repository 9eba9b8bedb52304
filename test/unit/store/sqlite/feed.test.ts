import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's modules lacks it
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import type { Log, LogFields } from '../../../../lib/ops/log.ts';
import type { FeedRecord, Store, Write } from '../../../../lib/store/ports.ts';
import { bellFolder } from '../../../../lib/store/sqlite/bell.ts';
import { DATABASE_FILE } from '../../../../lib/store/sqlite/open.ts';
import { FakeClock, settle } from '../../../support/fake-clock.ts';
import { openTestStore } from '../../../support/stores.ts';

const head = (seq: number, sk = 'F#1'): Write => ({ op: 'put', table: 'mailboxes', row: { pk: 'U#a', sk, seq } });

function follow(store: Store): { readonly seqs: unknown[]; readonly calls: (readonly FeedRecord[])[] } {
  const seqs: unknown[] = [];
  const calls: (readonly FeedRecord[])[] = [];
  store.feed.subscribe((records) => {
    calls.push(records);
    seqs.push(...records.map(({ row }) => row?.seq));
  });
  return { seqs, calls };
}

/** A commit of a process that does not ring. */
function quietly(dir: string, ...seqs: number[]): void {
  const db = new DatabaseSync(join(dir, DATABASE_FILE));
  for (const seq of seqs) {
    db.prepare("INSERT INTO feed (pk, sk, at, body) VALUES ('U#a', 'F#1', 0, ?)").run(
      JSON.stringify({ pk: 'U#a', sk: 'F#1', seq }),
    );
  }
  db.close();
}

it('tells an own commit before its transaction resolves, without a look and without time', async () => {
  const clock = new FakeClock();
  const store = await openTestStore('sqlite', { clock });
  const { seqs } = follow(store);
  const seen = await store.table.transact([head(1)]).then(() => [...seqs]);
  expect(seen).toEqual([1]);
});

it('finds at the next look what nobody rang for', async () => {
  const clock = new FakeClock();
  const store = await openTestStore('sqlite', { clock, lookMs: 1000 });
  const { seqs } = follow(store);
  // Its own bell is up, after which it looks once.
  await settle();
  quietly(store.dir, 1, 2);
  await clock.advance(999);
  expect(seqs).toEqual([]);
  await clock.advance(1);
  expect(seqs).toEqual([1, 2]);
  await clock.advance(10_000);
  expect(seqs).toEqual([1, 2]);
});

it('finds it with an own commit too, and tells both in the order of the commits', async () => {
  const store = await openTestStore('sqlite', { clock: new FakeClock() });
  const { seqs } = follow(store);
  quietly(store.dir, 1, 2);
  await store.table.transact([head(3)]);
  await store.table.transact([head(4)]);
  expect(seqs).toEqual([1, 2, 3, 4]);
});

it('tells one who subscribes nothing of before, also after everyone had left', async () => {
  const store = await openTestStore('sqlite', { clock: new FakeClock() });
  await store.table.transact([head(1)]);
  const cancel = store.feed.subscribe(() => {});
  await store.table.transact([head(2)]);
  cancel();
  await store.table.transact([head(3)]);
  const { seqs } = follow(store);
  await store.table.transact([head(4)]);
  expect(seqs).toEqual([4]);
});

it('gives all heads of one commit together', async () => {
  const store = await openTestStore('sqlite');
  const { calls } = follow(store);
  await store.table.transact([head(1), head(1, 'F#2'), head(1, 'STATE')]);
  expect(calls.map((records) => records.map(({ sk }) => sk))).toEqual([['F#1', 'F#2', 'STATE']]);
});

it('reads a long backlog whole', async () => {
  const clock = new FakeClock();
  const store = await openTestStore('sqlite', { clock, lookMs: 1000 });
  const { seqs } = follow(store);
  const many = Array.from({ length: 1203 }, (_, n) => n);
  quietly(store.dir, ...many);
  await clock.advance(1000);
  expect(seqs).toEqual(many);
});

it('says so when rows were trimmed that it had not read', async () => {
  const warned: (readonly [string, LogFields | undefined])[] = [];
  const log: Log = { debug() {}, info() {}, error() {}, warn: (event, fields) => warned.push([event, fields]) };
  const clock = new FakeClock();
  const store = await openTestStore('sqlite', { clock, log, lookMs: 1000 });
  const { seqs } = follow(store);
  quietly(store.dir, 1, 2, 3);
  const db = new DatabaseSync(join(store.dir, DATABASE_FILE));
  db.exec('DELETE FROM feed WHERE id < 3');
  db.close();
  await clock.advance(1000);
  expect([seqs, warned]).toEqual([[3], [['feed.gap', { missed: 2 }]]]);
});

it('makes its sockets elsewhere where the path of the data folder is too long for one', async () => {
  expect(bellFolder('/data', '/tmp')).toBe('/data/run');
  const long = `/${'d'.repeat(80)}`;
  expect(bellFolder(long, '/tmp')).toMatch(/^\/tmp\/dp-[0-9a-f]{16}$/);
  expect(bellFolder(long, '/tmp')).not.toBe(bellFolder(`${long}x`, '/tmp'));

  const { dir } = await openTestStore('sqlite');
  const deep = join(dir, 'd'.repeat(60), 'e'.repeat(60));
  mkdirSync(deep, { recursive: true });
  // Two stores in one process are two processes to each other.
  const one = await openTestStore('sqlite', { dir: deep, lookMs: 3_600_000 });
  const two = await openTestStore('sqlite', { dir: deep, lookMs: 3_600_000 });
  const heard = new Promise((resolve) => one.feed.subscribe((records) => resolve(records[0]?.row?.seq)));
  await two.table.transact([head(7)]);
  expect(await heard).toBe(7);
});
