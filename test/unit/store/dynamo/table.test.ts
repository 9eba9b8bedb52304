/** The engine against a real server behind a bad network. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../../lib/ops/clock.ts';
import { randomToken } from '../../../../lib/ops/ids.ts';
import { silentLog } from '../../../../lib/ops/log.ts';
import { type DynamoStoreOptions, openDynamoStore } from '../../../../lib/store/dynamo/open.ts';
import type { Blobs, Key, Store, Write } from '../../../../lib/store/ports.ts';
import { retrying } from '../../../../lib/store/retry.ts';
import { type Behaviour, type Call, flakyProxy } from '../../../support/flaky-proxy.ts';
import { dynamoServer, missing } from '../../../support/servers/dynamodb.ts';

const blobs = {} as Blobs;
const key: Key = { table: 'devices', pk: 'p', sk: 'A' };
const count: Write = { op: 'update', key, add: { n: 1 } };
const put: Write = { op: 'put', table: 'devices', row: { pk: 'p', sk: 'A', n: 1 }, when: { row: 'absent' } };
const other: Write = { op: 'put', table: 'devices', row: { pk: 'p', sk: 'B' } };

async function open(options: Partial<DynamoStoreOptions> = {}) {
  const proxy = await flakyProxy((await dynamoServer('dynoxide')).endpoint);
  const store = await openDynamoStore({
    endpoint: proxy.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    tablePrefix: `t${randomToken(6)}-`,
    blobs,
    clock: systemClock,
    log: silentLog,
    create: true,
    follow: false,
    requestTimeoutMs: 300,
    ...options,
  });
  onTestFinished(() => store.close());
  /** Misbehaves at the first `times` calls of one operation. */
  const fault = (operation: string, behaviour: Behaviour, times = 1) => {
    let left = times;
    proxy.behave = (call) => (call.operation === operation && left-- > 0 ? behaviour : 'pass');
  };
  const made = (operation: string): Call[] => proxy.calls.filter((call) => call.operation === operation);
  return { store, proxy, fault, made };
}

const outcome = (store: Store, ...writes: Write[]) =>
  store.table.transact(writes).then(
    () => 'committed',
    (error: Error) => error.name,
  );
const stored = async (store: Store) => (await store.table.get(key))?.n;

