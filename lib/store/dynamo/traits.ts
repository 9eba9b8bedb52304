/** How the tables are made: by `tables.ts` for tests and embedded use, by the infrastructure code in the cloud. */
import type { TableName } from '../ports.ts';

export const TABLES: readonly TableName[] = ['mailboxes', 'devices', 'directory'];

export const PARTITION_KEY = 'pk';
export const SORT_KEY = 'sk';
/** Epoch seconds after which a row may be deleted. */
export const TTL_ATTRIBUTE = 'ttl';
export const STREAM_VIEW = 'NEW_IMAGE';

export const TABLE_TRAITS: Readonly<Record<TableName, { readonly stream: boolean; readonly ttl: boolean }>> = {
  mailboxes: { stream: true, ttl: true },
  devices: { stream: false, ttl: true },
  directory: { stream: false, ttl: false },
};

/** Sort keys of the rows that the feed tells of: folder heads and the mailbox's state. */
export const FED_PREFIX = 'F#';
export const FED_KEY = 'STATE';
export const isFed = (sk: string) => sk === FED_KEY || sk.startsWith(FED_PREFIX);
