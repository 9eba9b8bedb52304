import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Domain } from '../embedded/domain.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/log.ts';
import { noMetrics } from '../ops/metrics.ts';
import { scan } from '../store/dynamo/scan.ts';
import type { BackupSource } from './backup.ts';
import { openCloudDomain } from './domain.ts';
import { openRecoveryVault } from './recovery-key.ts';
import { readStack, type Where } from './stack.ts';

export interface Administration extends BackupSource {
  readonly domain: Domain;
  close(): Promise<void>;
}

/**
 * A deployed stack for the command line. Nothing is followed and nobody is woken from here: the stream tells the
 * holders of whatever is changed.
 * @throws AwsTrouble
 */
export async function openAdministration(
  stack: string,
  where: Where,
  base: { readonly clock: Clock; readonly log: Log },
): Promise<Administration> {
  const deployed = await readStack(stack, where);
  const config = { ...deployed, endpoint: where.endpoint };
  const domain = await openCloudDomain(config, { ...base, metrics: noMetrics }, { openVault: openRecoveryVault });
  const client = new DynamoDBClient({ ...where, region: deployed.region });
  return {
    domain,
    scan: (table) => scan(client, deployed[`${table}Table`]),
    async close() {
      client.destroy();
      await domain.close();
    },
  };
}
