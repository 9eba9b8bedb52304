import type { EmailContent } from '../mail/types.ts';
import type { DeviceId, FolderId, ItemId, MailboxId } from '../ops/ids.ts';
import type { Write } from '../store/ports.ts';
import type { QuotaHolder, Usage } from './quota.ts';

/** Folder types of MS-ASCMD 2.2.3.186.3 that this server makes. */
export const FolderType = {
  UserGeneric: 1,
  Inbox: 2,
  Drafts: 3,
  DeletedItems: 4,
  SentItems: 5,
  Outbox: 6,
  Tasks: 7,
  Calendar: 8,
  Contacts: 9,
  Notes: 10,
  UserMail: 12,
  UserCalendar: 13,
  UserContacts: 14,
  UserTasks: 15,
  UserNotes: 17,
} as const;
export type FolderType = (typeof FolderType)[keyof typeof FolderType];

export type ItemClass = 'Email' | 'Calendar' | 'Contacts' | 'Tasks' | 'Notes' | 'SMS';

/** The parent of a top-level folder. */
export const ROOT = '0' as FolderId;

/** What a wake and a Ping compare: one small row. */
export interface Head {
  /** Sequence of the last change of any kind; 0 for a folder that never changed. */
  readonly seq: number;
  /** Sequence of the last addition. */
  readonly added: number;
  /** Place of the last row of `seq`: a watermark at `{seq, n: tail}` has nothing after it. Absent reads as 0. */
  readonly tail?: number;
}

export interface Folder extends Head {
  readonly id: FolderId;
  readonly name: string;
  readonly parent: FolderId;
  readonly type: FolderType;
  /** Class of what the folder takes. */
  readonly class: ItemClass;
  readonly count: number;
  readonly unread: number;
}

/** The `STATE` row. */
export interface MailboxState {
  /** Differs after every restore or failover; a sync state of another incarnation is worthless. */
  readonly incarnation: string;
  /** Sequence of the last change of the folder hierarchy. */
  readonly hierarchy: number;
  /** Raised by every change of the policy that applies, and by every wipe ordered, so that held requests end. */
  readonly policyEpoch: number;
  readonly wipeEpoch: number;
}

/** A place in a folder's change log: the last row that was read. `{0, 0}` is before the first. */
export interface Watermark {
  readonly seq: number;
  readonly n: number;
}

/** `flags` is a change of nothing but read state, follow-up flag or categories. */
export type ChangeKind = 'add' | 'change' | 'flags' | 'delete';

/** The client's request that made a change; its own device does not get it back. */
export interface Origin {
  readonly device: DeviceId;
  readonly syncKey: string;
}

export interface LogRow extends Watermark {
  readonly item: ItemId;
  readonly kind: ChangeKind;
  /** The folder's sequence before this one: how a reader knows that nothing is missing between. */
  readonly prev: number;
  readonly origin?: Origin;
  /**
   * For `flags`: which properties differ, of `r` (read), `f` (follow-up flag), `c` (categories), for example `rc`, so
   * that only those are sent (MS-ASEMAIL R75, R76, R96). Absent: not known.
   */
  readonly parts?: string;
  /** Membership before the change for classes whose filter depends on more than the id (calendar end, task completion). */
  readonly was?: Readonly<Record<string, string | number | boolean>>;
  /** Epoch milliseconds of the commit. */
  readonly at: number;
}

export interface Item {
  readonly id: ItemId;
  readonly folder: FolderId;
  readonly class: ItemClass;
  /** Sequence of the item's last change and of its arrival in this folder. */
  readonly seq: number;
  readonly addedSeq: number;
  /** Epoch milliseconds of its arrival in this folder. */
  readonly addedAt: number;
  readonly content: EmailContent;
}

export type NewItem = Pick<Item, 'id' | 'class' | 'content'>;

export interface ChangeOptions {
  readonly origin?: Origin;
  /**
   * Rows that commit with the change: the ledger row of a client's command (R#), sent-mail memory (X#). At most 8.
   * Where there is nothing to change they commit alone. When it is their condition that does not hold, nothing is
   * written and the call rejects with `ConditionFailed`, whose `indexes` count in this list.
   */
  readonly with?: readonly Write[];
  /** Adds even where the quota has no room: what the server itself has to say. */
  readonly overQuota?: boolean;
}

/** What a moved item becomes: a draft that is sent. Its blobs are its own. */
export interface Replacement {
  readonly id: ItemId;
  readonly content: EmailContent;
  /** Sequence of the item from which it was made. */
  readonly seq: number;
}

