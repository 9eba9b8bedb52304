/**
 * The end-to-end tests run twice: over SQLite with one lane, and (`E2E=cloud`) over DynamoDB with both, requests divided
 * by the rules of the load balancer and given to the lambda lane as the events that it makes of them.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import path from 'node:path';
import type { EmbeddedInput } from '../../lib/embedded/options.ts';
import type { StartSettings } from '../../lib/embedded/start.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { lanes } from '../cloud/support/lanes.ts';
import { dynamoServer } from '../support/servers/dynamodb.ts';

const CLOUD = process.env.E2E === 'cloud';

/** Seconds after which a request that is not answered counts as held, for those who know by real time alone. */
export const PATIENCE_S = CLOUD ? 1 : 0.05;

/** Where the store of a server under test is. Two with one data folder share it. */
export async function storeInput({ dataDir, ...input }: EmbeddedInput): Promise<EmbeddedInput> {
  if (!CLOUD || !dataDir) return { dataDir, ...input };
  process.env.AWS_ACCESS_KEY_ID ??= 'test';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
  const { endpoint } = await dynamoServer('dynoxide');
  watch(new URL(endpoint).host);
  const tablePrefix = `${path.basename(dataDir).replace(/[^\w.-]/g, '')}-`;
  return { dataDir, store: 'dynamodb', endpoint, tablePrefix, ...input };
}

/** Who answers in a server under test. */
export function frontSettings({ clock = systemClock, log = silentLog }: StartSettings): Pick<StartSettings, 'front'> {
  return CLOUD ? { front: lanes(clock, log) } : {};
}

const watched = new Set<string>();
let asking = 0;

/** Counts what this process asks of the store and has no answer for. */
function watch(host: string): void {
  const first = watched.size === 0;
  watched.add(host);
  if (!first) return;
  subscribe('http.client.request.start', (message) => {
    const { request } = message as { readonly request: ClientRequest };
    if (!watched.has(`${request.getHeader('host')}`)) return;
    asking++;
    request.once('close', () => asking--);
  });
}

/**
 * Resolves when the store has answered whatever it was asked. SQLite answers within the turn; a database behind a
 * socket would have hours to answer in, were a test's clock to run on meanwhile.
 */
export async function storeAnswered(): Promise<void> {
  if (!CLOUD) return;
  for (let quiet = 0; quiet < 3; quiet = asking === 0 ? quiet + 1 : 0) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
