import { type Accounts, createAccounts } from '../../../lib/identity/accounts.ts';
import { createDevices } from '../../../lib/identity/devices.ts';
import type { HashCost } from '../../../lib/identity/password-hash.ts';
import type { Devices } from '../../../lib/identity/types.ts';
import type { Mailboxes } from '../../../lib/mailbox/types.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import type { Table } from '../../../lib/store/ports.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { openTestStore } from '../../support/stores.ts';

/** Argon2id at its least: these tests are of what is done with hashes. */
export const CHEAP: HashCost = { memory: 64, passes: 1, parallelism: 1 };

/** What identity asks of mailboxes: `raised` lists every epoch raised, in order. */
export interface RecordingMailboxes extends Pick<Mailboxes, 'create' | 'open'> {
  readonly created: MailboxId[];
  readonly raised: { readonly mailbox: MailboxId; readonly epoch: string }[];
}

export function recordingMailboxes(table: Table): RecordingMailboxes {
  const created: MailboxId[] = [];
  const raised: { mailbox: MailboxId; epoch: string }[] = [];
  const open = (mailbox: MailboxId) =>
    ({
      id: mailbox,
      async raise(epoch: 'policyEpoch' | 'wipeEpoch', options?: { with?: Parameters<Table['transact']>[0] }) {
        if (options?.with) await table.transact(options.with);
        raised.push({ mailbox, epoch });
      },
    }) as ReturnType<Mailboxes['open']>;
  return {
    created,
    raised,
    open,
    async create(id) {
      created.push(id);
      return open(id);
    },
  };
}

export interface World {
  readonly clock: FakeClock;
  readonly table: Table;
  readonly mailboxes: RecordingMailboxes;
  readonly accounts: Accounts;
  readonly devices: Devices;
}

/** Accounts and devices on a real store with a clock of their own. */
export async function openWorld(options: { readonly maxDevices?: number } = {}): Promise<World> {
  const clock = new FakeClock();
  const { table } = await openTestStore('sqlite', { clock });
  const mailboxes = recordingMailboxes(table);
  const accounts = createAccounts({ table, clock, mailboxes, hashCost: CHEAP });
  const devices = createDevices({ table, clock, mailboxes, ...options });
  return { clock, table, mailboxes, accounts, devices };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
