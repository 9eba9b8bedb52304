/** Makes the tables for tests and embedded use; in the cloud the infrastructure code makes the same ones. */
import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  DynamoDBServiceException,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { type Clock, sleep } from '../../ops/clock.ts';
import type { TableName } from '../ports.ts';
import { PARTITION_KEY, SORT_KEY, STREAM_VIEW, TABLE_TRAITS, TABLES, TTL_ATTRIBUTE } from './traits.ts';

const ACTIVE_WAIT_MS = 250;
const ACTIVE_ATTEMPTS = 240;

/** Makes the tables that do not exist yet, and waits until all can be used. */
export async function createTables(
  client: DynamoDBClient,
  names: Readonly<Record<TableName, string>>,
  clock: Clock,
): Promise<void> {
  for (const table of TABLES) {
    const { stream, ttl } = TABLE_TRAITS[table];
    try {
      await client.send(
        new CreateTableCommand({
          TableName: names[table],
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: PARTITION_KEY, AttributeType: 'S' },
            { AttributeName: SORT_KEY, AttributeType: 'S' },
          ],
          KeySchema: [
            { AttributeName: PARTITION_KEY, KeyType: 'HASH' },
            { AttributeName: SORT_KEY, KeyType: 'RANGE' },
          ],
          ...(stream && { StreamSpecification: { StreamEnabled: true, StreamViewType: STREAM_VIEW } }),
        }),
      );
    } catch (error) {
      if (!(error instanceof DynamoDBServiceException && error.name === 'ResourceInUseException')) throw error;
      continue;
    }
    await active(client, names[table], clock);
    if (!ttl) continue;
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: names[table],
        TimeToLiveSpecification: { AttributeName: TTL_ATTRIBUTE, Enabled: true },
      }),
    );
  }
  for (const table of TABLES) await active(client, names[table], clock);
}

async function active(client: DynamoDBClient, name: string, clock: Clock): Promise<void> {
  for (let attempt = 0; attempt < ACTIVE_ATTEMPTS; attempt++) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await sleep(clock, ACTIVE_WAIT_MS);
  }
  throw new Error(`table ${name} does not become active`);
}
