import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Condition,
  ConditionFailed,
  type Key,
  type Row,
  TRANSACTION_LIMIT,
  type Value,
  type Write,
} from '../../lib/store/ports.ts';
import { eachEngine, freshPartition } from './engines.ts';

const key = (pk: string, sk = 'A'): Key => ({ table: 'devices', pk, sk });
const put = (pk: string, sk: string, rest: Record<string, Value> = {}, when?: Condition): Write => ({
  op: 'put',
  table: 'devices',
  row: { pk, sk, ...rest },
  when,
});

eachEngine((store, kind) => {
  const table = () => store().table;
  const write = (...writes: Write[]) => table().transact(writes);
  const sortKeys = async (query: Parameters<ReturnType<typeof table>['query']>[0]) =>
    (await table().query(query)).map(({ sk }) => sk);
  const failure = async (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    );

  describe('rows', () => {
    it('come back as they were put, every type of value included', async () => {
      const pk = freshPartition();
      const row: Row = {
        pk,
        sk: 'A',
        ttl: 4_000_000_000,
        text: 'zażółć "quoted" \\ \u0001 \u0000 \u2028 😀',
        empty: '',
        numbers: [0, -1, 1.5, 1e21, 123456789012345, Number.MAX_SAFE_INTEGER, -1e-7],
        yes: true,
        no: false,
        nothing: null,
        bytes: new Uint8Array([0, 1, 255]),
        noBytes: new Uint8Array(),
        nested: { list: [{ bytes: new Uint8Array([7]) }, [], {}], '\u0001': 'a', name: { '\u0001\u0001': 1 } },
      };
      await write({ op: 'put', table: 'devices', row });
      expect(await table().get(key(pk))).toEqual(row);
    });

    it('leave out what is undefined', async () => {
      const pk = freshPartition();
      await write({ op: 'put', table: 'devices', row: { pk, sk: 'A', gone: undefined, kept: 1 } });
      expect(await table().get(key(pk))).toStrictEqual({ pk, sk: 'A', kept: 1 });
    });

    it('are any rows (property)', async () => {
      const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
        value: fc.oneof(
          { maxDepth: 3 },
          fc.string({ unit: 'grapheme' }),
          fc.integer(),
          fc.boolean(),
          fc.constant(null),
          fc.uint8Array({ maxLength: 20 }),
          fc.array(tie('value'), { maxLength: 3 }),
          fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), tie('value'), { maxKeys: 3, noNullPrototype: true }),
        ),
      })).value;
      await fc.assert(
        fc.asyncProperty(
          fc.dictionary(fc.stringMatching(/^[a-z]{3,6}$/), value, { noNullPrototype: true }),
          async (rest) => {
            const pk = freshPartition();
            const row = { ...rest, pk, sk: 'A', ttl: undefined } as Row;
            await write({ op: 'put', table: 'devices', row });
            const { ttl: _, ...expected } = row;
            expect(await table().get(key(pk))).toEqual(expected);
          },
        ),
        { numRuns: 40 },
      );
    });

    it('are told apart by table, partition and sort key', async () => {
      const pk = freshPartition();
      await write(put(pk, 'A', { n: 1 }), put(pk, 'B', { n: 2 }), put(`${pk}A`, 'A', { n: 3 }), {
        op: 'put',
        table: 'directory',
        row: { pk, sk: 'A', n: 4 },
      });
      const keys: Key[] = [key(pk, 'A'), key(pk, 'B'), key(`${pk}A`, 'A'), { table: 'directory', pk, sk: 'A' }];
      expect((await table().batchGet(keys)).map((row) => row?.n)).toEqual([1, 2, 3, 4]);
      expect(await table().get({ table: 'mailboxes', pk, sk: 'A' })).toBeUndefined();
    });

    it.each([
      ['no number', { bad: Number.NaN }],
      ['no end', { deep: [{ bad: Number.POSITIVE_INFINITY }] }],
      ['a function', { bad: (() => 1) as unknown as Value }],
    ])('with %s are refused as a mistake', async (_, rest) => {
      expect(await failure(write(put(freshPartition(), 'A', rest as Record<string, Value>)))).toBeInstanceOf(TypeError);
    });

    it('are at most 400 KB, however they come to that', async () => {
      const pk = freshPartition();
      await write(put(pk, 'A', { text: 'x'.repeat(400_000) }));
      expect(await failure(write(put(pk, 'B', { text: 'x'.repeat(410_000) })))).toBeInstanceOf(RangeError);
      expect(await failure(write(put(pk, 'B', { text: 'ł'.repeat(206_000) })))).toBeInstanceOf(RangeError);
      const grow: Write = { op: 'update', key: key(pk), set: { more: 'x'.repeat(20_000) } };
      expect(await failure(write(grow))).toBeInstanceOf(RangeError);
      expect(await failure(write(grow, put(pk, 'B')))).toBeInstanceOf(RangeError);
      expect(await sortKeys({ table: 'devices', pk })).toEqual(['A']);
    });

    it('need keys of a length that every engine takes', async () => {
      const pk = freshPartition();
      expect(await failure(write(put(pk, '')))).toBeInstanceOf(TypeError);
      expect(await failure(write(put('', 'A')))).toBeInstanceOf(TypeError);
      expect(await failure(write(put(pk, 'ł'.repeat(513))))).toBeInstanceOf(RangeError);
      await write(put(pk, 'ł'.repeat(512)));
    });
  });

  describe('conditions', () => {
    const present = { n: 1, s: 'a', b: true };
    const cases: readonly (readonly [string, Condition, boolean, boolean])[] = [
      // condition, holds without a row, holds with the row above
      ['absent', { row: 'absent' }, true, false],
      ['present', { row: 'present' }, false, true],
      ['equals one', { equals: { n: 1 } }, false, true],
      ['equals all', { equals: { n: 1, s: 'a', b: true } }, false, true],
      ['equals some', { equals: { n: 1, s: 'b' } }, false, false],
      ['equals another type', { equals: { n: '1' } }, false, false],
      ['equals what is not there', { equals: { other: 1 } }, false, false],
      ['equals nothing in particular', { equals: {} }, false, true],
    ];
    const ops: readonly (readonly [string, (pk: string, when: Condition) => Write])[] = [
      ['put', (pk, when) => put(pk, 'A', { n: 2 }, when)],
      ['update', (pk, when) => ({ op: 'update', key: key(pk), set: { n: 2 }, when })],
      ['delete', (pk, when) => ({ op: 'delete', key: key(pk), when })],
      ['check', (pk, when) => ({ op: 'check', key: key(pk), when })],
    ];
    for (const [op, make] of ops) {
      it.each(cases)(`${op}: %s`, async (_, when, withoutRow, withRow) => {
        for (const exists of [false, true]) {
          for (const alone of [true, false]) {
            const pk = freshPartition();
            if (exists) await write(put(pk, 'A', present));
            const before = await table().get(key(pk));
            const writes = alone ? [make(pk, when)] : [put(pk, 'other'), make(pk, when)];
            const error = await failure(write(...writes));
            if (exists ? withRow : withoutRow) {
              expect(error).toBeUndefined();
              const after = await table().get(key(pk));
              if (op === 'put') expect(after).toEqual({ pk, sk: 'A', n: 2 });
              if (op === 'update') expect(after).toEqual({ ...before, pk, sk: 'A', n: 2 });
              if (op === 'delete') expect(after).toBeUndefined();
              if (op === 'check') expect(after).toEqual(before);
            } else {
              expect(error).toBeInstanceOf(ConditionFailed);
              expect((error as ConditionFailed).indexes).toEqual([alone ? 0 : 1]);
              expect(await table().get(key(pk))).toEqual(before);
              expect(await table().get(key(pk, 'other'))).toBeUndefined();
            }
          }
        }
      });
    }

    it('that fail together are all named, and nothing is written', async () => {
      const pk = freshPartition();
      await write(put(pk, 'A', { n: 1 }));
      const error = await failure(
        write(
          put(pk, 'A', { n: 2 }, { row: 'absent' }),
          put(pk, 'B', {}, { row: 'absent' }),
          { op: 'delete', key: key(pk, 'C'), when: { row: 'present' } },
          { op: 'check', key: key(pk, 'D'), when: { row: 'absent' } },
          { op: 'update', key: key(pk, 'E'), add: { n: 1 }, when: { equals: { n: 1 } } },
        ),
      );
      expect(error).toBeInstanceOf(ConditionFailed);
      expect((error as ConditionFailed).indexes).toEqual([0, 2, 4]);
      expect(await table().query({ table: 'devices', pk })).toEqual([{ pk, sk: 'A', n: 1 }]);
    });
  });

  describe('update', () => {
    it('makes the row where there is none, and counts from 0', async () => {
      const pk = freshPartition();
      await write({ op: 'update', key: key(pk), set: { s: 'x' }, add: { n: 3, m: -1 } });
      expect(await table().get(key(pk))).toEqual({ pk, sk: 'A', s: 'x', n: 3, m: -1 });
    });

    it('changes, counts and removes, and leaves the rest', async () => {
      const pk = freshPartition();
      await write(put(pk, 'A', { n: 5, s: 'a', gone: 1, bytes: new Uint8Array([1]), ttl: 4_000_000_000 }));
      await write(
        { op: 'update', key: key(pk), set: { s: 'b', list: [1] }, add: { n: 2 }, remove: ['gone', 'ttl', 'never'] },
        put(pk, 'B'),
      );
      expect(await table().get(key(pk))).toEqual({
        pk,
        sk: 'A',
        n: 7,
        s: 'b',
        list: [1],
        bytes: new Uint8Array([1]),
      });
    });

    it('takes names that are reserved words', async () => {
      const pk = freshPartition();
      await write({ op: 'update', key: key(pk), set: { name: 'a', 'a.b': 1, '#x': 2 }, add: { count: 1, size: 2 } });
      await write({ op: 'update', key: key(pk), remove: ['size', 'a.b'], when: { equals: { name: 'a', count: 1 } } });
      expect(await table().get(key(pk))).toEqual({ pk, sk: 'A', name: 'a', '#x': 2, count: 1 });
    });

    it('loses no count to another writer', async () => {
      const pk = freshPartition();
      const add = (): Promise<void> =>
        write({ op: 'update', key: key(pk), add: { n: 1 } }).catch((error: Error) => {
          if (error.name !== 'StoreConflict') throw error;
          return add();
        });
      await Promise.all(Array.from({ length: 20 }, add));
      expect((await table().get(key(pk)))?.n).toBe(20);
    });

    const mistakes: readonly (readonly [string, Omit<Extract<Write, { op: 'update' }>, 'op' | 'key'>])[] = [
      ['nothing', {}],
      ['an attribute twice', { set: { a: 1 }, add: { a: 1 } }],
      ['the key', { set: { sk: 'B' } }],
      ['no number', { add: { a: Number.NaN } }],
    ];
    it.each(mistakes)('of %s is refused as a mistake', async (_, change) => {
      const pk = freshPartition();
      expect(await failure(write({ op: 'update', key: key(pk), ...change }))).toBeInstanceOf(TypeError);
      expect(await table().get(key(pk))).toBeUndefined();
    });

    it('that adds to a text is refused, and undoes its transaction', async () => {
      const pk = freshPartition();
      await write(put(pk, 'A', { s: 'text' }));
      const add: Write = { op: 'update', key: key(pk), add: { s: 1 } };
      expect(await failure(write(add))).toBeInstanceOf(TypeError);
      expect(await failure(write(put(pk, 'B'), add))).toBeInstanceOf(TypeError);
      expect(await sortKeys({ table: 'devices', pk })).toEqual(['A']);
    });
  });

  describe('transact', () => {
    it('takes rows of several tables and 100 writes', async () => {
      const pk = freshPartition();
      const writes = Array.from({ length: TRANSACTION_LIMIT - 1 }, (_, n) => put(pk, `K${n}`));
      await write(...writes, { op: 'put', table: 'mailboxes', row: { pk, sk: 'M' } });
      expect(await table().query({ table: 'devices', pk })).toHaveLength(TRANSACTION_LIMIT - 1);
      expect(await table().get({ table: 'mailboxes', pk, sk: 'M' })).toBeDefined();
      expect(await failure(write(...writes, put(pk, 'X'), put(pk, 'Y')))).toBeInstanceOf(RangeError);
      expect(await failure(write())).toBeInstanceOf(TypeError);
    });

    it('touches a row once', async () => {
      const pk = freshPartition();
      const error = await failure(write(put(pk, 'A'), { op: 'check', key: key(pk), when: { row: 'absent' } }));
      expect(error).toBeInstanceOf(TypeError);
    });

    it('lets exactly one of those succeed that race for a row', async () => {
      const pk = freshPartition();
      await write(put(pk, 'head', { seq: 0 }));
      const results = await Promise.allSettled(
        Array.from({ length: 10 }, (_, n) =>
          write(
            { op: 'update', key: key(pk, 'head'), set: { seq: 1 }, when: { equals: { seq: 0 } } },
            put(pk, `log${n}`, {}, { row: 'absent' }),
          ),
        ),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await sortKeys({ table: 'devices', pk, prefix: 'log' })).toHaveLength(1);
    });

    it('keeps the outcomes of transactions apart that come at once', async () => {
      const pk = freshPartition();
      const outcomes = await Promise.all([
        failure(write(put(pk, 'A', { n: 1 }))),
        failure(write(put(pk, 'B', { n: 1 }), { op: 'check', key: key(pk, 'none'), when: { row: 'present' } })),
        failure(write({ op: 'update', key: key(pk, 'C'), set: { s: 'x' } })),
        failure(write(put(pk, 'D', { n: Number.NaN }))),
        failure(write(put(pk, 'E', { n: 1 }))),
      ]);
      expect(outcomes.map((error) => (error as Error | undefined)?.name)).toEqual([
        undefined,
        'ConditionFailed',
        undefined,
        'TypeError',
        undefined,
      ]);
      expect(await sortKeys({ table: 'devices', pk })).toEqual(['A', 'C', 'E']);
    });

    it('is seen by every read that begins after it', async () => {
      const pk = freshPartition();
      for (let n = 0; n < 10; n++) {
        await write(put(pk, 'A', { n }), put(pk, `B${n}`));
        expect((await table().get(key(pk), 'strong'))?.n).toBe(n);
        expect(await sortKeys({ table: 'devices', pk, prefix: 'B', consistency: 'strong' })).toHaveLength(n + 1);
      }
    });
  });

  describe('batchGet', () => {
    it('answers in the order of its keys, repeated and missing ones included', async () => {
      const pk = freshPartition();
      await write(put(pk, 'A', { n: 1 }), put(pk, 'B', { n: 2 }));
      const rows = await table().batchGet([key(pk, 'B'), key(pk, 'none'), key(pk, 'A'), key(pk, 'B')]);
      expect(rows.map((row) => row?.n)).toEqual([2, undefined, 1, 2]);
      expect(await table().batchGet([])).toEqual([]);
    });

    it('takes any number of keys', async () => {
      const pk = freshPartition();
      for (let start = 0; start < 250; start += 50) {
        await write(...Array.from({ length: 50 }, (_, n) => put(pk, `K${start + n}`, { n: start + n })));
      }
      const rows = await table().batchGet(Array.from({ length: 260 }, (_, n) => key(pk, `K${n}`)));
      expect(rows.map((row) => row?.n)).toEqual([
        ...Array.from({ length: 250 }, (_, n) => n),
        ...new Array(10).fill(undefined),
      ]);
    });
  });

  describe('query', () => {
    /** In the order of UTF-8: JavaScript would put U+FF5E after the emoji. */
    const ordered = ['!', 'A', 'A#', 'A#1', 'A#2', 'A#\u{10ffff}', 'A$', 'AA', 'B', 'b', 'é', '～', '😀', '😀1'];

    it('orders sort keys as UTF-8 bytes', async () => {
      const pk = freshPartition();
      await write(...ordered.toReversed().map((sk) => put(pk, sk)));
      expect(await sortKeys({ table: 'devices', pk })).toEqual(ordered);
      expect(await sortKeys({ table: 'devices', pk, order: 'descending' })).toEqual(ordered.toReversed());
    });

    const ranges: readonly (readonly [string, { from?: string; to?: string; prefix?: string }, readonly string[]])[] = [
      ['from', { from: 'AA' }, ordered.slice(7)],
      ['to', { to: 'A#' }, ['!', 'A', 'A#']],
      ['from and to', { from: 'A#1', to: 'A$' }, ['A#1', 'A#2', 'A#\u{10ffff}', 'A$']],
      ['bounds that are no rows', { from: 'A0', to: 'a' }, ['AA', 'B']],
      ['an upside-down range', { from: 'B', to: 'A' }, []],
      ['from and to of one row', { from: 'B', to: 'B' }, ['B']],
      ['a prefix', { prefix: 'A#' }, ['A#', 'A#1', 'A#2', 'A#\u{10ffff}']],
      ['a prefix beyond the basic plane', { prefix: '😀' }, ['😀', '😀1']],
      ['a prefix and from', { prefix: 'A#', from: 'A#11' }, ['A#2', 'A#\u{10ffff}']],
      ['a prefix and to', { prefix: 'A#', to: 'A#1' }, ['A#', 'A#1']],
      ['a prefix and bounds outside', { prefix: 'A#', from: '!', to: 'z' }, ['A#', 'A#1', 'A#2', 'A#\u{10ffff}']],
      ['a prefix and from after it', { prefix: 'A#', from: 'B' }, []],
      ['an empty prefix', { prefix: '' }, ordered],
      ['an empty to', { to: '' }, []],
    ];
    it.each(ranges)('takes %s', async (_, range, expected) => {
      const pk = freshPartition();
      await write(...ordered.map((sk) => put(pk, sk)), put(`${pk}x`, 'A#1'));
      expect(await sortKeys({ table: 'devices', pk, ...range })).toEqual(expected);
      expect(await sortKeys({ table: 'devices', pk, ...range, order: 'descending' })).toEqual(expected.toReversed());
      const limited = { table: 'devices', pk, ...range, limit: 2 } as const;
      expect(await sortKeys(limited)).toEqual(expected.slice(0, 2));
      expect(await sortKeys({ ...limited, order: 'descending' })).toEqual(expected.toReversed().slice(0, 2));
    });

    it('agrees with a filter and a sort (property)', async () => {
      const text = fc.string({ unit: fc.constantFrom('a', 'b', '#', '～', '😀', '\u{10ffff}'), maxLength: 3 });
      const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
      const keys = fc.uniqueArray(text.filter(Boolean), { minLength: 1, maxLength: 12 });
      const bounds = fc.record({ from: text, to: text, prefix: text, limit: fc.nat(5) }, { requiredKeys: [] });
      await fc.assert(
        fc.asyncProperty(keys, bounds, fc.boolean(), async (sks, range, down) => {
          const pk = freshPartition();
          await write(...sks.map((sk) => put(pk, sk)));
          const expected = sks
            .filter((sk) => range.from === undefined || compare(sk, range.from) >= 0)
            .filter((sk) => range.to === undefined || compare(sk, range.to) <= 0)
            .filter((sk) => range.prefix === undefined || sk.startsWith(range.prefix))
            .sort((a, b) => (down ? compare(b, a) : compare(a, b)))
            .slice(0, range.limit ?? sks.length);
          const order = down ? 'descending' : 'ascending';
          expect(await sortKeys({ table: 'devices', pk, ...range, order })).toEqual(expected);
        }),
        { numRuns: kind === 'sqlite' ? 200 : 40 },
      );
    });

    it('goes on past a page of one megabyte', async () => {
      const pk = freshPartition();
      const text = 'x'.repeat(300_000);
      for (let n = 0; n < 8; n++) await write(put(pk, `K${n}`, { text }));
      expect(await sortKeys({ table: 'devices', pk, prefix: 'K' })).toHaveLength(8);
      expect(await sortKeys({ table: 'devices', pk, prefix: 'K', limit: 6, order: 'descending' })).toEqual([
        'K7',
        'K6',
        'K5',
        'K4',
        'K3',
        'K2',
      ]);
    });
  });
});
