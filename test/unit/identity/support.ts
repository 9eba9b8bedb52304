import { type Accounts, createAccounts } from '../../../lib/identity/accounts.ts';
import { createDevices } from '../../../lib/identity/devices.ts';
import type { HashCost } from '../../../lib/identity/password-hash.ts';
import { createPolicies, type Policies } from '../../../lib/identity/policies.ts';
import type { Devices } from '../../../lib/identity/types.ts';
import { TableMailboxes } from '../../../lib/mailbox/mailboxes.ts';
import type { Mailboxes } from '../../../lib/mailbox/types.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import type { Table } from '../../../lib/store/ports.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { openTestStore } from '../../support/stores.ts';

/** Argon2id at its least: these tests are of what is done with hashes. */
export const CHEAP: HashCost = { memory: 64, passes: 1, parallelism: 1 };

export interface World {
  readonly clock: FakeClock;
  readonly table: Table;
  readonly mailboxes: Mailboxes;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly policies: Policies;
  /** How often the policy or wipe epoch of a mailbox was raised: each time, held requests end. */
  epochs(mailbox: MailboxId): Promise<{ readonly policy: number; readonly wipe: number }>;
}

/** Accounts, devices, policies and mailboxes on a real store with a clock of their own. */
export async function openWorld(options: { readonly maxDevices?: number } = {}): Promise<World> {
  const clock = new FakeClock();
  const { table, blobs } = await openTestStore('sqlite', { clock });
  const mailboxes = new TableMailboxes({ table, blobs, clock, pause: async () => {} });
  const accounts = createAccounts({ table, clock, mailboxes, hashCost: CHEAP });
  const devices = createDevices({ table, clock, mailboxes, ...options });
  const policies = createPolicies({ table, clock, mailboxes, directory: accounts });
  const epochs = async (mailbox: MailboxId) => {
    const { policyEpoch, wipeEpoch } = await mailboxes.open(mailbox).state();
    return { policy: policyEpoch, wipe: wipeEpoch };
  };
  return { clock, table, mailboxes, accounts, devices, policies, epochs };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