describe.skipIf(missing('dynoxide') !== undefined)('over a bad network', () => {
  describe('a single write', () => {
    it.each([
      ['lose', 'OutcomeUnknown', 1],
      ['drop', 'OutcomeUnknown', undefined],
      ['hang', 'OutcomeUnknown', undefined],
      [{ error: 'InternalServerError', status: 500 }, 'OutcomeUnknown', undefined],
      [{ error: 'TransactionConflictException' }, 'StoreConflict', undefined],
    ] as const)('that meets %o is tried once and ends as %s', async (behaviour, name, n) => {
      const { store, fault, made } = await open();
      fault('UpdateItem', behaviour);
      expect(await outcome(store, count)).toBe(name);
      expect(made('UpdateItem')).toHaveLength(1);
      expect(await stored(store)).toBe(n);
    });

    it.each(['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded'])(
      'that is refused by %s waits and is written once; where that lasts it is a conflict',
      async (error) => {
        const { store, fault, made } = await open();
        fault('UpdateItem', { error }, 3);
        expect(await outcome(store, count)).toBe('committed');
        expect(made('UpdateItem')).toHaveLength(4);
        expect(await stored(store)).toBe(1);
        fault('UpdateItem', { error }, 99);
        expect(await outcome(store, count)).toBe('StoreConflict');
        expect(await stored(store)).toBe(1);
      },
    );

    it('goes out as what it is, and a check alone as a transaction', async () => {
      const { store, made } = await open();
      await store.table.transact([put]);
      await store.table.transact([count]);
      await store.table.transact([{ op: 'check', key, when: { row: 'present' } }]);
      await store.table.transact([{ op: 'delete', key }]);
      const operations = ['PutItem', 'UpdateItem', 'TransactWriteItems', 'DeleteItem'];
      expect(operations.map((operation) => made(operation).length)).toEqual([1, 1, 1, 1]);
    });
  });

  describe('a transaction', () => {
    it.each(['lose', 'drop', 'hang'] as const)('that meets one %s is repeated under its token', async (behaviour) => {
      const { store, fault, made } = await open();
      fault('TransactWriteItems', behaviour);
      // Its own first attempt is no reason for its condition to fail.
      expect(await outcome(store, put, other)).toBe('committed');
      const tokens = made('TransactWriteItems').map(({ input }) => input.ClientRequestToken);
      expect(tokens).toHaveLength(2);
      expect(new Set(tokens).size).toBe(1);
    });

    it('whose answers all get lost has an unknown outcome', async () => {
      const { store, fault } = await open({ maxAttempts: 2 });
      fault('TransactWriteItems', 'lose', 9);
      expect(await outcome(store, put, other)).toBe('OutcomeUnknown');
      expect(await stored(store)).toBe(1);
    });

    it('cancelled by a conflict is a conflict, and left to the caller, who must read again', async () => {
      const { store, fault, made } = await open();
      const rest = { CancellationReasons: [{ Code: 'ThrottlingError' }, { Code: 'TransactionConflict' }] };
      fault('TransactWriteItems', { error: 'TransactionCanceledException', rest });
      expect(await outcome(store, put, other)).toBe('StoreConflict');
      expect(made('TransactWriteItems')).toHaveLength(1);
      expect(await stored(store)).toBeUndefined();
    });

    it.each(['ThrottlingError', 'ProvisionedThroughputExceeded'])(
      'cancelled by %s waits and is written once; where that lasts it is a conflict',
      async (Code) => {
        const { store, fault, made } = await open();
        const rest = { CancellationReasons: [{ Code: 'None' }, { Code }] };
        fault('TransactWriteItems', { error: 'TransactionCanceledException', rest }, 3);
        expect(await outcome(store, count, other)).toBe('committed');
        expect(made('TransactWriteItems')).toHaveLength(4);
        expect(await stored(store)).toBe(1);
        fault('TransactWriteItems', { error: 'TransactionCanceledException', rest }, 99);
        expect(await outcome(store, count, other)).toBe('StoreConflict');
      },
    );

    it('throttled after an attempt whose answer was lost is not sent again under another token', async () => {
      const { store, proxy } = await open();
      const Code = 'ThrottlingError';
      const throttled = { error: 'TransactionCanceledException', rest: { CancellationReasons: [{ Code }] } } as const;
      let calls = 0;
      proxy.behave = ({ operation }) =>
        operation !== 'TransactWriteItems' ? 'pass' : (['lose', throttled, 'pass'] as const)[Math.min(2, calls++)]!;
      expect(await outcome(store, count, other)).toBe('StoreConflict');
      expect(calls).toBe(2);
      expect(await stored(store)).toBe(1);
    });

    it('takes a fresh token each time that the caller tries', async () => {
      const { store, made } = await open();
      await store.table.transact([count, other]);
      await store.table.transact([count, other]);
      expect(new Set(made('TransactWriteItems').map(({ input }) => input.ClientRequestToken)).size).toBe(2);
      expect(await stored(store)).toBe(2);
    });
  });

  it('counts each once when the caller reads before it tries again', async () => {
    const { store, fault } = await open();
    fault('PutItem', 'lose');
    const result = await retrying(systemClock, {}, async () => {
      if (await stored(store)) return 'there already';
      await store.table.transact([put]);
      return 'put';
    });
    expect(result).toBe('there already');
    expect(await stored(store)).toBe(1);
  });

  it.each([
    ['get', 'GetItem', (store: Store) => store.table.get(key)],
    ['query', 'Query', (store: Store) => store.table.query({ table: 'devices', pk: 'p' })],
    ['batchGet', 'BatchGetItem', (store: Store) => store.table.batchGet([key])],
    ['single write', 'UpdateItem', (store: Store) => store.table.transact([count])],
    ['transaction', 'TransactWriteItems', (store: Store) => store.table.transact([count, other])],
  ] as const)('lets every %s beyond its connections wait before its time runs', async (_, operation, run) => {
    // Three take all their time one after another; with a clock that ran while they wait the last would be too late.
    const { store, proxy, made } = await open({ maxSockets: 1, maxAttempts: 1 });
    let left = 3;
    const under: number[] = [];
    let begun = 0;
    let ended = 0;
    proxy.behave = (call) => {
      if (call.operation !== operation) return 'pass';
      under.push(++begun - ended);
      return left-- > 0 ? 'hang' : 'pass';
    };
    const names = await Promise.all(
      Array.from({ length: 6 }, () =>
        run(store)
          .then(
            () => 'good',
            (error: Error) => error.name,
          )
          .finally(() => ended++),
      ),
    );
    expect(names.slice(0, 3)).not.toContain('good');
    expect(names.slice(3)).toEqual(['good', 'good', 'good']);
    expect(Math.max(...under)).toBe(1);
    expect(made(operation)).toHaveLength(6);
  });

  describe('a read', () => {
    it.each(['drop', 'hang', { error: 'InternalServerError', status: 500 }, { error: 'ThrottlingException' }] as const)(
      'gets over %o',
      async (behaviour) => {
        const { store, fault } = await open();
        await store.table.transact([put]);
        for (const operation of ['GetItem', 'Query', 'BatchGetItem']) {
          fault(operation, behaviour);
          if (operation === 'GetItem') expect((await store.table.get(key))?.n).toBe(1);
          if (operation === 'Query') expect(await store.table.query({ table: 'devices', pk: 'p' })).toHaveLength(1);
          if (operation === 'BatchGetItem') expect((await store.table.batchGet([key]))[0]?.n).toBe(1);
        }
      },
    );

    it('waits while it is throttled, and gives its connection to others meanwhile', async () => {
      const { store, proxy, made } = await open({ maxSockets: 1, maxAttempts: 1 });
      let left = 4;
      const throttled = (call: Call) => JSON.stringify(call.input).includes('"busy"');
      proxy.behave = (call) => (throttled(call) && left-- > 0 ? { error: 'ThrottlingException' } : 'pass');
      const read = [
        () => store.table.get({ ...key, sk: 'busy' }),
        () => store.table.query({ table: 'devices', pk: 'busy' }),
        () => store.table.batchGet([{ ...key, sk: 'busy' }]),
      ];
      for (const busy of read) {
        left = 4;
        const before = proxy.calls.length;
        const waiting = busy();
        await store.table.get(key);
        await waiting;
        const order = proxy.calls.slice(before).map((call) => (throttled(call) ? 'busy' : 'other'));
        expect(order).toEqual(['busy', 'other', 'busy', 'busy', 'busy', 'busy']);
      }
      left = 99;
      await expect(store.table.get({ ...key, sk: 'busy' })).rejects.toMatchObject({ name: 'StoreUnavailable' });
      expect(made('GetItem').filter(throttled)).toHaveLength(5 + 7);
    });

    it('says that the store is unavailable when nothing helps', async () => {
      const { store, proxy } = await open({ maxAttempts: 2 });
      proxy.behave = () => 'drop';
      await expect(store.table.get(key)).rejects.toMatchObject({ name: 'StoreUnavailable' });
      await expect(store.table.query({ table: 'devices', pk: 'p' })).rejects.toMatchObject({
        name: 'StoreUnavailable',
      });
      await expect(store.table.batchGet([key])).rejects.toMatchObject({ name: 'StoreUnavailable' });
    });

    it('asks again for keys that were left unprocessed', async () => {
      const { store, proxy, made } = await open();
      const keys = Array.from({ length: 5 }, (_, n): Key => ({ table: 'devices', pk: 'p', sk: `K${n}` }));
      await store.table.transact(keys.map(({ pk, sk }, n) => ({ op: 'put', table: 'devices', row: { pk, sk, n } })));
      proxy.behave = ({ operation }) => (operation !== 'BatchGetItem' ? 'pass' : { change: leaveOne });
      expect((await store.table.batchGet(keys)).map((row) => row?.n)).toEqual([0, 1, 2, 3, 4]);
      expect(made('BatchGetItem')).toHaveLength(5);
      proxy.behave = ({ input }) => ({ answer: { Responses: {}, UnprocessedKeys: input.RequestItems } });
      await expect(store.table.batchGet(keys.slice(0, 1))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    }, 30_000);

    it.each(['strong', 'eventual'] as const)('is %s when asked to', async (consistency) => {
      const { store, made } = await open();
      await store.table.get(key, consistency);
      await store.table.query({ table: 'devices', pk: 'p', consistency });
      const [got, queried] = [...made('GetItem'), ...made('Query')];
      expect([got?.input.ConsistentRead, queried?.input.ConsistentRead]).toEqual(
        new Array(2).fill(consistency === 'strong'),
      );
    });
  });

  it('cannot be opened without its tables, nor followed without a stream', async () => {
    await expect(open({ create: false, follow: true })).rejects.toThrow();
    const { store } = await open();
    expect(() => store.feed.subscribe(() => {})).toThrow(/without following/);
  });

  it('makes the tables once, streamed and with times to live', async () => {
    const tablePrefix = `t${randomToken(6)}-`;
    const first = await open({ tablePrefix });
    await first.store.table.transact([put]);
    const second = await open({ tablePrefix });
    expect(await stored(second.store)).toBe(1);
    const ttl = first.made('UpdateTimeToLive').map(({ input }) => String(input.TableName).slice(tablePrefix.length));
    expect(ttl).toEqual(['mailboxes', 'devices']);
    const streamed = first.made('CreateTable').filter(({ input }) => input.StreamSpecification);
    expect(streamed.map(({ input }) => input.TableName)).toEqual([`${tablePrefix}mailboxes`]);
  });
});

/** Gives back one item of an answer and leaves the others for later. */
function leaveOne(answer: Record<string, unknown>): object {
  const [[name, items]] = Object.entries(answer.Responses as Record<string, { pk: object; sk: object }[]>) as [
    [string, { pk: object; sk: object }[]],
  ];
  const [one, ...rest] = items;
  const Keys = rest.map(({ pk, sk }) => ({ pk, sk }));
  return { Responses: { [name]: [one] }, UnprocessedKeys: Keys.length > 0 ? { [name]: { Keys } } : {} };
}
