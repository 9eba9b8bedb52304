import type { Watermark } from '../mailbox/types.ts';
import type { ItemId } from '../ops/ids.ts';
import { contains, type IdRange, type IdSet, subtract, TOP, union } from './ranges.ts';

/**
 * How far a device is with one collection. As of the log row `log` the device has every item whose id is in `held`
 * (that its class counts as a member, apart from `skipped`), and nothing else. It ought to have all from `goal` up:
 * what is missing is paged newest first, what is too much leaves by SoftDelete.
 */
export interface Position {
  readonly log: Watermark;
  readonly held: IdSet;
  /** Lower bound of what the device ought to have: `BOTTOM`, or the first id of the filter's cut-off. */
  readonly goal: string;
  /** The FilterType that `goal` was made from. */
  readonly filterType: number;
  /** The window ended before the log did. */
  readonly rest: boolean;
  /** Items that could not be rendered: the device does not have them. Newest last, bounded. */
  readonly skipped: readonly ItemId[];
}

/** Poison is rare; whoever has more of it than this may get a Change for an item that it does not know. */
export const SKIPPED_LIMIT = 500;

export function startingPosition(log: Watermark, goal: string, filterType: number): Position {
  return { log, held: [], goal, filterType, rest: false, skipped: [] };
}

/** The highest range of ids that the device still has to get. */
export function nextMissing(position: Position): IdRange | undefined {
  return subtract([{ from: position.goal, below: TOP }], position.held)[0];
}

/** The highest range of ids that the device has and ought not to have any more. */
export function nextExcess(position: Position): IdRange | undefined {
  return subtract(position.held, [{ from: position.goal, below: TOP }])[0];
}

/** There is more to send, whatever happens in the folder. */
export function unfinished(position: Position): boolean {
  return position.rest || nextMissing(position) !== undefined || nextExcess(position) !== undefined;
}

export function holds(position: Position, id: string): boolean {
  return contains(position.held, id);
}

/** Within the filter, whether the device has it already or not. */
export function wanted(position: Position, id: string): boolean {
  return id >= position.goal;
}

export function withHeld(position: Position, range: IdRange): Position {
  return { ...position, held: union(position.held, range) };
}

/** No id lies between this one and its successor. */
const only = (id: ItemId): IdRange => ({ from: id, below: `${id}!` });

/** With single items that the device made itself, wherever their ids lie. */
export function withOwn(position: Position, ids: readonly ItemId[]): Position {
  return ids.reduce((held, id) => withHeld(held, only(id)), position);
}

/** Without single items that left the filter. */
export function withoutThose(position: Position, ids: readonly ItemId[]): Position {
  return ids.reduce((held, id) => withoutHeld(held, only(id)), position);
}

export function withoutHeld(position: Position, range: IdRange): Position {
  return { ...position, held: subtract(position.held, [range]) };
}

/** Aims at another cut-off; what that makes missing or too much is then paged. */
export function aim(position: Position, goal: string, filterType: number): Position {
  if (goal === position.goal && filterType === position.filterType) return position;
  return { ...position, goal, filterType };
}

export function withSkipped(position: Position, ids: readonly ItemId[]): Position {
  if (ids.length === 0) return position;
  const skipped = [...position.skipped.filter((id) => !ids.includes(id)), ...ids].slice(-SKIPPED_LIMIT);
  return { ...position, skipped };
}

export function withoutSkipped(position: Position, ids: ReadonlySet<ItemId>): Position {
  if (ids.size === 0 || position.skipped.length === 0) return position;
  return { ...position, skipped: position.skipped.filter((id) => !ids.has(id)) };
}

/** The order of log rows. */
export function compareWatermarks(a: Watermark, b: Watermark): number {
  return a.seq - b.seq || a.n - b.n;
}

export interface Extent {
  /** Ranges that the step added, and took away. */
  readonly added: IdSet;
  readonly removed: IdSet;
}

/** What lies between two positions apart from log rows: an answer can be made again from it. */
export function extentBetween(base: Position, next: Position): Extent {
  return { added: subtract(next.held, base.held), removed: subtract(base.held, next.held) };
}
