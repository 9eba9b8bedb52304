import { DescribeTableCommand, DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { StandardRetryStrategy } from '@smithy/core/retry';
import type { Clock } from '../../ops/clock.ts';
import type { Log } from '../../ops/log.ts';
import { limit } from '../limits.ts';
import { type Blobs, type Feed, type Store, StoreUnavailable, type TableName } from '../ports.ts';
import { StreamsFeed } from './streams-feed.ts';
import { DynamoTable } from './table.ts';
import { createTables } from './tables.ts';

export interface DynamoStoreOptions {
  /** Of a local server or a VPC endpoint; the SDK's own choice (also `AWS_ENDPOINT_URL`) when absent. */
  readonly endpoint?: string;
  readonly region?: string;
  /** The SDK's own chain when absent. */
  readonly credentials?: DynamoDBClientConfig['credentials'];
  /** Names of the tables, or what is put before `mailboxes`, `devices`, `directory`. Default `direct-push-`. */
  readonly names?: Readonly<Record<TableName, string>>;
  readonly tablePrefix?: string;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Log;
  /** Make the tables that do not exist. For tests and embedded use. */
  readonly create?: boolean;
  /** Follow the stream of `mailboxes`, so that `feed` can be subscribed to. Default true; functions say false. */
  readonly follow?: boolean;
  /** Between two reads of a quiet shard. Default 250: AWS takes five reads a second of each shard. */
  readonly pollMs?: number;
  /** Connections kept to DynamoDB, and operations under way; the rest wait for their turn. Default 128. */
  readonly maxSockets?: number;
  /** Default 3,000, since a small task that takes a thousand connections may look up only after a second; and 5,000. */
  readonly connectionTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** Attempts at reads and transactions, the first included. Default 4. */
  readonly maxAttempts?: number;
}

/** @throws Error when the tables cannot be followed or made. `blobs` are the caller's to close. */
export async function openDynamoStore(options: DynamoStoreOptions): Promise<Store> {
  const { clock, log, blobs } = options;
  const names = options.names ?? prefixed(options.tablePrefix ?? 'direct-push-');
  const pollMs = limit('pollMs', options.pollMs ?? 250, 1, 60_000);
  const maxSockets = limit('maxSockets', options.maxSockets ?? 128, 1, 10_000);
  const config = clientConfig(options, maxSockets);
  const retryStrategy = new RetriesOfTrouble(limit('maxAttempts', options.maxAttempts ?? 4, 1, 20));
  const repeating = new DynamoDBClient({ ...config, retryStrategy });
  // Connections and credentials are shared.
  const { requestHandler, credentials } = repeating.config;
  const once = new DynamoDBClient({ ...config, requestHandler, credentials, maxAttempts: 1 });
  const streams = new DynamoDBStreamsClient({ ...config, requestHandler, credentials });
  let feed: StreamsFeed | undefined;
  const close = async () => {
    feed?.close();
    for (const client of [repeating, once, streams]) client.destroy();
  };
  try {
    if (options.create) await createTables(repeating, names, clock);
    if (options.follow ?? true) {
      const { Table } = await repeating.send(new DescribeTableCommand({ TableName: names.mailboxes }));
      if (!Table?.LatestStreamArn) throw new Error(`table ${names.mailboxes} has no stream`);
      feed = new StreamsFeed(streams, Table.LatestStreamArn, { clock, log, pollMs });
      await feed.start();
    }
  } catch (error) {
    await close();
    throw error;
  }
  const table = new DynamoTable({ repeating, once }, names, clock, maxSockets);
  return { table, feed: feed ?? NO_FEED, blobs, close };
}

type Refresh = StandardRetryStrategy['refreshRetryTokenForRetry'];

/**
 * Trouble on the way is met again at once. What is throttled comes back to the table, which waits without keeping a
 * connection from others, and without a budget that a herd uses up in its first second.
 */
class RetriesOfTrouble extends StandardRetryStrategy {
  override async refreshRetryTokenForRetry(...[token, info]: Parameters<Refresh>): ReturnType<Refresh> {
    if (info.errorType === 'THROTTLING') throw new Error('throttled');
    return super.refreshRetryTokenForRetry(token, info);
  }
}

const NO_FEED: Feed = {
  subscribe() {
    throw new StoreUnavailable('this store was opened without following its stream');
  },
};

export function prefixed(prefix: string): Record<TableName, string> {
  return { mailboxes: `${prefix}mailboxes`, devices: `${prefix}devices`, directory: `${prefix}directory` };
}

function clientConfig(options: DynamoStoreOptions, maxSockets: number): DynamoDBClientConfig {
  // A few more than there are operations: the stream is read through them too, and an answer may still be on its way.
  const agent = { keepAlive: true, maxSockets: maxSockets + 16 };
  return {
    ...(options.endpoint && { endpoint: options.endpoint }),
    ...(options.region && { region: options.region }),
    ...(options.credentials && { credentials: options.credentials }),
    requestHandler: {
      connectionTimeout: limit('connectionTimeoutMs', options.connectionTimeoutMs ?? 3000, 1, 60_000),
      requestTimeout: limit('requestTimeoutMs', options.requestTimeoutMs ?? 5000, 1, 300_000),
      // Without this a late answer is only warned of.
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
}
