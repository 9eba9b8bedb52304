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

export const TABLES: readonly TableName[] = ['mailboxes', 'devices', 'directory'];

/** How one table is made. */
export const TABLE_TRAITS: Readonly<Record<TableName, { readonly stream: boolean; readonly ttl: boolean }>> = {
  mailboxes: { stream: true, ttl: true },
  devices: { stream: false, ttl: true },
  directory: { stream: false, ttl: false },
};

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
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'S' },
          ],
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          ...(stream && { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } }),
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
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
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
