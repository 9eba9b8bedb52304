import type { CloudConfig } from '../ops/config.ts';
import { openDynamoStore } from '../store/dynamo/open.ts';
import type { Blobs, Store } from '../store/ports.ts';
import type { Base } from './base.ts';

/** Which tables there are. */
export const TABLE_CONFIG = ['mailboxesTable', 'devicesTable', 'directoryTable'] as const;

/** The tables, without their stream: the event source reads it. */
export function openCloudTable(
  config: Pick<CloudConfig, (typeof TABLE_CONFIG)[number]>,
  { clock, log }: Pick<Base, 'clock' | 'log'>,
  blobs: Blobs = NO_BLOBS,
): Promise<Store> {
  const { mailboxesTable: mailboxes, devicesTable: devices, directoryTable: directory } = config;
  return openDynamoStore({ names: { mailboxes, devices, directory }, blobs, clock, log, follow: false });
}

const nothing = (): never => {
  throw new TypeError('this process has no blobs');
};
const NO_BLOBS: Blobs = { put: nothing, get: nothing, stream: nothing, delete: nothing, list: nothing };
