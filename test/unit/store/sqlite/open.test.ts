import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's modules lacks it
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../lib/ops/clock.ts';
import { silentLog } from '../../../../lib/ops/log.ts';
import type { Store, Write } from '../../../../lib/store/ports.ts';
import { FILE_VERSION } from '../../../../lib/store/sqlite/migrate.ts';
import { DATABASE_FILE, openSqliteStore } from '../../../../lib/store/sqlite/open.ts';
import { openTestStore } from '../../../support/stores.ts';

const put = (sk: string, size = 1): Write => ({
  op: 'put',
  table: 'devices',
  row: { pk: 'p', sk, text: 'x'.repeat(size) },
});
const names = async (store: Store) => (await store.table.query({ table: 'devices', pk: 'p' })).map(({ sk }) => sk);
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing',
    (error: Error) => error.name,
  );

describe('opening', () => {
  it('finds again what was there', async () => {
    const store = await openTestStore('sqlite');
    await store.table.transact([put('A')]);
    await store.close();
    await store.close();
    const again = await openTestStore('sqlite', { dir: store.dir });
    expect(await names(again)).toEqual(['A']);
  });

  it('keeps mail from other users of the machine', async () => {
    const { dir } = await openTestStore('sqlite');
    const nested = await openTestStore('sqlite', { dir: join(dir, 'a', 'b') });
    expect(statSync(nested.dir).mode & 0o077).toBe(0);
    expect(statSync(join(nested.dir, 'blobs')).mode & 0o077).toBe(0);
  });

  it('syncs every commit, and writes ahead', async () => {
    const store = await openTestStore('sqlite');
    await store.table.transact([put('A')]);
    const db = new DatabaseSync(join(store.dir, DATABASE_FILE));
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: FILE_VERSION });
    db.close();
  });

  it('refuses a file of a newer release, and says what to do', async () => {
    const store = await openTestStore('sqlite');
    await store.close();
    const db = new DatabaseSync(join(store.dir, DATABASE_FILE));
    db.exec(`PRAGMA user_version = ${FILE_VERSION + 1}`);
    db.close();
    await expect(openTestStore('sqlite', { dir: store.dir })).rejects.toThrow(/newer release .* install that release/);
  });

  it("refuses another program's database, and leaves it alone", async () => {
    const store = await openTestStore('sqlite');
    for (const setup of ['CREATE TABLE other (a)', 'PRAGMA application_id = 7', 'PRAGMA user_version = 1']) {
      const dir = join(store.dir, String(setup.length));
      mkdirSync(dir);
      const db = new DatabaseSync(join(dir, DATABASE_FILE));
      db.exec(setup);
      await expect(openTestStore('sqlite', { dir }), setup).rejects.toThrow('belongs to another program');
      expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'mailboxes'").get()).toEqual({ n: 0 });
      db.close();
    }
  });

  it('refuses what is no database', async () => {
    const store = await openTestStore('sqlite');
    await store.close();
    writeFileSync(join(store.dir, DATABASE_FILE), 'not a database at all'.repeat(100));
    await expect(openTestStore('sqlite', { dir: store.dir })).rejects.toThrow(/not a database/);
  });

  const options = ['busyTimeoutMs', 'cacheKb', 'rowsKb', 'lookMs', 'sweepMs'] as const;
  it.each(options)('takes no %s that is no number', async (name) => {
    const { dir } = await openTestStore('sqlite');
    const bad = { dir, clock: systemClock, log: silentLog, [name]: Number.NaN };
    await expect(openSqliteStore(bad)).rejects.toThrow(new RegExp(`${name} must be between`));
  });
});

describe('failures', () => {
  it('of a lock that another process keeps are conflicts, and pass', async () => {
    const store = await openTestStore('sqlite', { busyTimeoutMs: 10 });
    const other = new DatabaseSync(join(store.dir, DATABASE_FILE));
    other.exec('BEGIN IMMEDIATE');
    expect(await failure(store.table.transact([put('A')]))).toBe('StoreConflict');
    expect(await names(store)).toEqual([]);
    other.exec('COMMIT');
    await store.table.transact([put('A')]);
    other.close();
    expect(await names(store)).toEqual(['A']);
  });

  it('after closing say so, and close waits for what was asked before', async () => {
    const store = await openTestStore('sqlite');
    const last = store.table.transact([put('A')]);
    await store.close();
    await last;
    expect(await failure(store.table.get({ table: 'devices', pk: 'p', sk: 'A' }))).toBe('StoreUnavailable');
    expect(await failure(store.table.query({ table: 'devices', pk: 'p' }))).toBe('StoreUnavailable');
    expect(await failure(store.table.batchGet([{ table: 'devices', pk: 'p', sk: 'A' }]))).toBe('StoreUnavailable');
    expect(await failure(store.table.transact([put('B')]))).toBe('StoreUnavailable');
    const again = await openTestStore('sqlite', { dir: store.dir });
    expect(await names(again)).toEqual(['A']);
  });

  it('of a folder that cannot be written come from opening', async () => {
    const { dir } = await openTestStore('sqlite');
    const file = join(dir, 'file');
    writeFileSync(file, '');
    chmodSync(file, 0o400);
    await expect(openTestStore('sqlite', { dir: file })).rejects.toThrow();
  });
});

it('lets timers and sockets have their turn while transactions follow each other', async () => {
  const store = await openTestStore('sqlite');
  let turns = 0;
  let running = true;
  const count = () => {
    turns++;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  for (let n = 0; n < 200; n++) await store.table.transact([put('A')]);
  running = false;
  expect(turns).toBeGreaterThan(5);
});

it.each([false, true])(
  'shares one commit among transactions that are asked for together (gather: %s)',
  async (gather) => {
    const store = await openTestStore('sqlite', { gather });
    const before = frames(store);
    for (let n = 0; n < 20; n++) await store.table.transact([put(`A${n}`)]);
    const alone = frames(store) - before;
    await Promise.all(Array.from({ length: 20 }, (_, n) => store.table.transact([put(`B${n}`)])));
    expect(frames(store) - before - alone).toBeLessThan(alone / 2);
  },
);

it('gathers what the events of one turn ask for', async () => {
  const size = async (gather: boolean) => {
    const store = await openTestStore('sqlite', { gather });
    const before = frames(store);
    // Each in an event of its own, as from connections of their own.
    const events = Array.from(
      { length: 20 },
      (_, n) =>
        new Promise<void>((resolve, reject) => {
          setTimeout(() => store.table.transact([put(`K${n}`)]).then(resolve, reject), 0);
        }),
    );
    await Promise.all(events);
    return frames(store) - before;
  };
  expect(await size(true)).toBeLessThan((await size(false)) / 2);
});

/** Size of the write-ahead log: a commit writes each page that it changed once. */
const frames = (store: { readonly dir: string }) => statSync(join(store.dir, `${DATABASE_FILE}-wal`)).size;
