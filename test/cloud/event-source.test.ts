/** The test's own event source: what it does with each setting, so that the faults mean what they say. */
import { describe, expect, it } from 'vitest';
import { type Invoke, shardLanes } from './support/batches.ts';
import { type LambdaRecord, passes, type Streams, startEventSource } from './support/event-source.ts';
import { synthesised } from './support/template.ts';
import { until } from './support/until.ts';

type Settings = Parameters<typeof shardLanes>[0];

const SETTINGS: Settings = {
  batchSize: 4,
  parallel: 3,
  windowMs: 0,
  bisect: true,
  partial: true,
  retries: 2,
  maxAgeMs: 60_000,
};

let sequence = 0;
const record = (pk: string, ageMs = 0): LambdaRecord => ({
  eventID: `${++sequence}`,
  eventName: 'MODIFY',
  eventSource: 'aws:dynamodb',
  dynamodb: {
    Keys: { pk: { S: pk }, sk: { S: 'F#1' } },
    SequenceNumber: `${sequence}`,
    ApproximateCreationDateTime: (Date.now() - ageMs) / 1000,
  },
});
const numbers = (records: readonly LambdaRecord[]) => records.map(({ dynamodb }) => Number(dynamodb.SequenceNumber));

function shard(over: Partial<Settings>, invoke: Invoke) {
  const dropped: number[] = [];
  const lanes = shardLanes({ ...SETTINGS, ...over }, invoke, (some) => dropped.push(...numbers(some)), { is: false });
  return { lanes, dropped };
}

describe('a shard', () => {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'];

  it.each([1, 3, 10])('has %i batches on their way at once, and one of each partition key', async (parallel) => {
    const under = new Map<string, number>();
    const seen = new Map<string, number[]>();
    let most = 0;
    let running = 0;
    const { lanes } = shard({ parallel, batchSize: 2 }, async ({ Records }) => {
      most = Math.max(most, ++running);
      const here = new Set(Records.map(({ dynamodb }) => dynamodb.Keys.pk!.S));
      for (const key of here) {
        expect(under.get(key) ?? 0).toBe(0);
        under.set(key, 1);
      }
      await new Promise((resolve) => setImmediate(resolve));
      for (const one of Records) {
        const key = one.dynamodb.Keys.pk!.S;
        seen.set(key, [...(seen.get(key) ?? []), ...numbers([one])]);
      }
      for (const key of here) under.delete(key);
      running--;
      return undefined;
    });
    for (let round = 0; round < 5; round++) lanes.add(keys.map((key) => record(key)));
    await lanes.settled();
    expect([...seen.values()].flat()).toHaveLength(30);
    for (const order of seen.values()) expect(order).toEqual([...order].sort((one, other) => one - other));
    expect(most).toBe(Math.min(parallel, keys.length));
  });

  it('whose batch throws is brought in halves until the bad record is alone, and then without it', async () => {
    const bad = record('a');
    const good = [record('a'), record('a'), record('a')];
    const done: number[] = [];
    const { lanes, dropped } = shard({}, async ({ Records }) => {
      if (Records.includes(bad)) throw new Error('poison');
      done.push(...numbers(Records));
      return undefined;
    });
    lanes.add([bad, ...good]);
    await lanes.settled();
    expect([dropped, done]).toEqual([numbers([bad]), numbers(good)]);
  });

  it('goes on from the record that the function names, and gives up after the retries', async () => {
    const all = [record('a'), record('a'), record('a')];
    const brought: number[][] = [];
    const { lanes, dropped } = shard({}, async ({ Records }) => {
      brought.push(numbers(Records));
      return { batchItemFailures: [{ itemIdentifier: all[1]!.dynamodb.SequenceNumber }] };
    });
    lanes.add(all);
    await lanes.settled();
    const rest = numbers(all.slice(1));
    expect([brought, dropped]).toEqual([[numbers(all), rest, rest], rest]);
  });

  it('brings nothing that is too old', async () => {
    const [old, young] = [record('a', 61_000), record('a')];
    const brought: number[] = [];
    const { lanes, dropped } = shard({}, async ({ Records }) => void brought.push(...numbers(Records)) as undefined);
    lanes.add([old, young]);
    await lanes.settled();
    expect([dropped, brought]).toEqual([numbers([old]), numbers([young])]);
  });
});

describe('the source', () => {
  it('obeys what the template says', () => {
    expect(synthesised().source).toMatchObject({
      batchSize: 500,
      parallel: 10,
      windowMs: 0,
      bisect: true,
      partial: true,
      start: 'LATEST',
      retries: 3,
      maxAgeMs: 120_000,
    });
  });

  it('asks the stream from the place and for as many as the settings say, and leaves out what the filters do', async () => {
    const asked: object[] = [];
    const brought: string[] = [];
    const records = ['F#1', 'M#1', 'STATE'].map((sk) => ({
      dynamodb: {
        Keys: { pk: { S: 'M#m' }, sk: { S: sk } },
        SequenceNumber: sk,
        ApproximateCreationDateTime: new Date(),
      },
    }));
    const send = async ({ input }: { readonly input: object }) => {
      asked.push(input);
      if ('ShardIterator' in input) return { Records: records };
      if ('ShardId' in input) return { ShardIterator: 'i' };
      return { StreamDescription: { Shards: [{ ShardId: 's' }] } };
    };
    const { source } = synthesised();
    const started = await startEventSource({ send } as unknown as Streams, 'arn', source, async ({ Records }) => {
      brought.push(...Records.map(({ dynamodb }) => dynamodb.Keys.sk!.S));
      return undefined;
    });
    await until(() => brought.length === 2);
    await started.stop();
    expect(asked).toMatchObject([{}, { ShardIteratorType: source.start }, { Limit: source.batchSize }]);
    expect(brought.sort()).toEqual(['F#1', 'STATE']);
    expect(started.troubles).toEqual([]);
    expect(source.filters.some((filter) => passes(filter, { dynamodb: { Keys: { sk: { S: 'L#1' } } } }))).toBe(false);
  });

  it('asks again after the last record that it had, or for all, where the stream cannot be asked', async () => {
    const asked: string[] = [];
    const brought: string[] = [];
    let calls = 0;
    const row = (SequenceNumber: string) => ({
      dynamodb: {
        Keys: { pk: { S: 'M#m' }, sk: { S: 'STATE' } },
        SequenceNumber,
        ApproximateCreationDateTime: new Date(),
      },
    });
    const send = async ({ input }: { readonly input: Readonly<Record<string, unknown>> }) => {
      if ('ShardIterator' in input) {
        calls++;
        if (calls === 1 || calls === 3) throw new Error('trimmed');
        return { Records: [row(`${calls}`)], ...(calls < 4 && { NextShardIterator: 'i' }) };
      }
      if ('ShardId' in input) {
        asked.push([input.ShardIteratorType, input.SequenceNumber ?? ''].join(' '));
        return { ShardIterator: 'i' };
      }
      return { StreamDescription: { Shards: [{ ShardId: 's' }] } };
    };
    const { source } = synthesised();
    const started = await startEventSource({ send } as unknown as Streams, 'arn', source, async ({ Records }) => {
      brought.push(...Records.map(({ dynamodb }) => dynamodb.SequenceNumber));
      return undefined;
    });
    await until(() => brought.length === 2);
    await started.stop();
    expect(asked).toEqual(['LATEST ', 'TRIM_HORIZON ', 'AFTER_SEQUENCE_NUMBER 2']);
    expect([brought, started.troubles.length]).toEqual([['2', '4'], 2]);
  });
});