export interface Changed {
  readonly item: Item;
  /** `false` when the change was found already made (a repeated delivery, a patch that changes nothing). */
  readonly changed: boolean;
}

/** Rows after a watermark, as far as they are contiguous. */
export interface LogPage {
  readonly rows: readonly LogRow[];
  /** The last contiguous row; the watermark asked from when there is none. */
  readonly upTo: Watermark;
  /** There may be rows after `upTo`. */
  readonly more: boolean;
  /** Rows between the watermark and the head are gone for good (expired, or a gap that stayed): answer status 3. */
  readonly gone: boolean;
}

/** Which part of the hierarchy's log to tell. */
export interface HierarchyWindow {
  /** Nothing after this hierarchy sequence; the present one by default. */
  readonly upTo?: number;
  /** Rows with an origin for which this holds are known to the asker already: what they did is not told again. */
  readonly known?: (origin: Origin) => boolean;
}

/**
 * Hierarchy changes since a hierarchy sequence, or `gone`. Names, parents and types are as of `upTo`, so that an
 * interval that is told twice is told alike; heads and counts are as of now.
 */
export interface HierarchyChanges {
  /** The sequence up to which this tells everything. */
  readonly upTo: number;
  readonly gone: boolean;
  readonly added: readonly Folder[];
  readonly changed: readonly Folder[];
  readonly deleted: readonly FolderId[];
}

/** The items that log rows name, as far as rows and items can be read together. */
export interface RowItems {
  /** The leading rows that may be told: all, unless an item behind them is not to be seen yet. */
  readonly rows: readonly LogRow[];
  /** Items that are there, by id. An id of `rows` that is missing here has been deleted since; its delete row comes. */
  readonly items: ReadonlyMap<ItemId, Item>;
  /** `false`: `rows` ends early, the window with it; ask again from the last row. */
  readonly complete: boolean;
}

/** Where a moved item went. */
export interface Moved {
  readonly folder: FolderId;
  readonly item: ItemId;
  readonly origin?: Origin;
}

/**
 * One mailbox. The only code that writes rows of the `mailboxes` table. Every change is one transaction (head from n
 * to n+1, log rows, items, and `ChangeOptions.with`); it is decided again from fresh rows after a conflict or a lost
 * answer, and rejects with `StoreUnavailable` when that does not end.
 */
