import type { CloudConfig } from '../ops/config.ts';
import { type DynamoStoreOptions, openDynamoStore } from '../store/dynamo/open.ts';
import type { Blobs, Store } from '../store/ports.ts';
import type { Base } from './base.ts';
import type { Where } from './stack.ts';

/** Which tables there are. */
export const TABLE_CONFIG = ['mailboxesTable', 'devicesTable', 'directoryTable'] as const;

/** Who else may say who somebody is; all that checks logins needs it. */
export const AUTH_CONFIG = ['authUrl', 'oidcIssuer', 'oidcAudience', 'passwordUrl', 'passwordWarnDays'] as const;

/** The tables, without their stream: the event source reads it. */
export function openCloudTable(
  config: Pick<CloudConfig, (typeof TABLE_CONFIG)[number]> & Where,
  { clock, log }: Pick<Base, 'clock' | 'log'>,
  blobs: Blobs = NO_BLOBS,
  patience: Pick<DynamoStoreOptions, 'requestTimeoutMs' | 'maxAttempts'> = {},
): Promise<Store> {
  const { mailboxesTable: mailboxes, devicesTable: devices, directoryTable: directory, region, endpoint } = config;
  const names = { mailboxes, devices, directory };
  return openDynamoStore({ names, region, endpoint, blobs, clock, log, follow: false, ...patience });
}

const nothing = (): never => {
  throw new TypeError('this process has no blobs');
};
const NO_BLOBS: Blobs = { put: nothing, get: nothing, stream: nothing, delete: nothing, list: nothing };
