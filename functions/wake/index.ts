/** Changes of the mailboxes' stream to the tasks that hold requests for them. */
import middy from '@middy/core';
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { BASE_CONFIG, openBase } from '../../lib/cloud/base.ts';
import { wakeFromStream } from '../../lib/cloud/stream.ts';
import { openCloudTable, TABLE_CONFIG } from '../../lib/cloud/table.ts';
import { openTransport, openWaker, wakeConfig } from '../../lib/cloud/waking.ts';
import { readConfig } from '../../lib/ops/config.ts';

/**
 * A batch waits for the one before it: a read that hangs is given up long before the function's time is over, and the
 * batch comes again.
 */
const PATIENCE = { requestTimeoutMs: 2000, maxAttempts: 3 } as const;

async function open() {
  const config = readConfig([...BASE_CONFIG, ...TABLE_CONFIG, 'wakeTransport']);
  const base = openBase(config);
  const { table } = await openCloudTable(config, base, undefined, PATIENCE);
  const waker = openWaker(openTransport({ ...config, ...wakeConfig(config) }, table, base), table, base);
  return { ...base, waker };
}

const opening = open();

export const handler = middy<DynamoDBStreamEvent, DynamoDBBatchResponse>()
  .after(async () => (await opening).metrics.flush())
  .handler(async (event: DynamoDBStreamEvent) => wakeFromStream(event, await opening));
