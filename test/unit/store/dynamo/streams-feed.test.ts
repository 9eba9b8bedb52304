/** A stream that splits, trims, expires and fails, as a script of what its shards answer. */
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../../../lib/ops/clock.ts';
import { silentLog } from '../../../../lib/ops/log.ts';
import { StreamsFeed, toFeedRecord } from '../../../../lib/store/dynamo/streams-feed.ts';
import { FakeClock, settle } from '../../../support/fake-clock.ts';
import { type Behaviour, type Call, flakyProxy } from '../../../support/flaky-proxy.ts';

interface ScriptedShard {
  readonly parent?: string;
  /** Records so far; the sequence number of one is its place. */
  readonly records: string[];
  /** Times of the records, epoch seconds; now where absent. */
  readonly times?: readonly number[];
  closed?: boolean;
  /** Says an end in its description, and goes on all the same. */
  readonly ending?: boolean;
  /** Hidden from the stream's description. */
  unlisted?: boolean;
}

type Fault = (call: Call) => Behaviour | undefined;

/** Iterators are `shard:place`. */
async function open(shards: Record<string, ScriptedShard>, clock: Clock = systemClock) {
  const proxy = await flakyProxy();
  let fault: Fault = () => undefined;
  const asked: string[] = [];
  proxy.behave = (call) => {
    const failed = fault(call);
    if (failed) return failed;
    if (call.operation === 'DescribeStream') return { answer: describe(shards, call.input.ExclusiveStartShardId) };
    if (call.operation === 'GetShardIterator') {
      const { ShardId, ShardIteratorType, SequenceNumber } = call.input as Record<string, string>;
      asked.push(`${ShardId} ${ShardIteratorType}`);
      const { records } = shards[ShardId!]!;
      const place =
        ShardIteratorType === 'LATEST'
          ? records.length
          : ShardIteratorType === 'TRIM_HORIZON'
            ? 0
            : Number(SequenceNumber) + 1;
      return { answer: { ShardIterator: `${ShardId}:${place}` } };
    }
    return { answer: read(shards, String(call.input.ShardIterator)) };
  };
  const client = new DynamoDBStreamsClient({
    endpoint: proxy.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  const feed = new StreamsFeed(client, 'arn:stream', { clock, log: silentLog, pollMs: 2 });
  onTestFinished(() => {
    feed.close();
    client.destroy();
  });
  const told: string[] = [];
  let check = () => {};
  feed.subscribe((records) => {
    told.push(...records.map(({ pk }) => pk));
    check();
  });
  const until = (last: string) =>
    new Promise<void>((resolve) => {
      check = () => told.at(-1) === last && resolve();
      check();
    });
  const fail = (next: Fault) => {
    fault = next;
  };
  return { feed, told, until, asked, proxy, fail };
}

/** Two shards a page. */
function describe(shards: Record<string, ScriptedShard>, start: unknown): object {
  const listed = Object.entries(shards).filter(([, { unlisted }]) => !unlisted);
  const from = start ? listed.findIndex(([id]) => id === start) + 1 : 0;
  const page = listed.slice(from, from + 2);
  return {
    StreamDescription: {
      Shards: page.map(([ShardId, { parent, closed, ending }]) => ({
        ShardId,
        ParentShardId: parent,
        SequenceNumberRange: { StartingSequenceNumber: '0', ...((closed || ending) && { EndingSequenceNumber: '9' }) },
      })),
      LastEvaluatedShardId: from + 2 < listed.length ? page.at(-1)?.[0] : undefined,
    },
  };
}

function read(shards: Record<string, ScriptedShard>, iterator: string): object {
  const [id, from] = iterator.split(':') as [string, string];
  const { records, times, closed } = shards[id]!;
  // One record at a time.
  const place = Number(from);
  const Records = records.slice(place, place + 1).map((pk) => ({
    eventName: 'MODIFY',
    dynamodb: {
      ApproximateCreationDateTime: times?.[place] ?? Math.floor(Date.now() / 1000),
      Keys: { pk: { S: pk }, sk: { S: 'F#1' } },
      NewImage: { pk: { S: pk }, sk: { S: 'F#1' } },
      SequenceNumber: String(place),
    },
  }));
  const next = place + Records.length;
  return { Records, ...(!(closed && next >= records.length) && { NextShardIterator: `${id}:${next}` }) };
}

it('tells nothing of before the start, and everything after', async () => {
  const shards = { a: { records: ['old'] } };
  const { feed, told, until } = await open(shards);
  await feed.start();
  shards.a.records.push('1', '2');
  await until('2');
  expect(told).toEqual(['1', '2']);
});

it('reads a child from its beginning, after the end of its parent', async () => {
  const shards: Record<string, ScriptedShard> = { a: { records: [] } };
  const { feed, told, until, asked } = await open(shards);
  await feed.start();
  // The description lists the child before the parent's last records were read.
  shards.b = { parent: 'a', records: ['3', '4'] };
  shards.a?.records.push('1', '2');
  shards.a!.closed = true;
  await until('4');
  shards.c = { parent: 'b', records: ['5'], closed: true };
  shards.d = { parent: 'c', records: ['6'] };
  shards.b!.closed = true;
  await until('6');
  expect(told).toEqual(['1', '2', '3', '4', '5', '6']);
  expect(asked).toEqual(['a LATEST', 'b TRIM_HORIZON', 'c TRIM_HORIZON', 'd TRIM_HORIZON']);
});

it('leaves shards alone that had ended before the start, and follows all pages of the others', async () => {
  const shards: Record<string, ScriptedShard> = {
    a: { records: ['old'], closed: true },
    b: { parent: 'a', records: ['old'] },
    c: { parent: 'a', records: ['old'] },
    d: { records: [] },
    e: { records: [] },
  };
  const { feed, told, until, asked } = await open(shards);
  await feed.start();
  expect(asked.toSorted()).toEqual(['b LATEST', 'c LATEST', 'd LATEST', 'e LATEST']);
  shards.e?.records.push('1');
  await until('1');
  shards.b?.records.push('2');
  await until('2');
  expect(told).toEqual(['1', '2']);
});

it('reads on in a shard that says it had ended and has no child, as a shard of Dynoxide always does', async () => {
  const shards: Record<string, ScriptedShard> = { a: { records: ['old'], ending: true } };
  const { feed, told, until } = await open(shards);
  await feed.start();
  shards.a?.records.push('1');
  await until('1');
  expect(told).toEqual(['1']);
});

it('finds a child whose parent ended between the description and its iterator', async () => {
  const shards: Record<string, ScriptedShard> = { a: { records: ['old'] } };
  const { feed, told, until, fail } = await open(shards);
  fail(({ operation }) => {
    if (operation === 'GetShardIterator' && !shards.b) {
      shards.a!.closed = true;
      shards.b = { parent: 'a', records: ['1'] };
    }
    return undefined;
  });
  await feed.start();
  await until('1');
  expect(told).toEqual(['1']);
});

it('goes on after its last record when an iterator expires', async () => {
  const shards = { a: { records: [] as string[] } };
  const { feed, told, until, asked, fail } = await open(shards);
  await feed.start();
  shards.a.records.push('1');
  await until('1');
  let expired = false;
  fail(({ operation }) => {
    if (operation !== 'GetRecords' || expired) return undefined;
    expired = true;
    shards.a.records.push('2');
    return { error: 'ExpiredIteratorException' };
  });
  await until('2');
  expect(told).toEqual(['1', '2']);
  expect(asked.at(-1)).toBe('a AFTER_SEQUENCE_NUMBER');
});

it('does not tell the old again when an iterator expires before the first record', async () => {
  const shards = { a: { records: ['ancient'], times: [1] } };
  const { feed, told, until, asked, fail } = await open(shards);
  let expired = false;
  fail(({ operation }) => {
    if (operation !== 'GetRecords' || expired) return undefined;
    expired = true;
    shards.a.records.push('1');
    return { error: 'ExpiredIteratorException' };
  });
  await feed.start();
  await until('1');
  expect(told).toEqual(['1']);
  expect(asked).toEqual(['a LATEST', 'a TRIM_HORIZON']);
});

it('goes on from what is left when its place was trimmed', async () => {
  const shards = { a: { records: [] as string[] } };
  const { feed, until, asked, fail } = await open(shards);
  await feed.start();
  shards.a.records.push('1');
  await until('1');
  let trimmed = false;
  fail(({ operation }) => {
    if (operation !== 'GetRecords' || trimmed) return undefined;
    trimmed = true;
    shards.a.records.push('2');
    return { error: 'TrimmedDataAccessException' };
  });
  await until('2');
  expect(asked.at(-1)).toBe('a TRIM_HORIZON');
});

it('leaves a shard that is gone, and its children have their turn', async () => {
  const shards: Record<string, ScriptedShard> = { a: { records: [] } };
  const { feed, until, fail } = await open(shards);
  await feed.start();
  shards.b = { parent: 'a', records: ['1'] };
  shards.a!.unlisted = true;
  fail(({ operation, input }) =>
    operation === 'GetRecords' && String(input.ShardIterator).startsWith('a:')
      ? { error: 'ResourceNotFoundException' }
      : undefined,
  );
  await until('1');
});

it.each([
  ['drop', 'drop'],
  ['throttling', { error: 'LimitExceededException' }],
  ['server errors', { error: 'InternalServerError', status: 500 }],
] as const)('gets over %s, wherever it happens', async (_, behaviour) => {
  const shards: Record<string, ScriptedShard> = { a: { records: [] } };
  const { feed, told, until, fail } = await open(shards);
  await feed.start();
  let calls = 0;
  fail(() => (calls++ % 3 === 0 ? undefined : behaviour));
  shards.a?.records.push('1', '2');
  shards.a!.closed = true;
  shards.b = { parent: 'a', records: ['3'] };
  await until('3');
  expect(told).toEqual(['1', '2', '3']);
});

it('says at the start when the stream cannot be read', async () => {
  const { feed, fail } = await open({ a: { records: [] } });
  fail(() => ({ error: 'ResourceNotFoundException' }));
  await expect(feed.start()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

it('asks nothing more once it is closed', async () => {
  const clock = new FakeClock();
  const { feed, proxy } = await open({ a: { records: [] } }, clock);
  await feed.start();
  // The wait of the quiet shard, and that for the next look for shards.
  while (clock.pending < 2) await settle();
  feed.close();
  await settle();
  expect(clock.pending).toBe(0);
  const calls = proxy.calls.length;
  await clock.advance(60_000);
  expect(proxy.calls.length).toBe(calls);
});

it.each([
  ['STATE', true],
  ['F#1', true],
  ['M#1#A', false],
  ['L#1#1', false],
  ['FX', false],
])('of %s rows tells: %s', (sk, tells) => {
  const record = toFeedRecord({ dynamodb: { Keys: { pk: { S: 'U#a' }, sk: { S: sk } } } });
  expect(record).toEqual(tells ? { pk: 'U#a', sk, row: undefined } : undefined);
});
