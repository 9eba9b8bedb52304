/** Processes that share one data folder: real ones. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { FeedRecord } from '../../../../lib/store/ports.ts';
import { openTestStore } from '../../../support/stores.ts';

const CHILD = fileURLToPath(new URL('../../../support/store-child.ts', import.meta.url));

function child(dir: string, ...args: string[]): ChildProcessWithoutNullStreams {
  const started = spawn(process.execPath, [CHILD, dir, ...args]);
  started.stderr.on('data', (chunk) => process.stderr.write(chunk));
  onTestFinished(() => void started.kill('SIGKILL'));
  return started;
}

/** Opens a store that would look for others' commits once an hour only, so that what arrives was rung for. */
const openStore = (dir?: string) => openTestStore('sqlite', { lookMs: 3_600_000, busyTimeoutMs: 5000, dir });

function nextRecords(store: Awaited<ReturnType<typeof openStore>>, enough: (all: readonly FeedRecord[]) => boolean) {
  return new Promise<readonly FeedRecord[]>((resolve) => {
    const all: FeedRecord[] = [];
    store.feed.subscribe((records) => {
      all.push(...records);
      if (enough(all)) resolve(all);
    });
  });
}

const seqs = (records: readonly FeedRecord[]) => records.map(({ row }) => row?.seq);

it('hears of every commit of another process, in order, though that process ends at once', async () => {
  const store = await openStore();
  const heard = nextRecords(store, (all) => all.at(-1)?.row?.seq === 50);
  await once(child(store.dir, 'write', '50'), 'exit');
  expect(seqs(await heard)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
});

it('is heard by another process, and each own commit once', async () => {
  const store = await openStore();
  const follower = child(store.dir, 'follow');
  const lines = createInterface({ input: follower.stdout })[Symbol.asyncIterator]();
  expect(JSON.parse(String((await lines.next()).value))).toBe('ready');
  const own: unknown[] = [];
  store.feed.subscribe((records) => own.push(...seqs(records)));
  for (let seq = 1; seq <= 3; seq++) {
    await store.table.transact([{ op: 'put', table: 'mailboxes', row: { pk: 'U#a', sk: 'STATE', seq } }]);
    expect(JSON.parse(String((await lines.next()).value))).toEqual({ pk: 'U#a', sk: 'STATE', seq });
  }
  expect(own).toEqual([1, 2, 3]);
  follower.stdin.end();
  await once(follower, 'exit');
});

it('keeps the order of own commits and those of another process', async () => {
  const store = await openStore();
  let last = 0;
  const heard = nextRecords(store, (all) => all.filter(({ pk }) => pk === 'U#child').length === 100);
  const writer = once(child(store.dir, 'write', '100'), 'exit');
  let done = false;
  void writer.then(() => {
    done = true;
  });
  while (!done) {
    await store.table.transact([{ op: 'put', table: 'mailboxes', row: { pk: 'U#own', sk: 'F#1', seq: ++last } }]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const all = await heard;
  expect(seqs(all.filter(({ pk }) => pk === 'U#child'))).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  const own = seqs(all.filter(({ pk }) => pk === 'U#own'));
  expect(own).toEqual(Array.from({ length: own.length }, (_, n) => n + 1));
});

it('removes the socket of a process that was killed', async () => {
  const store = await openStore();
  const follower = child(store.dir, 'follow');
  await once(follower.stdout, 'data');
  const sockets = () => readdirSync(join(store.dir, 'run'));
  expect(sockets()).toHaveLength(1);
  follower.kill('SIGKILL');
  await once(follower, 'exit');
  expect(sockets()).toHaveLength(1);
  await store.table.transact([{ op: 'put', table: 'mailboxes', row: { pk: 'U#a', sk: 'STATE' } }]);
  await store.close();
  expect(sockets()).toHaveLength(0);
});

it('makes no socket where nobody listens, and removes its own', async () => {
  const store = await openStore();
  await store.table.transact([{ op: 'put', table: 'mailboxes', row: { pk: 'U#a', sk: 'STATE' } }]);
  expect(existsSync(join(store.dir, 'run'))).toBe(false);
  const heard = nextRecords(store, (all) => all.length === 1);
  await once(child(store.dir, 'write'), 'exit');
  await heard;
  await store.close();
  expect(readdirSync(join(store.dir, 'run'))).toHaveLength(0);
});

it('loses no count of three processes that count at once', async () => {
  const store = await openStore();
  const others = [child(store.dir, 'count', '100'), child(store.dir, 'count', '100')];
  const ends = others.map((other) => once(other, 'exit'));
  const key = { table: 'devices', pk: 'shared', sk: 'count' } as const;
  for (let n = 0; n < 100; n++) await store.table.transact([{ op: 'update', key, add: { n: 1 } }]);
  expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 0]);
  expect((await store.table.get(key))?.n).toBe(300);
});

it('opens a new folder in several processes at once', async () => {
  const store = await openStore();
  const { dir } = await openTestStore('sqlite', { dir: join(store.dir, 'new') });
  const results = await Promise.all(Array.from({ length: 3 }, () => once(child(join(dir, 'fresh'), 'write'), 'exit')));
  expect(results.map(([code]) => code)).toEqual([0, 0, 0]);
});

it('keeps what was acknowledged when the process is killed', async () => {
  const store = await openStore();
  const heard = nextRecords(store, (all) => all.length >= 20);
  const writer = child(store.dir, 'write', '100000');
  const records = await heard;
  writer.kill('SIGKILL');
  await once(writer, 'exit');
  const row = await store.table.get({ table: 'mailboxes', pk: 'U#child', sk: 'F#1' });
  expect(row?.seq).toBeGreaterThanOrEqual(Number(records.at(-1)?.row?.seq));
  await store.close();
  const again = await openStore(store.dir);
  expect(await again.table.get({ table: 'mailboxes', pk: 'U#child', sk: 'F#1' })).toEqual(row);
});
