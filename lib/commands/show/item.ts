import type { BodyPreference } from '../../mail/body-choice.ts';
import type { Item, ItemClass } from '../../mailbox/types.ts';
import type { Piece } from '../../protocol/command.ts';
import type { ProtocolVersion } from '../../protocol/versions.ts';
import type { Fragment } from '../../wbxml/index.ts';

/** How a client wants one item: `Options` of ItemOperations and Search. */
export interface Wish {
  readonly version: ProtocolVersion;
  readonly bodyPreferences: readonly BodyPreference[];
  readonly bodyPartPreference?: BodyPreference;
  /** 0 never MIME, 1 for S/MIME only, 2 for all. */
  readonly mimeSupport: number;
  /** Without any preference: all of the body, or its size only. */
  readonly withoutPreference: 'size' | 'whole';
  /** Tags of the properties to be told; all where absent. */
  readonly schema?: ReadonlySet<string>;
  /** The number of the part that the body is to become, in a multipart answer. */
  readonly part?: number;
}

export interface Shown {
  /** What `Properties` holds. */
  readonly properties: Fragment;
  /** The body as a part, where one was asked for and there is a body. */
  readonly body?: Piece;
}

/** Shows items of one class outside of a Sync. Calendar, contacts, tasks and notes are added by one of these each. */
export interface ShownClass {
  readonly itemClass: ItemClass;
  /** Bytes of memory that showing takes, at most and about. */
  cost(item: Item, wish: Wish): number;
  /** @throws BlobMissing, or anything but StoreUnavailable: this item cannot be shown */
  show(item: Item, wish: Wish): Promise<Shown>;
}

export type ShownClasses = ReadonlyMap<ItemClass, ShownClass>;

export const shownClasses = (all: readonly ShownClass[]): ShownClasses =>
  new Map(all.map((each) => [each.itemClass, each]));
