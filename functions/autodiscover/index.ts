/** Autodiscover over the load balancer: a login, and the name of this server. */
import { BASE_CONFIG, openBase } from '../../lib/cloud/base.ts';
import { albFunction } from '../../lib/cloud/lambda-alb.ts';
import { openCloudTable, TABLE_CONFIG } from '../../lib/cloud/table.ts';
import { createAutodiscover } from '../../lib/http/autodiscover.ts';
import { createAccounts } from '../../lib/identity/accounts.ts';
import { createAuthenticator } from '../../lib/identity/authenticator.ts';
import { TableMailboxes } from '../../lib/mailbox/mailboxes.ts';
import { readConfig } from '../../lib/ops/config.ts';

async function open() {
  const config = readConfig([...BASE_CONFIG, ...TABLE_CONFIG, 'hostName']);
  const base = openBase(config);
  const { clock, log } = base;
  const { table, blobs } = await openCloudTable(config, base);
  const mailboxes = new TableMailboxes({ table, blobs, clock });
  const authenticator = createAuthenticator({ accounts: createAccounts({ table, clock, mailboxes }), clock, log });
  const origin = `https://${config.hostName}`;
  return { ...base, handler: createAutodiscover({ authenticator, now: () => clock.now(), origin }) };
}

export const handler = albFunction(open());
