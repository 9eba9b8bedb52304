import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Key, Row, Write } from '../../../../lib/store/ports.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { openTestStore } from '../../../support/stores.ts';

const TABLES = ['devices', 'mailboxes'] as const;
const key = (sk: string, table: Key['table'] = 'devices'): Key => ({ table, pk: 'p', sk });
const put = (sk: string, n: number, table: Key['table'] = 'devices'): Write => {
  return { op: 'put', table, row: { pk: 'p', sk, n } };
};
const n = (row: Row | undefined) => row?.n;

it('gives a row that nobody changed as it was read, and lets nobody change it', async () => {
  const { table } = await openTestStore();
  await table.transact([put('a', 1), put('b', 2)]);
  const row = await table.get(key('a'));
  expect(await table.get(key('a'))).toBe(row);
  expect((await table.batchGet([key('b'), key('a'), key('none')]))[1]).toBe(row);
  expect(() => Object.assign(row!, { n: 2 })).toThrow(TypeError);
});

it('keeps none where it may keep none, nor one that would take half of all', async () => {
  const none = await openTestStore('sqlite', { rowsKb: 0 });
  await none.table.transact([put('a', 1)]);
  expect(await none.table.get(key('a'))).not.toBe(await none.table.get(key('a')));
  const few = await openTestStore('sqlite', { rowsKb: 4 });
  const text = 'x'.repeat(3000);
  await few.table.transact([put('a', 1), { op: 'put', table: 'devices', row: { pk: 'p', sk: 'large', text } }]);
  const [small] = [await few.table.get(key('a')), await few.table.get(key('large'))];
  expect(await few.table.get(key('a'))).toBe(small);
  expect(await few.table.get(key('large'))).not.toBe(await few.table.get(key('large')));
});

it('forgets what expired', async () => {
  const clock = new FakeClock(10_000);
  const { table } = await openTestStore('sqlite', { clock, sweepMs: 60_000 });
  await table.transact([{ op: 'put', table: 'devices', row: { pk: 'p', sk: 'a', ttl: 20 } }]);
  expect(await table.get(key('a'))).toBeDefined();
  await clock.advance(60_000);
  expect(await table.get(key('a'))).toBeUndefined();
});

it('reads again after a transaction that failed, alone or beside others', async () => {
  const { table } = await openTestStore();
  await table.transact([put('a', 1)]);
  await table.get(key('a'));
  const refused: Write = { op: 'check', key: key('none'), when: { row: 'present' } };
  const [failed, done] = await Promise.allSettled([
    table.transact([put('a', 2), refused]),
    table.transact([put('b', 1)]),
  ]);
  expect([failed.status, done.status]).toEqual(['rejected', 'fulfilled']);
  expect((await table.batchGet([key('a'), key('b')])).map(n)).toEqual([1, 1]);
});

it('sees what another process committed between two turns', async () => {
  const one = await openTestStore();
  const other = await openTestStore('sqlite', { dir: one.dir });
  await one.table.transact([put('a', 1)]);
  expect([n(await one.table.get(key('a'))), n(await other.table.get(key('a')))]).toEqual([1, 1]);
  for (let at = 2; at < 6; at++) {
    await (at % 2 ? one : other).table.transact([put('a', at)]);
    expect([n(await one.table.get(key('a'))), n(await other.table.get(key('a')))]).toEqual([at, at]);
  }
});

it('agrees with what was committed, whoever committed it and however it is read (property)', async () => {
  const one = await openTestStore();
  const other = await openTestStore('sqlite', { dir: one.dir, gather: false });
  const stores = [one.table, other.table];
  const place = { table: fc.constantFrom(...TABLES), sk: fc.constantFrom('F#a', 'b', 'c', 'd') };
  const write = fc.record({ ...place, kind: fc.constantFrom('put', 'add', 'delete', 'refused'), by: fc.nat(1) });
  const read = fc.record({ keys: fc.array(fc.record(place), { minLength: 1, maxLength: 4 }), by: fc.nat(1) });
  const model = new Map<string, number>();
  let next = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(write, read), { maxLength: 30 }), async (steps) => {
      for (const step of steps) {
        const table = stores[step.by]!;
        if ('keys' in step) {
          const keys = step.keys.map(({ sk, table }) => key(sk, table));
          const rows = keys.length === 1 ? [await table.get(keys[0]!)] : await table.batchGet(keys);
          expect(rows.map(n)).toEqual(keys.map((each) => model.get(`${each.table} ${each.sk}`)));
          continue;
        }
        const at = key(step.sk, step.table);
        const name = `${step.table} ${step.sk}`;
        if (step.kind === 'put') model.set(name, ++next);
        if (step.kind === 'add') model.set(name, (model.get(name) ?? 0) + 1);
        if (step.kind === 'delete') model.delete(name);
        const writes: Record<typeof step.kind, Write[]> = {
          put: [put(step.sk, next, step.table)],
          add: [{ op: 'update', key: at, add: { n: 1 } }],
          delete: [{ op: 'delete', key: at }],
          refused: [put(step.sk, -1, step.table), { op: 'check', key: key('none'), when: { row: 'present' } }],
        };
        const done = await table.transact(writes[step.kind]).then(
          () => true,
          () => false,
        );
        expect(done).toBe(step.kind !== 'refused');
      }
    }),
    { numRuns: 60 },
  );
});
