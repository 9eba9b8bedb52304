import { hostname } from 'node:os';
import path from 'node:path';
import { correspondents } from '../delivery/correspondents.ts';
import { createDelivery, type Delivery } from '../delivery/deliver.ts';
import { type AutoReplyOptions, createAutoReplies } from '../delivery/oof/auto-replies.ts';
import { type OofStore, oofStore } from '../delivery/oof/settings.ts';
import { createDoorbell, type Doorbell } from '../delivery/outbound/doorbell.ts';
import type { Accounts } from '../identity/accounts.ts';
import { type Certificates, createCertificates } from '../identity/certificates.ts';
import { createDomains, type Domains } from '../identity/domains.ts';
import { createGroups, type Groups } from '../identity/groups.ts';
import { createPhotos, type Photos } from '../identity/photos.ts';
import type { Policies } from '../identity/policies.ts';
import { createRecovery, type RecoveryPasswords } from '../identity/recovery.ts';
import type { Devices } from '../identity/types.ts';
import { createVault, type Vault, vaultKey, vaultKeyFile } from '../identity/vault.ts';
import { parseMessage } from '../mail/parse.ts';
import type { Mailboxes } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/log.ts';
import type { Store } from '../store/ports.ts';
import type { EmbeddedOptions } from './options.ts';

/** What the directory knows of people besides their accounts, and the mail that comes for them. */
export interface People {
  readonly groups: Groups;
  readonly photos: Photos;
  readonly certificates: Certificates;
  readonly domains: Domains;
  readonly oof: OofStore;
  readonly recovery: RecoveryPasswords;
  readonly delivery: Delivery;
  /** Rings for mail that a delivery sends on: automatic replies, members of groups elsewhere. */
  readonly doorbell: Doorbell;
  /** Reads messages; large ones in a thread, where others wait for this one. */
  readonly parse: typeof parseMessage;
}

export interface PeopleDeps {
  readonly options: EmbeddedOptions;
  readonly store: Store;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly policies: Policies;
  readonly mailboxes: Mailboxes;
  readonly clock: Clock;
  readonly log: Log;
  /** There is a way to people elsewhere. */
  readonly relay: boolean;
  /** Recovery passwords are refused where absent. */
  readonly vault?: Vault;
  /** Reads messages; in the thread that asks where absent. */
  readonly parse?: typeof parseMessage;
}

export function createPeople(deps: PeopleDeps): People {
  const {
    options,
    store,
    accounts,
    devices,
    policies,
    mailboxes,
    clock,
    log,
    relay,
    vault,
    parse = parseMessage,
  } = deps;
  const { table, blobs } = store;
  const groups = createGroups({ table, clock, directory: accounts });
  const oof = oofStore(table, clock);
  const doorbell = createDoorbell();
  const known = correspondents(table, clock);
  const replies: AutoReplyOptions = {
    hostname: mailName(options),
    relay,
    relayOwnDomains: options.relayOwnDomains,
    oneOrganisation: options.galScope === 'server',
  };
  const queued = doorbell.ring;
  const autoReplies = createAutoReplies({
    ...{ directory: accounts, table, oof, correspondents: known, clock, log, queued },
    options: replies,
  });
  return {
    groups,
    photos: createPhotos(table),
    certificates: createCertificates(table, clock),
    domains: createDomains(table),
    oof,
    recovery: createRecovery({ devices, policies, vault }),
    delivery: createDelivery({
      ...{ directory: accounts, mailboxes, table, blobs, clock, log, groups, autoReplies, queued, parse },
    }),
    doorbell,
    parse,
  };
}

/** What this server calls itself in mail. Machines may be called anything; header fields may not. */
export const mailName = ({ mailName: name }: EmbeddedOptions) =>
  name ??
  (hostname()
    .replace(/[^\w.-]/g, '')
    .slice(0, 253) ||
    'localhost');

/** Beside the database, never in it: a backup of the one alone opens nothing. Machines that share tables need one key. */
export function openVault({ recoveryKey, store, dataDir }: EmbeddedOptions): Vault | undefined {
  if (recoveryKey !== undefined) return createVault(async () => vaultKey(recoveryKey));
  return store === 'sqlite' ? createVault(() => vaultKeyFile(path.join(dataDir, 'recovery.key'))) : undefined;
}
