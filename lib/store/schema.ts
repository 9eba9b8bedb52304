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
  /** A message that was delivered; `key` is made from the message itself. */
  delivered: (m: MailboxId, key: string): Key => ({ table: 'devices', pk: owner(m), sk: `I#${key}` }),
  /** Where mail of a conversation goes when it arrives, once a client asked to have it moved always. */
  conversationRule: (m: MailboxId, conversation: string): Key => ({
    table: 'devices',
    pk: owner(m),
    sk: `C#${conversation}`,
  }),
  /** The automatic replies of a mailbox, and when they are sent. */
  oof: (m: MailboxId): Key => ({ table: 'devices', pk: owner(m), sk: 'OOF' }),
  /** Somebody who had the automatic reply of one absence; `sender` is the digest of an address. */
  oofAnswered: (m: MailboxId, period: string, sender: string): Key => ({
    table: 'devices',
    pk: owner(m),
    sk: `O#${period}#${sender}`,
  }),
  /** Somebody elsewhere to whom this mailbox has written; `address` is a digest. */
  correspondent: (m: MailboxId, address: string): Key => ({ table: 'devices', pk: owner(m), sk: `K#${address}` }),
  /** The user has been told that the mailbox is nearly full. */
  quotaWarned: (m: MailboxId): Key => ({ table: 'devices', pk: owner(m), sk: 'QUOTA' }),
  /** Counts additions to a mailbox that is nearly full: two at once must not both take what room there is. */
  roomTaken: (m: MailboxId): Key => ({ table: 'devices', pk: owner(m), sk: 'ROOM' }),
  /** Counts the devices that a mailbox with a limit ever had, so that two new ones at once meet. */
  devicesMade: (m: MailboxId): Key => ({ table: 'devices', pk: owner(m), sk: 'DEVICES' }),
  /** How much a mailbox sent in one hour, counted from the epoch. */
  sentInHour: (m: MailboxId, hour: number): Key => ({ table: 'devices', pk: owner(m), sk: `H#${seqKey(hour)}` }),
  /** A message on its way out; `due` (epoch milliseconds) is when somebody must look at it. */
  outbound: (shard: number, due: number, id: string): Key => ({
    table: 'devices',
    pk: outboundPartition(shard),
    sk: `${dueKey(due)}#${id}`,
  }),
  /** How far the words of a mailbox are indexed; the condition of every step of its index. */
  searchMarks: (m: MailboxId): Key => ({ table: 'devices', pk: searchPartition(m), sk: 'MARKS' }),
  /** What is known of a batch of indexed items without reading it. */
  searchHead: (m: MailboxId, batch: string): Key => ({
    table: 'devices',
    pk: searchPartition(m),
    sk: `${SEARCH_HEADS}${batch}`,
  }),
  searchItems: (m: MailboxId, batch: string): Key => ({ table: 'devices', pk: searchPartition(m), sk: `I#${batch}` }),
  /** Words of a batch that fall into one bucket. */
  searchBucket: (m: MailboxId, bucket: string, batch: string): Key => ({
    table: 'devices',
    pk: searchPartition(m),
    sk: `${searchBucketPrefix(bucket)}${batch}`,
  }),
  /** How far the tasks are that tidy up after deletions, and until when nobody else need look. */
  housekeeping: (): Key => ({ table: 'devices', pk: 'HOUSE', sk: 'ROUND' }),
  /** How far a restore is that did not end. */
  restore: (): Key => ({ table: 'devices', pk: 'RESTORE', sk: 'PROGRESS' }),
  task: (task: string): Key => ({ table: 'devices', pk: `T#${task}`, sk: 'TASK' }),
  account: (m: MailboxId): Key => ({ table: 'directory', pk: accountPartition(m), sk: 'ACCOUNT' }),
  /** `digest` is the hash of the secret, so that a login finds it by one read. */
  appPassword: (m: MailboxId, digest: string): Key => ({
    table: 'directory',
    pk: accountPartition(m),
    sk: `${APP_PASSWORDS}${digest}`,
  }),
  /** Who owns an address, primary or secondary; a transaction that puts it on condition of absence keeps it unique. */
  address: (address: string): Key => ({ table: 'directory', pk: `N#${address}`, sk: 'NAME' }),
  /** One row for each account whose primary address begins with `name@`: a bare login is unambiguous if it is alone. */
  bareName: (name: string, m: MailboxId): Key => ({ table: 'directory', pk: bareNamePartition(name), sk: m }),
  /** All accounts by primary address, for lists. */
  accountIndex: (address: string): Key => ({ table: 'directory', pk: ACCOUNT_INDEX, sk: address }),
  policy: (name: string): Key => ({ table: 'directory', pk: POLICY_PARTITION, sk: name }),
  /** All access rules for devices, with a revision that every write which rests on them checks. */
  accessRules: (): Key => ({ table: 'directory', pk: 'ACCESS', sk: 'RULES' }),
  /** The photo that the address list shows. */
  photo: (m: MailboxId): Key => ({ table: 'directory', pk: accountPartition(m), sk: 'PHOTO' }),
  /** An S/MIME certificate of an account, by the digest of its bytes. */
  certificate: (m: MailboxId, digest: string): Key => ({
    table: 'directory',
    pk: accountPartition(m),
    sk: `${CERTIFICATES}${digest}`,
  }),
  /** A distribution group; its address has a row of `address` as that of an account has. */
  group: (id: string): Key => ({ table: 'directory', pk: GROUP_PARTITION, sk: id }),
  /** What is said of a whole domain: where else it lives. */
  domain: (name: string): Key => ({ table: 'directory', pk: DOMAIN_PARTITION, sk: name }),
} as const;

/** The words of a mailbox have a partition of their own: a search never competes with the mailbox for its throughput. */
export const searchPartition = (mailbox: MailboxId) => `X#${mailbox}`;
export const SEARCH_HEADS = 'H#';
export const SEARCH_BUCKETS = 'W#';
export const searchBucketPrefix = (bucket: string) => `${SEARCH_BUCKETS}${bucket}#`;
export const accountPartition = (mailbox: MailboxId) => `A#${mailbox}`;
export const bareNamePartition = (name: string) => `B#${name}`;
export const APP_PASSWORDS = 'P#';
export const outboundPartition = (shard: number) => `Q#${shard}`;
/** Sorts as its time up to the year 33658. */
export const dueKey = (ms: number) => String(ms).padStart(15, '0');
export const ACCOUNT_INDEX = 'ACCOUNTS';
export const POLICY_PARTITION = 'POLICIES';
export const GROUP_PARTITION = 'GROUPS';
export const DOMAIN_PARTITION = 'DOMAINS';
export const CERTIFICATES = 'C#';

/** Partition of a mailbox, for queries. */
export const mailboxPartition = owner;
