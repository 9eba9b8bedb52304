import path from 'node:path';
import type { Notices } from '../delivery/notices.ts';
import type { HashCost } from '../identity/password-hash.ts';
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
import { createThreadedParser } from './parse-thread.ts';
import { createPeople, openVault, type People } from './people.ts';
import { createTenants, type Tenants } from './tenants.ts';

const SEARCH_FOLDER = 'search';

/** A store, opened, with everything that works on it but the server: what the command line needs. */
export interface Domain extends People, Tenants {
  readonly options: EmbeddedOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly notices: Notices;
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
  const { blobs } = store;
  const { tenants, tell } = createTenants({ options, store, clock, log, hashCost: settings.hashCost });
  const relay = options.relayUrl !== undefined;
  const index = openIndex(options, store);
  const parse = createThreadedParser({ clock, log });
  const people = createPeople({ ...tenants, options, store, clock, log, relay, vault: openVault(options), parse });
  return {
    ...people,
    ...tenants,
    notices: tell(people.delivery),
    options,
    clock,
    log,
    store,
    search: new MailSearch({ index, mailboxes: tenants.mailboxes, blobs, clock, log }),
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
