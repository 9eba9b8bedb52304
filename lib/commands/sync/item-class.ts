import type { EmailContent } from '../../mail/types.ts';
import type { Folder, Item, NewItem } from '../../mailbox/types.ts';
import type { MailboxId } from '../../ops/ids.ts';
import type { CommandContext } from '../../protocol/command.ts';
import type { ProtocolVersion } from '../../protocol/versions.ts';
import type { Write } from '../../store/ports.ts';
import type { ItemClassHandler } from '../../sync/item-class.ts';
import type { WbxmlElement } from '../../wbxml/element.ts';
import type { Fragment } from '../../wbxml/writer.ts';

/** What a client's Change comes to for the item as it is now. */
export type Changed =
  | {
      readonly result: 'changed';
      readonly content: EmailContent;
      readonly kind: 'change' | 'flags';
      readonly parts?: string;
    }
  | { readonly result: 'same' }
  | { readonly result: 'refused'; readonly status: number };

/** A client's Change, read once and decided for the item as it is at each try. */
export type ClientChange = (current: Item) => Changed;

export interface ClientAdd {
  readonly mailbox: MailboxId;
  readonly context: CommandContext;
  readonly folder: Folder;
  readonly version: ProtocolVersion;
  readonly clientId: string;
  /** Repeats of the same Add under the same key come with the same seed: the id is made from it. */
  readonly seed: string;
  readonly data: WbxmlElement;
  readonly now: number;
}

/** A Change of an item whose content takes more than the row to make. */
export interface ClientEdit {
  readonly context: CommandContext;
  readonly folder: Folder;
  readonly item: Item;
  readonly data: WbxmlElement;
  readonly now: number;
}

/** What the item becomes, or the status that says no. It holds for the item as it was given. */
export type Edited = { readonly content: EmailContent } | { readonly status: number };

/** A message that goes out at once (16.0): a new one, or a draft with its last changes. */
export interface ClientSend {
  readonly context: CommandContext;
  readonly folder: Folder;
  /** The draft as it is; absent for a new message. */
  readonly draft?: Item;
  readonly data: WbxmlElement | undefined;
  /** The same for a repetition of the command, and for no other command. */
  readonly seed: string;
  readonly now: number;
  /** Files the copy in Sent Items in the draft's place, with these rows, in one transaction. */
  readonly commit: (copy: NewItem, writes: readonly Write[]) => Promise<void>;
}

/** A class of items with what clients may do to them. */
export interface SyncItemClass extends ItemClassHandler {
  /** @throws WbxmlError for data that is not of the class: status 6 */
  readChange(data: WbxmlElement, version: ProtocolVersion): ClientChange;
  /** An item that clients may add, or the status that says no. Blobs are written before it resolves. */
  create?(add: ClientAdd): Promise<NewItem | { readonly status: number }>;
  /** Blobs are written before it resolves; `undefined` where `readChange` has the say. @throws WbxmlError */
  edit?(edit: ClientEdit): Promise<Edited | undefined>;
  /** Status 1 once the message is on its way. @throws WbxmlError, ConditionFailed (of `commit`) */
  send?(send: ClientSend): Promise<number>;
  /** What the answer to an Add or Change says of the item as it is now, beside its status. */
  confirm?(item: Item, data: WbxmlElement, command: 'Add' | 'Change', version: ProtocolVersion): Fragment | undefined;
}
