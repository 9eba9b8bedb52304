import type { Delivery } from '../delivery/deliver.ts';
import { createNotices, type Notices } from '../delivery/notices.ts';
import { type AccessControl, createAccessControl } from '../identity/access-rules.ts';
import { type Accounts, createAccounts } from '../identity/accounts.ts';
import { createDevices } from '../identity/devices.ts';
import type { HashCost } from '../identity/password-hash.ts';
import { createPolicies, type Policies } from '../identity/policies.ts';
import type { Devices } from '../identity/types.ts';
import { TableMailboxes } from '../mailbox/mailboxes.ts';
import type { Mailboxes } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/log.ts';
import type { Store } from '../store/ports.ts';
import { deviceOptions, quotaOption } from './limits.ts';
import type { EmbeddedOptions } from './options.ts';
import { mailName } from './people.ts';

/** Accounts with what is theirs: mailboxes, devices, and what is demanded of these. */
export interface Tenants {
  readonly mailboxes: Mailboxes;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly policies: Policies;
  readonly access: AccessControl;
}

export interface TenantDeps {
  readonly options: EmbeddedOptions;
  readonly store: Pick<Store, 'table' | 'blobs'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly hashCost?: HashCost;
}

/** `tell` makes what the server writes to its users, once there is a delivery that can bring it. */
export function createTenants({ options, store, clock, log, hashCost }: TenantDeps): {
  readonly tenants: Tenants;
  readonly tell: (delivery: Delivery) => Notices;
} {
  const { table, blobs } = store;
  let notices: Notices | undefined;
  const mailboxes = new TableMailboxes({
    table,
    blobs,
    clock,
    quota: quotaOption(options),
    quotaOf: async (id) => (await accounts.get(id))?.quota,
    nearlyFull: async (id, usage) => notices?.quota(id, usage),
  });
  const accounts = createAccounts({ table, clock, mailboxes, hashCost });
  const devices = createDevices({ table, clock, mailboxes, directory: accounts, ...deviceOptions(options) });
  const policies = createPolicies({ table, clock, directory: accounts, mailboxes });
  const access = createAccessControl({ table, clock, directory: accounts, devices });
  const tell = (delivery: Delivery) => {
    notices = createNotices({
      ...{ delivery, mailboxes, devices, directory: accounts, clock, log },
      hostname: mailName(options),
    });
    return notices;
  };
  return { tenants: { mailboxes, accounts, devices, policies, access }, tell };
}
