/** Polls a stream of DynamoDB for a function, by the settings of its event source mapping. */
import {
  type _Record,
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type ShardIteratorType,
} from '@aws-sdk/client-dynamodb-streams';
import { type Invoke, pause, shardLanes } from './batches.ts';
import type { Synthesised } from './template.ts';

export interface EventSource {
  /** Batches that were given up. */
  readonly dropped: readonly LambdaRecord[][];
  /** Also brings every record twice, as a stream that is delivered at least once may. */
  twice: boolean;
  /**
   * Gathers records for this long and then brings those of one mailbox after those of another, last mailbox first: as
   * many shards and ten batches of each at once may. The order of one mailbox stays.
   */
  shuffleMs: number;
  /** Batches that were brought. */
  readonly batches: number;
  /** What the stream could not be asked for; it was asked again. */
  readonly troubles: readonly unknown[];
  stop(): Promise<void>;
}

export type LambdaRecord = ReturnType<typeof lambdaRecord>;

/** What is used of the client of streams. */
export type Streams = Pick<DynamoDBStreamsClient, 'send'>;

export const POLL_MS = 25;

export async function startEventSource(
  client: Streams,
  stream: string,
  settings: Synthesised['source'],
  invoke: Invoke,
): Promise<EventSource> {
  const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn: stream }));
  const stopped = { is: false };
  const state = { dropped: [] as LambdaRecord[][], twice: false, shuffleMs: 0, batches: 0, troubles: [] as unknown[] };
  const counted: Invoke = (event) => {
    state.batches++;
    return invoke(event);
  };
  const all: { settled(): Promise<unknown> }[] = [];

  async function follow(shard: string): Promise<void> {
    const lanes = shardLanes(settings, counted, (records) => state.dropped.push(records), stopped);
    all.push(lanes);
    const gathered: LambdaRecord[] = [];
    let gatheredAt = 0;
    let last: string | undefined;
    let iterator = await iteratorOf(shard, settings.start);
    ready();
    while (iterator && !stopped.is) {
      const answer = await read(iterator);
      if (!answer) {
        await pause(POLL_MS);
        iterator = await again(shard, last);
        continue;
      }
      const { Records = [], NextShardIterator } = answer;
      iterator = NextShardIterator;
      last = Records.at(-1)?.dynamodb?.SequenceNumber ?? last;
      const wanted = Records.map(lambdaRecord).filter((one) => settings.filters.some((filter) => passes(filter, one)));
      if (state.shuffleMs > 0 || gathered.length > 0) {
        if (wanted.length > 0 && gathered.length === 0) gatheredAt = performance.now();
        gathered.push(...wanted);
        if (gathered.length > 0 && performance.now() - gatheredAt >= state.shuffleMs) {
          for (const batch of byMailbox(gathered.splice(0)).reverse()) {
            lanes.add(batch);
            if (state.twice) lanes.add(batch);
            // One mailbox after the other, whatever lanes they have.
            await lanes.settled();
          }
        }
      } else lanes.add(state.twice ? wanted.flatMap((one) => [one, one]) : wanted);
      if (Records.length === 0) await pause(POLL_MS);
    }
  }

  async function iteratorOf(ShardId: string, type: ShardIteratorType, SequenceNumber?: string) {
    const from = { StreamArn: stream, ShardId, ShardIteratorType: type, ...(SequenceNumber && { SequenceNumber }) };
    return (await client.send(new GetShardIteratorCommand(from))).ShardIterator;
  }

  async function read(ShardIterator: string) {
    try {
      return await client.send(new GetRecordsCommand({ ShardIterator, Limit: settings.batchSize }));
    } catch (error) {
      state.troubles.push(error);
      return undefined;
    }
  }

  /** After what was brought; from the beginning where that was nothing, as a source brings at least once. */
  async function again(shard: string, last: string | undefined): Promise<string | undefined> {
    while (!stopped.is) {
      try {
        return await iteratorOf(shard, last === undefined ? 'TRIM_HORIZON' : 'AFTER_SEQUENCE_NUMBER', last);
      } catch (error) {
        state.troubles.push(error);
        await pause(POLL_MS);
      }
    }
    return undefined;
  }

  let ready = () => {};
  const begun = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const following = Promise.all((StreamDescription?.Shards ?? []).map(({ ShardId }) => follow(ShardId!)));
  following.catch(() => {});
  await begun;
  return Object.assign(state, {
    async stop() {
      stopped.is = true;
      await following.catch(() => {});
      await Promise.all(all.map((lanes) => lanes.settled()));
    },
  });
}

function byMailbox(records: readonly LambdaRecord[]): LambdaRecord[][] {
  const groups = new Map<string, LambdaRecord[]>();
  for (const record of records) {
    const { S } = record.dynamodb.Keys.pk!;
    groups.set(S, [...(groups.get(S) ?? []), record]);
  }
  return [...groups.values()];
}

/** Times in seconds, bytes in base64: JSON, as a Lambda gets it. */
function lambdaRecord({ eventID, eventName, dynamodb }: _Record) {
  const json = JSON.parse(
    JSON.stringify(dynamodb, (_, value) =>
      value?.type === 'Buffer' ? Buffer.from(value.data).toString('base64') : value,
    ),
  );
  return {
    eventID,
    eventName,
    eventSource: 'aws:dynamodb',
    dynamodb: {
      ...json,
      ApproximateCreationDateTime: Math.floor(Date.parse(json.ApproximateCreationDateTime) / 1000),
    } as {
      Keys: Record<string, { S: string }>;
      NewImage?: object;
      SequenceNumber: string;
      ApproximateCreationDateTime: number;
    },
  };
}

/** Event filtering: every name of the pattern must hold; a list holds when one of it does. */
export function passes(filter: unknown, given: unknown): boolean {
  if (Array.isArray(filter)) return filter.some((one) => fits(one, given));
  if (typeof given !== 'object' || given === null) return false;
  return Object.entries(filter as object).every(([name, inner]) =>
    passes(inner, (given as Record<string, unknown>)[name]),
  );
}

function fits(one: unknown, given: unknown): boolean {
  if (typeof one !== 'object' || one === null) return one === given;
  const { prefix } = one as { prefix?: string };
  return prefix !== undefined && typeof given === 'string' && given.startsWith(prefix);
}
