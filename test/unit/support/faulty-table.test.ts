import { expect, it } from 'vitest';
import type { Key, Write } from '../../../lib/store/ports.ts';
import { FaultyTable, type WriteFault } from '../../support/faulty-table.ts';
import { openTestStore } from '../../support/stores.ts';

const head: Key = { table: 'mailboxes', pk: 'U#a', sk: 'F#1' };
const change = (seq: number): Write[] => [
  { op: 'put', table: 'mailboxes', row: { pk: 'U#a', sk: 'F#1', seq } },
  { op: 'put', table: 'mailboxes', row: { pk: 'U#a', sk: `L#1#${seq}` } },
];

async function open() {
  const { table } = await openTestStore('sqlite');
  const faulty = new FaultyTable(table);
  const seen = async () => (await faulty.query({ table: 'mailboxes', pk: 'U#a' })).map(({ sk, seq }) => seq ?? sk);
  return { table, faulty, seen };
}

it.each([
  ['conflict', 'StoreConflict', undefined],
  ['throttled', 'StoreConflict', undefined],
  ['dropped', 'OutcomeUnknown', undefined],
  ['lost', 'OutcomeUnknown', 1],
] as readonly (readonly [WriteFault, string, number | undefined])[])('%s: %s', async (fault, name, seq) => {
  const { table, faulty } = await open();
  faulty.faults = { write: () => fault };
  await expect(faulty.transact(change(1))).rejects.toMatchObject({ name });
  expect((await table.get(head))?.seq).toBe(seq);
  faulty.faults = {};
  await faulty.transact(change(2));
  expect((await faulty.get(head))?.seq).toBe(2);
});

it('shows one row of a transaction to a query before another, until it reveals all', async () => {
  const { faulty, seen } = await open();
  await faulty.transact(change(1));
  faulty.faults = { hide: ({ sk }) => sk.startsWith('L#') };
  await faulty.transact(change(2));
  await faulty.transact(change(3));
  expect(await seen()).toEqual([3, 'L#1#1']);
  expect(await faulty.get({ ...head, sk: 'L#1#2' })).toBeDefined();
  faulty.reveal();
  expect(await seen()).toEqual([3, 'L#1#1', 'L#1#2', 'L#1#3']);
});

it('shows the old version of a hidden row, in its place and within bounds', async () => {
  const { faulty } = await open();
  await faulty.transact(change(1));
  faulty.faults = { hide: ({ sk }) => sk === 'F#1' };
  await faulty.transact(change(2));
  await faulty.transact([{ op: 'delete', key: { ...head, sk: 'L#1#1' } }, ...change(3).slice(0, 1)]);
  const query = (rest: object) => faulty.query({ table: 'mailboxes', pk: 'U#a', ...rest });
  expect(await query({ order: 'descending' })).toEqual([
    { pk: 'U#a', sk: 'L#1#2' },
    { pk: 'U#a', sk: 'F#1', seq: 1 },
  ]);
  expect(await query({ prefix: 'F#', limit: 1 })).toEqual([{ pk: 'U#a', sk: 'F#1', seq: 1 }]);
  expect(await query({ from: 'G' })).toEqual([{ pk: 'U#a', sk: 'L#1#2' }]);
});

it('fails reads, and asks before every operation', async () => {
  const { faulty } = await open();
  const asked: string[] = [];
  faulty.faults = { read: () => true, before: (operation) => void asked.push(operation) };
  await expect(faulty.get(head)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  await expect(faulty.batchGet([head])).rejects.toMatchObject({ name: 'StoreUnavailable' });
  await expect(faulty.query({ table: 'mailboxes', pk: 'U#a' })).rejects.toMatchObject({ name: 'StoreUnavailable' });
  await faulty.transact(change(1));
  expect(asked).toEqual(['get', 'batchGet', 'query', 'transact']);
});
