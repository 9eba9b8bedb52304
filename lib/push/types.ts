import type { EasResponse, Held } from '../http/types.ts';
import type { MailboxState } from '../mailbox/types.ts';
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
  /**
   * Looks again, after registering and at every wake and sweep. May advance watermarks in place past own or filtered
   * changes.
   * @param woken somebody says that there is something: what is needed to judge it may be read at once
   */
  look(woken?: boolean): Promise<Sight>;
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
  /** When it was committed, epoch milliseconds; for the figures. */
  readonly at?: number;
}

/** A newer request of the same device was registered: whoever holds an older one for the same folders ends it. */
export interface Supersede {
  readonly mailbox: MailboxId;
  readonly device: DeviceId;
  readonly kind: 'ping' | 'sync';
  readonly folders: readonly FolderId[];
  /** The registration that stays, and when it began (epoch milliseconds). */
  readonly by: string;
  readonly at: number;
}

/** Everything that one task is told at once. */
export interface TaskMessage {
  readonly wakes: readonly Wake[];
  readonly supersedes?: readonly Supersede[];
  /** Who says so, for the figures: the writer itself, or whoever follows the store's feed. */
  readonly cause?: 'fast-path' | 'feed';
}

/** How a task is reached, whoever holds the requests: in process, over its socket, over HTTP. */
export interface WakeTransport {
  /**
   * `gone`: nobody answers at the address of the task (a socket died, a connection was refused); the task may live
   * behind another. Rejects for trouble of the transport itself. Messages are hints: losing one is healed by the sweep.
   */
  send(task: string, message: TaskMessage): Promise<'delivered' | 'gone'>;
}

/** Parks requests until there is something to tell. One per process. */
export interface Holder {
  /** How many requests wait. */
  readonly held: number;
  /** Registers, looks and waits; `encode` runs once. While draining the answer comes at once. */
  hold<T>(spec: HoldSpec<T>, encode: (value: T) => EasResponse): Held;
  wake(wakes: readonly Wake[]): void;
  receive(message: TaskMessage): void;
  /** Looks at everything that is held, spread over `ms`: after a transport was away and wakes may be lost. */
  recheck(ms: number): void;
  /** Holds nothing new, keeps listening, answers all that is held within `ms`. Resolves when nothing is held. */
  drain(ms: number): Promise<void>;
  /** Answers what is still held and stops. Resolves when the registrations are gone from the store. */
  close(): Promise<void>;
}

/** What a device knows of the folder hierarchy. */
export interface HierarchyView {
  /** `false` when the device must FolderSync: its last returned FolderSync state is older, of another incarnation, or absent. */
  upToDate(mailbox: MailboxId, device: DeviceId, state: MailboxState): Promise<boolean>;
}
