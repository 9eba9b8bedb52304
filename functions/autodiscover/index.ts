/** Autodiscover over the load balancer: a login, and the name of this server. */
import { BASE_CONFIG, openBase } from '../../lib/cloud/base.ts';
import { albFunction } from '../../lib/cloud/lambda-alb.ts';
import { AUTH_CONFIG, openCloudTable, TABLE_CONFIG } from '../../lib/cloud/table.ts';
import { openAuthenticator } from '../../lib/embedded/authentication.ts';
import { createAutodiscover } from '../../lib/http/autodiscover.ts';
import { createAccounts } from '../../lib/identity/accounts.ts';
import { createDomains } from '../../lib/identity/domains.ts';
import { TableMailboxes } from '../../lib/mailbox/mailboxes.ts';
import { readConfig } from '../../lib/ops/config.ts';
import { passwordOptions } from '../../lib/protocol/password-age.ts';

async function open() {
  const config = readConfig([...BASE_CONFIG, ...TABLE_CONFIG, ...AUTH_CONFIG, 'hostName']);
  const base = openBase(config);
  const { clock, log } = base;
  const { table, blobs } = await openCloudTable(config, base);
  const mailboxes = new TableMailboxes({ table, blobs, clock });
  const accounts = createAccounts({ table, clock, mailboxes });
  const authenticator = openAuthenticator(config, { accounts, clock, log });
  const origin = `https://${config.hostName}`;
  const { passwordUrl: url, passwordWarnDays: warnDays } = config;
  return {
    ...base,
    handler: createAutodiscover({
      authenticator,
      directory: accounts,
      domains: createDomains(table),
      passwords: passwordOptions({ ...(url !== undefined && { url }), ...(warnDays !== undefined && { warnDays }) }),
      now: () => clock.now(),
      origin,
    }),
  };
}

export const handler = albFunction(open());
