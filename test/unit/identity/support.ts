import { type Accounts, createAccounts } from '../../../lib/identity/accounts.ts';
import { createDevices } from '../../../lib/identity/devices.ts';
import type { HashCost } from '../../../lib/identity/password-hash.ts';
import { createPolicies, type Policies } from '../../../lib/identity/policies.ts';
import type { Devices } from '../../../lib/identity/types.ts';
import { TableMailboxes } from '../../../lib/mailbox/mailboxes.ts';
import type { Mailboxes } from '../../../lib/mailbox/types.ts';
import type { Clock } from '../../../lib/ops/clock.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import type { Table } from '../../../lib/store/ports.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { openTestStore, type StoreKind } from '../../support/stores.ts';

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

/** The time of the test; whoever waits before trying again need not wait for the test to move it. */
function impatient(clock: FakeClock): Clock {
  return {
    now: () => clock.now(),
    after(_ms, run) {
      const soon = setImmediate(run);
      return () => clearImmediate(soon);
    },
  };
}

/** Accounts, devices, policies and mailboxes on a real store with a clock of their own. */
export async function openWorld(
  options: { readonly store?: StoreKind; readonly maxDevices?: number } = {},
): Promise<World> {
  const clock = new FakeClock();
  const { table, blobs } = await openTestStore(options.store ?? 'sqlite', { clock });
  const shared = { table, clock: impatient(clock) };
  const mailboxes = new TableMailboxes({ ...shared, blobs, pause: async () => {} });
  const accounts = createAccounts({ ...shared, mailboxes, hashCost: CHEAP });
  const devices = createDevices({ ...shared, mailboxes, maxDevices: options.maxDevices });
  const policies = createPolicies({ ...shared, mailboxes, directory: accounts });
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
