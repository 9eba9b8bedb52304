import type { LogRow } from '../mailbox/types.ts';
import type { ItemId } from '../ops/ids.ts';
import { beginFold, type Fold, foldRow, type Own, tells } from './collapse.ts';
import { holds, ignored, type Position, wanted } from './position.ts';

/** Rows of one interval, folded by item. Pure: what the rows alone can tell. */
export class RowFolder {
  readonly #position: Position;
  readonly #own: (row: LogRow) => Own;
  readonly #folds = new Map<ItemId, Fold>();
  readonly #skipped: ReadonlySet<ItemId>;
  #telling = 0;
  /** Additions of the device's own outside of what it holds by pages: a draft, or an item that it moved here. */
  readonly #made = new Set<ItemId>();
  /** Items that it moved here, outside of the filter: they leave it, should it show them. */
  readonly #strays = new Set<ItemId>();

  /** `position`: where the interval begins, aimed at the cut-off that it ends with. */
  constructor(position: Position, own: (row: LogRow) => Own) {
    this.#position = position;
    this.#own = own;
    this.#skipped = new Set(position.skipped);
  }

  /** Items that will probably take a place in the window. */
  get telling(): number {
    return this.#telling;
  }

  get made(): readonly ItemId[] {
    return [...this.#made];
  }

  /** Whether one more row could make another item take a place. */
  opens(row: LogRow): boolean {
    const own = this.#own(row);
    if (this.#folds.has(row.item) || own === true || ignored(this.#position, row.item)) return false;
    return this.#matters(row) || isMade(row, own);
  }

  add(row: LogRow, index: number): void {
    if (ignored(this.#position, row.item)) return;
    const own = this.#own(row);
    if (isMade(row, own)) {
      if (wanted(this.#position, row.item)) this.#made.add(row.item);
      else if (own === 'perhaps') this.#strays.add(row.item);
    }
    if (!this.#matters(row)) return;
    const before = this.#folds.get(row.item);
    const inside = wanted(this.#position, row.item);
    const started = before ? foldRow(before, row, own) : beginFold(row, index, own, inside);
    const after = !before && this.#skipped.has(row.item) ? { ...started, had: false } : started;
    this.#telling += Number(tells(after)) - Number(before ? tells(before) : false);
    this.#folds.set(row.item, after);
  }

  /** What is to be told, in the order of the first rows. */
  tellable(): Fold[] {
    return [...this.#folds.values()].filter(tells);
  }

  /** Folds of items outside of the filter: from now on the device does not have them, told or not. */
  leaving(): Fold[] {
    return [...this.#folds.values()].filter(({ inside, pending }) => !inside && pending !== 'none');
  }

  /** What the device does not have is still to be paged, or of no interest. */
  #matters(row: LogRow): boolean {
    if (ignored(this.#position, row.item)) return false;
    return holds(this.#position, row.item) || this.#made.has(row.item) || this.#strays.has(row.item);
  }
}

/** The device has it without a page, or may have it. */
const isMade = (row: LogRow, own: Own): boolean => own !== false && row.kind === 'add';
