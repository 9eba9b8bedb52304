import type { Device } from '../identity/types.ts';
import type { DeviceId, FolderId, MailboxId } from '../ops/ids.ts';
import { ConditionFailed, OutcomeUnknown, StoreConflict, type Table, type Value } from '../store/ports.ts';
import { keys } from '../store/schema.ts';
import type { PingParameters } from './ping-parameters.ts';

const TRIES = 4;

/** What the server remembers of a device's Pings, in the attribute `ping` of its row. */
export interface PingMemory extends PingParameters {
  /** Epochs of `STATE` that the device knows of; it is told once of others. Absent before its first Ping. */
  readonly policyEpoch?: number;
  readonly wipeEpoch?: number;
  /** Folders that the device was told of in vain, and how often. */
  readonly strikes?: Readonly<Record<FolderId, number>>;
}

/**
 * It came with the device's row when the request was let in, by a strong read, and is not read again: what a Ping wrote
 * was committed before its answer, and so before the device could send the next one.
 */
export function pingMemoryOf({ ping }: Pick<Device, 'ping'>): PingMemory {
  // Written by this module alone; a row of before the first Ping has none.
  return ping === undefined ? {} : (ping as PingMemory);
}

/**
 * Writes what differs from `before`, and nothing where nothing does: fifteen thousand phones repeat the same Ping every
 * few minutes. A device without a partnership (the account test of AOSP, one that was removed) is not remembered.
 */
export async function writePingMemory(
  table: Table,
  mailbox: MailboxId,
  device: DeviceId,
  before: PingMemory,
  after: PingMemory,
): Promise<void> {
  if (same(before, after)) return;
  const ping = Object.fromEntries(Object.entries(after).filter(([, value]) => value !== undefined)) as Value;
  const key = keys.device(mailbox, device);
  for (let attempt = 1; ; attempt++) {
    try {
      await table.transact([{ op: 'update', key, set: { ping }, when: { row: 'present' } }]);
      return;
    } catch (error) {
      if (error instanceof ConditionFailed) return;
      // Another request of the device writes the same row; what is written here does not depend on what it wrote.
      const again = error instanceof StoreConflict || error instanceof OutcomeUnknown;
      if (!again || attempt === TRIES) throw error;
    }
  }
}

export function same(one: PingMemory, other: PingMemory): boolean {
  return (
    one.heartbeatS === other.heartbeatS &&
    one.policyEpoch === other.policyEpoch &&
    one.wipeEpoch === other.wipeEpoch &&
    sameList(one.folders ?? [], other.folders ?? []) &&
    sameList(flat(one.strikes), flat(other.strikes))
  );
}

const flat = (counts: PingMemory['strikes'] = {}) =>
  Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flat();

const sameList = (one: readonly unknown[], other: readonly unknown[]) =>
  one.length === other.length && one.every((value, place) => value === other[place]);
