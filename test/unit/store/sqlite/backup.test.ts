import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Row, Write } from '../../../../lib/store/ports.ts';
import { backup, restore } from '../../../../lib/store/sqlite/backup.ts';
import { openTestStore, type TestStore } from '../../../support/stores.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const state = (pk: string): Write => ({
  op: 'put',
  table: 'mailboxes',
  row: { pk, sk: 'STATE', incarnation: 'first', hierarchy: 5 },
});
const head = (pk: string, seq: number): Write => ({ op: 'put', table: 'mailboxes', row: { pk, sk: 'F#1', seq } });

async function filled(): Promise<TestStore> {
  const store = await openTestStore('sqlite');
  await store.table.transact([state('U#a'), head('U#a', 7), state('U#b')]);
  await store.table.transact([{ op: 'put', table: 'directory', row: { pk: 'A', sk: 'A', hash: new Uint8Array([1]) } }]);
  await store.blobs.put('a/1/raw', bytes('one'));
  await store.blobs.put('a/2/raw', bytes('two'));
  return store;
}

it('gives a running store back as it was, with new incarnations', async () => {
  const store = await filled();
  const target = join(store.dir, 'backup');
  expect(await backup(store.dir, target)).toMatchObject({ copied: 2, kept: 0 });
  await store.table.transact([head('U#a', 8)]);
  expect(await restore(target, join(store.dir, 'restored'))).toBe(2);

  const restored = await openTestStore('sqlite', { dir: join(store.dir, 'restored') });
  const [a, b] = await restored.table.batchGet([
    { table: 'mailboxes', pk: 'U#a', sk: 'STATE' },
    { table: 'mailboxes', pk: 'U#b', sk: 'STATE' },
  ]);
  const { incarnation, ...rest } = a as Row;
  expect(rest).toEqual({ pk: 'U#a', sk: 'STATE', hierarchy: 5 });
  expect(new Set(['first', incarnation, b?.incarnation]).size).toBe(3);
  expect((await restored.table.get({ table: 'mailboxes', pk: 'U#a', sk: 'F#1' }))?.seq).toBe(7);
  expect((await restored.table.get({ table: 'directory', pk: 'A', sk: 'A' }))?.hash).toEqual(new Uint8Array([1]));
  expect(await restored.blobs.get('a/2/raw')).toEqual(bytes('two'));
  // What it commits is told under ids that nobody read before.
  const told = new Promise((resolve) => restored.feed.subscribe((records) => resolve(records[0]?.row?.seq)));
  await restored.table.transact([head('U#a', 9)]);
  expect(await told).toBe(9);
});

it('copies a closed store too', async () => {
  const store = await filled();
  await store.close();
  const target = join(store.dir, 'backup');
  await backup(store.dir, target);
  expect(await restore(target, join(store.dir, 'restored'))).toBe(2);
});

it('copies what a process commits meanwhile whole or not at all', async () => {
  const store = await filled();
  let running = true;
  const pair = async () => {
    for (let seq = 1; running; seq++) {
      await store.blobs.put(`p/${seq}/raw`, bytes(String(seq)));
      await store.table.transact([head('U#p', seq), head('U#q', seq)]);
    }
  };
  const writing = pair();
  const target = join(store.dir, 'backup');
  await backup(store.dir, target);
  running = false;
  await writing;
  await restore(target, join(store.dir, 'restored'));
  const restored = await openTestStore('sqlite', { dir: join(store.dir, 'restored') });
  const [p, q] = await restored.table.batchGet([
    { table: 'mailboxes', pk: 'U#p', sk: 'F#1' },
    { table: 'mailboxes', pk: 'U#q', sk: 'F#1' },
  ]);
  expect(p?.seq).toBe(q?.seq);
  // Every row's blob is there: it was written before the row.
  for (let seq = 1; seq <= Number(p?.seq ?? 0); seq++) {
    expect(await restored.blobs.get(`p/${seq}/raw`)).toEqual(bytes(String(seq)));
  }
});

it('copies only what is new the second time', async () => {
  const store = await filled();
  const target = join(store.dir, 'backup');
  await backup(store.dir, target);
  await store.blobs.put('a/3/raw', bytes('three'));
  await store.table.transact([head('U#a', 8)]);
  expect(await backup(store.dir, target)).toMatchObject({ copied: 1, kept: 2 });
  await restore(target, join(store.dir, 'restored'));
  const restored = await openTestStore('sqlite', { dir: join(store.dir, 'restored') });
  expect((await restored.table.get({ table: 'mailboxes', pk: 'U#a', sk: 'F#1' }))?.seq).toBe(8);
});

it('refuses what cannot be backed up or restored', async () => {
  const store = await filled();
  const target = join(store.dir, 'backup');
  await expect(backup(join(store.dir, 'nothing'), target)).rejects.toThrow('there is no store');
  await backup(store.dir, target);
  await expect(restore(target, store.dir)).rejects.toThrow('already holds a store');
  await writeFile(join(target, 'backup.json'), JSON.stringify({ format: 1, fileVersion: 99 }));
  await expect(restore(target, join(store.dir, 'r'))).rejects.toThrow('newer release');
  await rm(join(target, 'backup.json'));
  await expect(restore(target, join(store.dir, 'r'))).rejects.toThrow('no finished backup');
});

it('can be begun again where it was interrupted', async () => {
  const store = await filled();
  const target = join(store.dir, 'backup');
  await backup(store.dir, target);
  const dir = join(store.dir, 'restored');
  await mkdir(join(dir, 'blobs', 'a', '1'), { recursive: true });
  await writeFile(join(dir, 'blobs', 'a', '1', 'raw.b.part'), 'half');
  await writeFile(join(dir, 'store.sqlite.restoring'), 'half');
  expect(await restore(target, dir)).toBe(2);
  expect((await readdir(dir)).sort()).toEqual(['blobs', 'store.sqlite']);
  const restored = await openTestStore('sqlite', { dir });
  expect(await restored.blobs.get('a/1/raw')).toEqual(bytes('one'));
});
