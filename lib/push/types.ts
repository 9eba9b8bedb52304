import type { DeviceId, FolderId, MailboxId } from '../ops/ids.ts';

/** How a held request ends. */
export type Outcome =
  /** These collections have something to Sync. */
  | { readonly kind: 'changes'; readonly folders: readonly FolderId[] }
  /** The hierarchy, the policy or a wipe changed: status 7 for Ping; a hanging Sync looks again. */
  | { readonly kind: 'hierarchy' }
  /** The heartbeat ended; `folders` have changes that did not deserve a wake (flags, deletions), often none. */
  | { readonly kind: 'expired'; readonly folders: readonly FolderId[] }
  /** A newer request of the same device took its place. */
  | { readonly kind: 'superseded' }
  /** The process is going away. */
  | { readonly kind: 'draining' }
  /** The mailbox could not be read. */
  | { readonly kind: 'failed' };

/** What a look at the mailbox found for this device, strongly read. */
export interface Sight {
  /** Collections with additions, an unfinished window or an answer that may have been lost: answer at once. */
  readonly now: readonly FolderId[];
  /** Collections with other changes: answer when the hold time for them or the heartbeat ends. */
  readonly later: readonly FolderId[];
  /** Something that Sync cannot tell: folder hierarchy, policy, wipe, or a collection that is gone. */
  readonly hierarchy: boolean;
}

/** A request that would wait. Commands return it; `Holder.hold` makes the http `Held` of it. Keep it small: thousands live at once. */
export interface HoldSpec<T> {
  readonly kind: 'ping' | 'sync';
  readonly mailbox: MailboxId;
  readonly device: DeviceId;
  /** Epoch milliseconds. */
  readonly deadline: number;
  readonly folders: readonly FolderId[];
  /** Looks again, after registering and at every wake and sweep. May advance watermarks in place past own or filtered changes. */
  look(): Promise<Sight>;
  /** The answer. Called once. */
  answer(outcome: Outcome): T | Promise<T>;
}

/** Someone committed a change: a hint. `seq` and `added` are those of the folder's head. */
export interface Wake {
  readonly mailbox: MailboxId;
  /** `undefined`: the `STATE` row (hierarchy, policy, wipe). */
  readonly folder?: FolderId;
  readonly seq?: number;
  readonly added?: number;
}
