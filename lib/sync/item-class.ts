import type { BodyPreference } from '../documents/airsyncbase.ts';
import type { Item, ItemClass } from '../mailbox/types.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import type { Infer } from '../wbxml/schema.ts';
import type { Fragment } from '../wbxml/writer.ts';

/** How a device wants items of one class: one `Options` of a collection, kept with its state (MS-ASCMD R3598, R3599). */
export interface ClassOptions {
  readonly filterType: number;
  /** 0 keeps the client's version, 1 the server's (MS-ASCMD 2.2.3.34). */
  readonly conflict: 0 | 1;
  /** 0 never MIME, 1 for S/MIME only, 2 for all. */
  readonly mimeSupport: 0 | 1 | 2;
  /** MS-ASCMD 2.2.3.111: 0 to 8; absent is no truncation. */
  readonly mimeTruncation?: number;
  /** Of 2.5, MS-ASCMD 2.2.3.185: 0 to 9; absent is no truncation. */
  readonly truncation?: number;
  readonly bodyPreferences: readonly Infer<typeof BodyPreference>[];
  readonly bodyPartPreference?: Infer<typeof BodyPreference>;
}

/** How items are to be shown in one response. */
export interface View {
  readonly version: ProtocolVersion;
  readonly options: ClassOptions;
  /** Bytes that bodies may take at most, for an item that alone is more than a response holds. */
  readonly atMost?: number;
  /** Below the cut-off, told for the sake of its conversation: a preview instead of a body (MS-ASCMD R2108). */
  readonly beyond?: boolean;
  /** A Fetch: without any preference the whole body, not its size alone. */
  readonly whole?: boolean;
}

/** What the engine has to know of a class of items. Calendar, contacts, tasks and notes are added by one of these each. */
export interface ItemClassHandler {
  readonly itemClass: ItemClass;
  /**
   * The whole item. At once where the row has all that is asked for: a first Sync renders thousands.
   * @throws StoreUnavailable for trouble that passes; anything else means that this item cannot be shown
   */
  render(item: Item, view: View): Fragment | Promise<Fragment>;
  /** Only what a `flags` change may have changed; `parts` as in `LogRow`. */
  renderFlags(item: Item, parts: string | undefined, view: View): Fragment;
}
