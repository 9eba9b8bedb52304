/**
 * The end-to-end tests run twice: over SQLite with one lane, and (`E2E=cloud`) over DynamoDB with both, requests divided
 * by the rules of the load balancer and given to the lambda lane as the events that it makes of them.
 */
import path from 'node:path';
import type { EmbeddedInput } from '../../lib/embedded/options.ts';
import type { StartSettings } from '../../lib/embedded/start.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { lanes } from '../cloud/support/lanes.ts';
import { dynamoServer } from '../support/servers/dynamodb.ts';

const CLOUD = process.env.E2E === 'cloud';

/** Where the store of a server under test is. Two with one data folder share it. */
export async function storeInput({ dataDir, ...input }: EmbeddedInput): Promise<EmbeddedInput> {
  if (!CLOUD || !dataDir) return { dataDir, ...input };
  process.env.AWS_ACCESS_KEY_ID ??= 'test';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
  const { endpoint } = await dynamoServer('dynoxide');
  const tablePrefix = `${path.basename(dataDir).replace(/[^\w.-]/g, '')}-`;
  return { dataDir, store: 'dynamodb', endpoint, tablePrefix, ...input };
}

/** Who answers in a server under test. */
export function frontSettings({ clock = systemClock, log = silentLog }: StartSettings): Pick<StartSettings, 'front'> {
  return CLOUD ? { front: lanes(clock, log) } : {};
}
