import { createDelivery } from '../delivery/deliver.ts';
import type { Domain } from '../embedded/domain.ts';
import { EmbeddedOptions } from '../embedded/options.ts';
import { createAccounts } from '../identity/accounts.ts';
import { createDevices } from '../identity/devices.ts';
import { createPolicies } from '../identity/policies.ts';
import { TableMailboxes } from '../mailbox/mailboxes.ts';
import type { CloudConfig } from '../ops/config.ts';
import { MailSearch } from '../search/mail-search.ts';
import { TableSearchIndex } from '../search/table/index.ts';
import type { Store, Table } from '../store/ports.ts';
import { openS3Blobs } from '../store/s3/blobs.ts';
import type { Base } from './base.ts';
import { openCloudTable } from './table.ts';

/** What every process that opens the store must be told. */
export const STORE_CONFIG = ['mailboxesTable', 'devicesTable', 'directoryTable', 'blobBucket'] as const;
/** What every process that serves commands must be told besides. */
export const SERVER_CONFIG = [
  ...STORE_CONFIG,
  'hostName',
  'minHeartbeat',
  'maxHeartbeat',
  'outbound',
  'mailDomains',
  'wakeTransport',
] as const;

type StoreConfig = Pick<CloudConfig, (typeof STORE_CONFIG)[number]>;
type Limits = Partial<Pick<CloudConfig, 'minHeartbeat' | 'maxHeartbeat' | 'hostName'>>;

/** Largest message that SES takes in or sends, with room for what the server adds. */
const MESSAGE_BYTES = 42 * 1024 * 1024;

/**
 * The store with all that works on it. Opening calls nothing: what cannot be reached is told by the first use.
 * @param over wraps the table, for whoever wants to know what is committed
 */
export async function openCloudDomain(
  config: StoreConfig & Limits,
  { clock, log }: Base,
  over: (table: Table) => Table = (table) => table,
): Promise<Domain> {
  const blobs = openS3Blobs({
    bucket: config.blobBucket,
    pathStyle: process.env.AWS_ENDPOINT_URL !== undefined || process.env.AWS_ENDPOINT_URL_S3 !== undefined,
    maxBytes: 2 * MESSAGE_BYTES,
  });
  const opened = await openCloudTable(config, { clock, log }, blobs);
  const table = over(opened.table);
  const close = async () => {
    await opened.close();
    blobs.close();
  };
  const store: Store = { table, feed: opened.feed, blobs, close };
  const mailboxes = new TableMailboxes({ table, blobs, clock });
  const accounts = createAccounts({ table, clock, mailboxes });
  return {
    options: EmbeddedOptions.parse({
      minHeartbeatS: config.minHeartbeat,
      maxHeartbeatS: config.maxHeartbeat,
      maxMessageBytes: MESSAGE_BYTES,
      mailName: config.hostName,
    }),
    clock,
    log,
    store,
    mailboxes,
    accounts,
    devices: createDevices({ table, clock, mailboxes }),
    policies: createPolicies({ table, clock, directory: accounts, mailboxes }),
    delivery: createDelivery({ directory: accounts, mailboxes, table, blobs, clock, log }),
    // Words are indexed when a mailbox is searched: one that nobody searches costs nothing.
    search: new MailSearch({ index: new TableSearchIndex(table), mailboxes, blobs, clock, log }),
    close,
  };
}
