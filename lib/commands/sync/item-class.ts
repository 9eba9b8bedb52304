import type { EmailContent } from '../../mail/types.ts';
import type { Item, NewItem } from '../../mailbox/types.ts';
import type { MailboxId } from '../../ops/ids.ts';
import type { ProtocolVersion } from '../../protocol/versions.ts';
import type { ItemClassHandler } from '../../sync/item-class.ts';
import type { WbxmlElement } from '../../wbxml/element.ts';

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
  readonly version: ProtocolVersion;
  readonly clientId: string;
  /** Repeats of the same Add under the same key come with the same seed: the id is made from it. */
  readonly seed: string;
  readonly data: WbxmlElement;
  /** A draft that is to go out at once (16.0). */
  readonly send: boolean;
  readonly now: number;
}

/** A class of items with what clients may do to them. */
export interface SyncItemClass extends ItemClassHandler {
  /** @throws WbxmlError for data that is not of the class: status 6 */
  readChange(data: WbxmlElement, version: ProtocolVersion): ClientChange;
  /** An item that clients may add, or the status that says no. Blobs are written before it resolves. */
  create?(add: ClientAdd): Promise<NewItem | { readonly status: number }>;
}
