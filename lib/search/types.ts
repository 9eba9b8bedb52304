import type { ItemClass } from '../mailbox/types.ts';
import { type FolderId, type ItemId, type MailboxId, unmarked } from '../ops/ids.ts';
import type { Phrase } from './tokens.ts';

/** Where a word may stand. */
export const FIELDS = ['subject', 'sender', 'recipients', 'body', 'files'] as const;
export type Field = (typeof FIELDS)[number];

/** An item as an index takes it: its words by field. */
export interface IndexedItem {
  readonly folder: FolderId;
  /** Its first ten characters are the received date. */
  readonly item: ItemId;
  readonly class: ItemClass;
  /** 16 bytes as hex. */
  readonly conversation: string;
  readonly attachments: boolean;
  readonly words: Readonly<Record<Field, readonly string[]>>;
}

/** A phrase in some fields; in any where none is named. */
export interface Term extends Phrase {
  readonly fields?: readonly Field[];
}

/** Holds where one of its terms does; with `not`, where none does. */
export interface Clause {
  readonly any: readonly Term[];
  readonly not?: boolean;
}

/** All of what it says must hold. */
export interface SearchQuery {
  readonly clauses: readonly Clause[];
  /** Any folder where absent. */
  readonly folders?: readonly FolderId[];
  readonly classes?: readonly ItemClass[];
  /** One of these; any where absent. */
  readonly conversations?: readonly string[];
  readonly attachments?: boolean;
  /** Received after and before these times, in epoch milliseconds; both exclusive. */
  readonly after?: number;
  readonly before?: number;
}

export interface Hit {
  readonly folder: FolderId;
  readonly item: ItemId;
}

/** By the received date, with which ids begin: texts stand among mail, though their ids are in a range of their own. */
export function newestFirst(a: Pick<Hit, 'item'>, b: Pick<Hit, 'item'>): number {
  const [first, second] = [unmarked(a.item), unmarked(b.item)];
  return first < second ? 1 : first > second ? -1 : 0;
}

export interface Hits {
  /** Newest first, at most as many as were asked for. */
  readonly hits: readonly Hit[];
  /** How many there are; past `MAX_TOTAL` nobody counts. */
  readonly total: number;
}

/** Matches that are counted. */
export const MAX_TOTAL = 1000;

/** How far a folder is indexed. */
export interface Mark {
  /** The last row of its log that is in the index. */
  readonly seq: number;
  readonly n: number;
  /** While the items that were there before `seq` are still being read, newest first: the last that was. */
  readonly below?: ItemId;
}

export interface Marks {
  /** Of the mailbox, when it was indexed: what was indexed of another is worthless. */
  readonly incarnation: string;
  readonly folders: ReadonlyMap<FolderId, Mark>;
}

/** What one step changes in the index of a folder. */
export interface Step {
  readonly from: Mark | undefined;
  readonly to: Mark;
  /** New ones, and ones that were there with other words. */
  readonly put: readonly IndexedItem[];
  /** May name items that the index does not have. */
  readonly remove: readonly ItemId[];
}

/**
 * An index of the words of mailboxes, which is made from them and may be thrown away at any time. It follows the change
 * logs: each step commits with its mark, so that nothing is missed or done twice by halves, whenever a process ends.
 */
export interface SearchIndex {
  /** Items that a step should have before it is worth its writes; what waits is searched beside the index. */
  readonly batch: number;
  /** Whether it knows that the words of a phrase follow one another; elsewhere an item with all of them is found. */
  readonly phrases: boolean;
  marks(mailbox: MailboxId): Promise<Marks | undefined>;
  /** Forgets all of a mailbox and begins anew. */
  reset(mailbox: MailboxId, incarnation: string): Promise<void>;
  /** @returns `false` where another process made the step, and nothing was written */
  apply(mailbox: MailboxId, folder: FolderId, step: Step): Promise<boolean>;
  /** Forgets a folder: it was deleted, or its log does not reach back to the mark. */
  forget(mailbox: MailboxId, folder: FolderId): Promise<void>;
  /** Newest first. */
  search(mailbox: MailboxId, query: SearchQuery, limit: number): Promise<Hits>;
  close(): Promise<void>;
}
