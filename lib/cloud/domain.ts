import type { Domain } from '../embedded/domain.ts';
import { type EmbeddedOptions, readOptions } from '../embedded/options.ts';
import { createPeople } from '../embedded/people.ts';
import { createTenants } from '../embedded/tenants.ts';
import type { parseMessage } from '../mail/parse.ts';
import { type CloudConfig, MESSAGE_BYTES } from '../ops/config.ts';
import { MailSearch } from '../search/mail-search.ts';
import { TableSearchIndex } from '../search/table/index.ts';
import type { Store, Table } from '../store/ports.ts';
import { openS3Blobs } from '../store/s3/blobs.ts';
import type { Base } from './base.ts';
import type { openRecoveryVault } from './recovery-key.ts';
import type { Where } from './stack.ts';
import { AUTH_CONFIG, openCloudTable } from './table.ts';

/** What every process that opens the store must be told. */
export const STORE_CONFIG = ['mailboxesTable', 'devicesTable', 'directoryTable', 'blobBucket'] as const;
/** Settings that the embedded server has as options under the same names. */
export const OPTION_CONFIG = [
  ...AUTH_CONFIG,
  'versions',
  'maxMessageBytes',
  'maxSendBytes',
  'maxRecipients',
  'recipientsPerHour',
  'relayOwnDomains',
  'galScope',
  'maxDevices',
  'quotaBytes',
  'quotaItems',
  'quotaFolderItems',
  'quotaItemBytes',
  'commandsPerMinute',
  'syncsPerMinute',
  'sameCommands',
  'throttleMinutes',
  'agentChanges',
  'agentHours',
  'agentBlockHours',
] as const;
/** What every process that serves commands must be told besides. */
export const SERVER_CONFIG = [
  ...STORE_CONFIG,
  'hostName',
  'minHeartbeat',
  'maxHeartbeat',
  'outbound',
  'mailDomains',
  'wakeTransport',
  'recoverySecret',
  ...OPTION_CONFIG,
] as const;

type StoreConfig = Pick<CloudConfig, (typeof STORE_CONFIG)[number]>;
type Settings = Partial<
  Pick<
    CloudConfig,
    'minHeartbeat' | 'maxHeartbeat' | 'hostName' | 'outbound' | 'recoverySecret' | (typeof OPTION_CONFIG)[number]
  >
>;

/** Given by the processes that answer Settings: the others do not even carry the code. */
export type OpenVault = typeof openRecoveryVault;

/** What not every process has. */
export interface CloudParts {
  /** Wraps the table, for whoever wants to know what is committed. */
  readonly over?: (table: Table) => Table;
  /** Recovery passwords are refused where absent. */
  readonly openVault?: OpenVault;
  /** Reads messages; in the thread that asks where absent, as is right where that has one request at a time. */
  readonly parse?: typeof parseMessage;
}

/** The store with all that works on it. Opening calls nothing: what cannot be reached is told by the first use. */
export async function openCloudDomain(
  config: StoreConfig & Settings & Where,
  { clock, log }: Base,
  { over = (table) => table, openVault, parse }: CloudParts = {},
): Promise<Domain> {
  const options = optionsOf(config);
  const { region, endpoint, recoverySecret } = config;
  const emulated = endpoint ?? process.env.AWS_ENDPOINT_URL ?? process.env.AWS_ENDPOINT_URL_S3;
  const blobs = openS3Blobs({
    bucket: config.blobBucket,
    region,
    endpoint,
    pathStyle: emulated !== undefined,
    // A message, and the header lines that the server adds.
    maxBytes: 2 * options.maxMessageBytes,
  });
  const opened = await openCloudTable(config, { clock, log }, blobs);
  const table = over(opened.table);
  const close = async () => {
    await opened.close();
    blobs.close();
  };
  const store: Store = { table, feed: opened.feed, blobs, close };
  const { tenants, tell } = createTenants({ options, store, clock, log });
  const relay = config.outbound === 'ses';
  const vault = recoverySecret === undefined ? undefined : openVault?.(recoverySecret, { region, endpoint });
  const people = createPeople({ ...tenants, options, store, clock, log, relay, vault, parse });
  return {
    ...people,
    ...tenants,
    notices: tell(people.delivery),
    options,
    clock,
    log,
    store,
    // Words are indexed when a mailbox is searched: one that nobody searches costs nothing.
    search: new MailSearch({ index: new TableSearchIndex(table), mailboxes: tenants.mailboxes, blobs, clock, log }),
    close,
  };
}

/** @throws BadOption for settings that do not go together */
function optionsOf(config: Settings): EmbeddedOptions {
  const given = Object.fromEntries(OPTION_CONFIG.map((name) => [name, config[name]]));
  return readOptions({
    ...given,
    maxMessageBytes: config.maxMessageBytes ?? MESSAGE_BYTES,
    minHeartbeatS: config.minHeartbeat,
    maxHeartbeatS: config.maxHeartbeat,
    mailName: config.hostName,
  });
}
