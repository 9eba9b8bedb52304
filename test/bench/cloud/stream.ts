import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
import type { Cloud } from '../../cloud/support/cloud.ts';
import { until } from '../../cloud/support/until.ts';

/** What the stream itself takes: from the acknowledged write of a row to its record in the hands of a poller that never rests. */
export async function streamDelays({ client, streamArn, store }: Cloud, samples: number): Promise<number[]> {
  const streams = new DynamoDBStreamsClient(client);
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: streamArn }));
  const seen = new Map<string, number>();
  let stopped = false;
  const iteratorOf = async (ShardId: string) => {
    const from = { StreamArn: streamArn, ShardId, ShardIteratorType: 'LATEST' } as const;
    return (await streams.send(new GetShardIteratorCommand(from))).ShardIterator;
  };
  const follow = async (from: string | undefined) => {
    let ShardIterator = from;
    while (ShardIterator && !stopped) {
      const { Records = [], NextShardIterator } = await streams.send(new GetRecordsCommand({ ShardIterator }));
      const now = performance.now();
      for (const { dynamodb } of Records) if (dynamodb?.Keys?.sk?.S) seen.set(dynamodb.Keys.sk.S, now);
      ShardIterator = NextShardIterator;
    }
  };
  // All of them before the first write: what is older they do not see.
  const iterators = await Promise.all((StreamDescription?.Shards ?? []).map(({ ShardId }) => iteratorOf(ShardId!)));
  const following = iterators.map(follow);
  const delays: number[] = [];
  for (let n = 0; n < samples; n++) {
    // No row that the wake function is told of.
    const sk = `P#${n}`;
    await store.table.transact([{ op: 'put', table: 'mailboxes', row: { pk: 'PROBE', sk } }]);
    const written = performance.now();
    await until(() => seen.has(sk), 60_000);
    delays.push(Math.max(0, seen.get(sk)! - written));
  }
  stopped = true;
  await Promise.all(following);
  streams.destroy();
  return delays;
}
