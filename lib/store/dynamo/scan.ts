import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Row } from '../ports.ts';
import { readError } from './errors.ts';
import { toRow } from './marshal.ts';

/** Bounds the memory of one page; DynamoDB itself ends it at 1 MB. */
const PAGE = 500;

/**
 * All rows of a table in pages, each strongly read and no two at the same time. For backups alone: no process of the
 * product may scan. @throws StoreUnavailable
 */
export async function* scan(client: DynamoDBClient, TableName: string): AsyncGenerator<readonly Row[]> {
  let ExclusiveStartKey: Record<string, { S: string }> | undefined;
  do {
    try {
      const page = await client.send(
        new ScanCommand({ TableName, ExclusiveStartKey, ConsistentRead: true, Limit: PAGE }),
      );
      ExclusiveStartKey = page.LastEvaluatedKey as typeof ExclusiveStartKey;
      yield (page.Items ?? []).map(toRow);
    } catch (error) {
      throw readError(error);
    }
  } while (ExclusiveStartKey);
}
