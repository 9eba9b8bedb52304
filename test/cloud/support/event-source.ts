/** Polls a stream of DynamoDB for a function, by the settings of its event source mapping. */
import {
  type _Record,
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
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
  stop(): Promise<void>;
}

export type LambdaRecord = ReturnType<typeof lambdaRecord>;

const POLL_MS = 25;

export async function startEventSource(
  client: DynamoDBStreamsClient,
  stream: string,
  settings: Synthesised['source'],
  invoke: (event: { Records: LambdaRecord[] }) => Promise<{ batchItemFailures?: { itemIdentifier: string }[] }>,
): Promise<EventSource> {
  const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn: stream }));
  const stopped = { is: false };
  const state = { dropped: [] as LambdaRecord[][], twice: false, shuffleMs: 0, batches: 0 };
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  async function deliver(given: LambdaRecord[], attempt = 0): Promise<void> {
    const oldest = (Date.now() - settings.maxAgeMs) / 1000;
    const records = given.filter(({ dynamodb }) => dynamodb.ApproximateCreationDateTime >= oldest);
    if (records.length < given.length) state.dropped.push(given.filter((record) => !records.includes(record)));
    if (records.length === 0 || stopped.is) return;
    state.batches++;
    try {
      const { batchItemFailures = [] } = (await invoke({ Records: records })) ?? {};
      const first = records.findIndex(({ dynamodb }) =>
        batchItemFailures.some(({ itemIdentifier }) => itemIdentifier === dynamodb.SequenceNumber),
      );
      if (first < 0) return;
      if (attempt >= settings.retries) return void state.dropped.push(records.slice(first));
      await pause(POLL_MS);
      await deliver(records.slice(first), attempt + 1);
    } catch {
      if (attempt >= settings.retries) return void state.dropped.push(records);
      await pause(POLL_MS);
      const half = Math.ceil(records.length / 2);
      // Halves, so that one bad record does not take the others with it.
      await deliver(records.slice(0, half), attempt + 1);
      await deliver(records.slice(half), attempt + 1);
    }
  }

  async function follow(shard: string): Promise<void> {
    const gathered: LambdaRecord[] = [];
    let gatheredAt = 0;
    let iterator = (
      await client.send(new GetShardIteratorCommand({ StreamArn: stream, ShardId: shard, ShardIteratorType: 'LATEST' }))
    ).ShardIterator;
    ready();
    while (iterator && !stopped.is) {
      const { Records = [], NextShardIterator } = await client.send(
        new GetRecordsCommand({ ShardIterator: iterator, Limit: settings.batchSize }),
      );
      iterator = NextShardIterator;
      const wanted = Records.map(lambdaRecord).filter((one) => settings.filters.some((filter) => passes(filter, one)));
      if (state.shuffleMs > 0 || gathered.length > 0) {
        if (wanted.length > 0 && gathered.length === 0) gatheredAt = performance.now();
        gathered.push(...wanted);
        if (gathered.length > 0 && performance.now() - gatheredAt >= state.shuffleMs) {
          for (const batch of byMailbox(gathered.splice(0)).reverse()) {
            await deliver(batch);
            if (state.twice) await deliver(batch);
          }
        }
      } else await deliver(state.twice ? wanted.flatMap((one) => [one, one]) : wanted);
      if (Records.length === 0) await pause(POLL_MS);
    }
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
