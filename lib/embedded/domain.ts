import path from 'node:path';
import { createDelivery, type Delivery } from '../delivery/deliver.ts';
import { type Accounts, createAccounts } from '../identity/accounts.ts';
import { createDevices } from '../identity/devices.ts';
import type { HashCost } from '../identity/password-hash.ts';
import { createPolicies, type Policies } from '../identity/policies.ts';
import type { Devices } from '../identity/types.ts';
import { TableMailboxes } from '../mailbox/mailboxes.ts';
import type { Mailboxes } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/log.ts';
import { MailSearch } from '../search/mail-search.ts';
import { SqliteSearchIndex } from '../search/sqlite/index.ts';
import { TableSearchIndex } from '../search/table/index.ts';
import type { SearchIndex } from '../search/types.ts';
import { openFileBlobs } from '../store/files/blobs.ts';
import type { Store, Table } from '../store/ports.ts';
import { BLOB_FOLDER, openSqliteStore } from '../store/sqlite/open.ts';
import type { EmbeddedOptions } from './options.ts';

const SEARCH_FOLDER = 'search';

/** A store, opened, with everything that works on it but the server: what the command line needs. */
export interface Domain {
  readonly options: EmbeddedOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly mailboxes: Mailboxes;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly policies: Policies;
  readonly delivery: Delivery;
  readonly search: MailSearch;
  close(): Promise<void>;
}

/** Cheaper hashes make tests and load generators start faster; nothing else may give them. */
export interface DomainSettings {
  readonly hashCost?: HashCost;
  /** Follow what other processes commit. Default true; a command that only writes need not. */
  readonly follow?: boolean;
  /** Wraps the table, for whoever wants to know what is committed. */
  readonly over?: (table: Table) => Table;
}

/** @throws Error when the data folder or the endpoint cannot be used */
export async function openDomain(
  options: EmbeddedOptions,
  clock: Clock,
  log: Log,
  settings: DomainSettings = {},
): Promise<Domain> {
  const opened = await openStore(options, clock, log, settings);
  const store = settings.over ? { ...opened, table: settings.over(opened.table) } : opened;
  const { table, blobs } = store;
  const mailboxes = new TableMailboxes({ table, blobs, clock });
  const accounts = createAccounts({ table, clock, mailboxes, hashCost: settings.hashCost });
  const index = openIndex(options, store);
  return {
    options,
    clock,
    log,
    store,
    mailboxes,
    accounts,
    devices: createDevices({ table, clock, mailboxes }),
    policies: createPolicies({ table, clock, directory: accounts, mailboxes }),
    delivery: createDelivery({ directory: accounts, mailboxes, table, blobs, clock, log }),
    search: new MailSearch({ index, mailboxes, blobs, clock, log }),
    close: async () => {
      await index.close();
      await store.close();
    },
  };
}

/** Beside the store and no part of it: what is lost of an index is made again. */
function openIndex({ store: kind, dataDir }: EmbeddedOptions, { table }: Store): SearchIndex {
  // Processes on several machines share the tables, and nothing else.
  if (kind !== 'sqlite') return new TableSearchIndex(table);
  return new SqliteSearchIndex({ dir: path.join(dataDir, SEARCH_FOLDER) });
}

async function openStore(
  { store, dataDir, endpoint, region, tablePrefix, maxMessageBytes }: EmbeddedOptions,
  clock: Clock,
  log: Log,
  { follow }: DomainSettings,
): Promise<Store> {
  // A blob is at most a whole message and the header lines that the server adds.
  const limits = { maxBytes: 2 * maxMessageBytes };
  if (store === 'sqlite') return openSqliteStore({ dir: dataDir, clock, log, blobs: limits });
  // The AWS SDK takes a third of a second to load: commands on SQLite do not wait for it.
  const { openDynamoStore } = await import('../store/dynamo/open.ts');
  const blobs = await openFileBlobs(path.join(dataDir, BLOB_FOLDER), limits);
  return openDynamoStore({ endpoint, region, tablePrefix, blobs, clock, log, create: true, follow });
}