export interface Mailbox {
  readonly id: MailboxId;
  /** Strong. @throws NoMailbox */
  state(): Promise<MailboxState>;
  /** All folders that are not being deleted, parents before children. Strong. */
  folders(): Promise<readonly Folder[]>;
  /** The same with the state of which they are the folders: nothing before `state.hierarchy` is missing or ahead. */
  tree(): Promise<{ readonly state: MailboxState; readonly folders: readonly Folder[] }>;
  /** Strong. */
  folder(id: FolderId): Promise<Folder | undefined>;
  /** Heads of the folders that exist, and the state, read strongly in one batch. */
  heads(
    ids: readonly FolderId[],
  ): Promise<{ readonly state: MailboxState; readonly heads: ReadonlyMap<FolderId, Folder> }>;
  /** Strong; only contiguous rows. @throws NoFolder */
  log(folder: FolderId, after: Watermark, limit: number): Promise<LogPage>;
  /**
   * The items that rows of `log` name. A read is not atomic with a transaction: rows whose item is older than the row,
   * or is not there although nothing deleted it, end the answer.
   */
  itemsFor(folder: FolderId, rows: readonly LogRow[]): Promise<RowItems>;
  /** Strong. Ids that are not there are left out. */
  items(folder: FolderId, ids: readonly ItemId[]): Promise<ReadonlyMap<ItemId, Item>>;
  /** Where `move` took an item, as long as the log is kept; `undefined` for an item that is there, was deleted or never was. */
  moved(folder: FolderId, item: ItemId): Promise<Moved | undefined>;
  /** Items by descending id, which is newest first for mail: `id < below`, `id >= from`, at most `limit`. */
  page(
    folder: FolderId,
    range: { readonly below?: ItemId; readonly from?: ItemId; readonly limit: number },
  ): Promise<readonly Item[]>;
  /**
   * Takes up to 45 items under one sequence. An id that is there, or was there and has been deleted or moved away in
   * the last 90 days, is left alone (`changed: false`): a repeated delivery resurrects nothing.
   * @throws NoFolder, QuotaExceeded
   */
  append(folder: FolderId, items: readonly NewItem[], options?: ChangeOptions): Promise<readonly Changed[]>;
  /**
   * Reads, lets `decide` see the item as it is, writes what it returns (`undefined`: no change). `kind` says what the
   * log calls it. @throws NoItem, QuotaExceeded (only where the item grows)
   */
  update(
    folder: FolderId,
    item: ItemId,
    decide: (current: Item) => { readonly content: EmailContent; readonly kind: 'change' | 'flags' } | undefined,
    options?: ChangeOptions,
  ): Promise<Changed>;
  /** Items that are not there are left out of the answer: the ids that were removed by this call. */
  remove(folder: FolderId, items: readonly ItemId[], options?: ChangeOptions): Promise<readonly ItemId[]>;
  /** A fresh id in the target, in one transaction with the removal. @throws NoItem, NoFolder, QuotaExceeded (of the folder) */
  move(
    from: FolderId,
    item: ItemId,
    to: FolderId,
    options?: ChangeOptions,
    /** What it becomes there, made from the item at `seq`. @throws ItemChanged */
    into?: Replacement,
  ): Promise<Item>;
  hierarchySince(sequence: number, window?: HierarchyWindow): Promise<HierarchyChanges>;
  /** @throws FolderExists, NoFolder (parent), FolderInvalid, FolderLimit */
  createFolder(
    folder: {
      readonly name: string;
      readonly parent: FolderId;
      readonly type: FolderType;
      /** `newFolderId`, where the caller must know it before; a fresh one when absent. */
      readonly id?: FolderId;
    },
    options?: ChangeOptions,
  ): Promise<Folder>;
  /** @throws FolderExists, NoFolder (`which` says whose), FolderFixed (a default folder), FolderInvalid */
  changeFolder(
    id: FolderId,
    to: { readonly name: string; readonly parent: FolderId },
    options?: ChangeOptions,
  ): Promise<Folder>;
  /**
   * Hides the folder and its children in one transaction (a tree of more than 45 goes from the leaves up, in several;
   * the call may be repeated); `reap` removes their rows. @throws NoFolder, FolderFixed
   */
  deleteFolder(id: FolderId, options?: ChangeOptions): Promise<void>;
  /** Raises `policyEpoch` or `wipeEpoch`, with rows of the same transaction. */
  raise(epoch: 'policyEpoch' | 'wipeEpoch', options?: ChangeOptions): Promise<void>;
  /** What all folders hold together, and what they may. Counts folders of stores that did not count yet. */
  usage(): Promise<Usage>;
  /** Whether an item of this size could be added now. @throws QuotaExceeded, NoFolder */
  checkRoom(folder: FolderId, bytes: number): Promise<void>;
}

export class NoMailbox extends Error {
  override readonly name = 'NoMailbox';
}
export class NoFolder extends Error {
  override readonly name = 'NoFolder';
  /** `parent`: the folder asked for may be there, the parent named for it is not. */
  readonly which: 'folder' | 'parent';
  constructor(message?: string, which: 'folder' | 'parent' = 'folder') {
    super(message);
    this.which = which;
  }
}
export class NoItem extends Error {
  override readonly name = 'NoItem';
}
/** The item has changed since it was read; nothing was written. */
export class ItemChanged extends Error {
  override readonly name = 'ItemChanged';
}
export class FolderExists extends Error {
  override readonly name = 'FolderExists';
}
export class FolderFixed extends Error {
  override readonly name = 'FolderFixed';
}
/** A name that is empty, too long or has control characters; a tree too deep; a folder moved below itself. */
export class FolderInvalid extends Error {
  override readonly name = 'FolderInvalid';
}
/** The mailbox has as many folders as it may. */
export class FolderLimit extends Error {
  override readonly name = 'FolderLimit';
}

/** All mailboxes of a store. */
export interface Mailboxes {
  /** `account`: where it is at hand, its limits need not be looked up. */
  open(id: MailboxId, account?: QuotaHolder): Mailbox;
  /** `STATE` and the default folders in one transaction; where it exists, adds the default folders it lacks. */
  create(id: MailboxId): Promise<Mailbox>;
  /** Removes what deletions left behind: rows of deleted folders, blobs that no item uses. Resumable, safe to run anywhere at any time. */
  reap(id: MailboxId): Promise<{ readonly rows: number }>;
}
