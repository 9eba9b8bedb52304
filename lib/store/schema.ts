/** Tables, keys and lifetimes: the one place that knows how rows are named. See docs/data-model.md. */
import type { DeviceId, FolderId, ItemId, MailboxId } from '../ops/ids.ts';
import type { Key } from './ports.ts';

/** Written into `STATE` and account rows; an upgrade raises it. */
export const SCHEMA_VERSION = 1;

const DAY_S = 86_400;
/** A log row outlives every device that still syncs; older watermarks get status 3. */
export const LOG_TTL_S = 90 * DAY_S;
/** Replay ledgers and sent-mail memory. */
export const LEDGER_TTL_S = 30 * DAY_S;

/** Sorts as its number up to twelve digits. */
export const seqKey = (seq: number) => String(seq).padStart(12, '0');
/** Place of a row among those that share one sequence; up to four digits. */
export const orderKey = (n: number) => String(n).padStart(4, '0');

export const HIERARCHY = '!hierarchy#' as FolderId;

const owner = (mailbox: MailboxId) => `U#${mailbox}`;

/** The partition key back to its mailbox; `undefined` for other partitions. */
export function mailboxOf(pk: string): MailboxId | undefined {
  return pk.startsWith('U#') ? (pk.slice(2) as MailboxId) : undefined;
}

export const keys = {
  state: (m: MailboxId): Key => ({ table: 'mailboxes', pk: owner(m), sk: 'STATE' }),
  folder: (m: MailboxId, f: FolderId): Key => ({ table: 'mailboxes', pk: owner(m), sk: `F#${f}` }),
  item: (m: MailboxId, f: FolderId, i: ItemId): Key => ({ table: 'mailboxes', pk: owner(m), sk: `M#${f}#${i}` }),
  log: (m: MailboxId, f: FolderId, seq: number, n: number): Key => ({
    table: 'mailboxes',
    pk: owner(m),
    sk: `L#${f}#${seqKey(seq)}#${orderKey(n)}`,
  }),
  /** Blobs that the change `seq` of a folder left without an item; `reap` deletes them. */
  garbage: (m: MailboxId, f: FolderId, seq: number): Key => ({
    table: 'mailboxes',
    pk: owner(m),
    sk: `G#${f}#${seqKey(seq)}`,
  }),
  device: (m: MailboxId, d: DeviceId): Key => ({ table: 'devices', pk: owner(m), sk: `D#${d}` }),
  syncState: (m: MailboxId, d: DeviceId, f: FolderId): Key => ({ table: 'devices', pk: owner(m), sk: `S#${d}#${f}` }),
  /** `syncKey` is the key under which the client sent the command; `id` its ClientId or ServerId. */
  ledger: (m: MailboxId, d: DeviceId, f: FolderId, syncKey: string, id: string): Key => ({
    table: 'devices',
    pk: owner(m),
    sk: `R#${d}#${f}#${syncKey}#${id}`,
  }),
  waiter: (m: MailboxId, d: DeviceId, request: string): Key => ({
    table: 'devices',
    pk: owner(m),
    sk: `W#${d}#${request}`,
  }),
  sent: (m: MailboxId, d: DeviceId, clientId: string): Key => ({
    table: 'devices',
    pk: owner(m),
    sk: `X#${d}#${clientId}`,
  }),
  task: (task: string): Key => ({ table: 'devices', pk: `T#${task}`, sk: 'TASK' }),
} as const;

/** Partition of a mailbox, for queries. */
export const mailboxPartition = owner;
