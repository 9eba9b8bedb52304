import type { Watermark } from '../mailbox/types.ts';
import { type ItemId, isSms, SMS_IDS } from '../ops/ids.ts';
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
  /**
   * The same for text messages, whose ids are in a range of their own. Absent where the device wants none: then `held`
   * says nothing about them.
   */
  readonly sms?: { readonly goal: string; readonly filterType: number };
  /** Items below `goal` whose conversation goes on above it (ConversationMode); absent where nobody asked for them. */
  readonly threads?: readonly ItemId[];
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

/** All that the device ought to have. */
function goalSet({ goal, sms, threads = [] }: Position): IdSet {
  const all: IdSet = threads.map(only).reduce(union, [{ from: goal, below: TOP }]);
  return sms ? subtract(all, [{ from: SMS_IDS.from, below: sms.goal }]) : all;
}

/** What the device still has to get, highest first. */
export const missing = (position: Position): IdSet => subtract(goalSet(position), position.held);

/** The highest range of ids that the device still has to get. */
export const nextMissing = (position: Position): IdRange | undefined => missing(position)[0];

/** What the device has and ought not to have any more, highest first. */
export const excess = (position: Position): IdSet => subtract(position.held, goalSet(position));

/** The highest range of ids that the device has and ought not to have any more. */
export const nextExcess = (position: Position): IdRange | undefined => excess(position)[0];

/** A text message, and the device wants none: it is passed over wherever it turns up. */
export const ignored = (position: Position, id: string): boolean => position.sms === undefined && isSms(id);

/** There is more to send, whatever happens in the folder. */
export function unfinished(position: Position): boolean {
  return position.rest || nextMissing(position) !== undefined || nextExcess(position) !== undefined;
}

export function holds(position: Position, id: string): boolean {
  return contains(position.held, id);
}

/** Within the filter, whether the device has it already or not. */
export function wanted(position: Position, id: string): boolean {
  const { goal, sms, threads } = position;
  if (sms && isSms(id)) return id >= sms.goal;
  return id >= goal || threads?.includes(id as ItemId) === true;
}

export function withHeld(position: Position, range: IdRange): Position {
  return { ...position, held: union(position.held, range) };
}

/** No id lies between this one and its successor. */
function only(id: ItemId): IdRange {
  return { from: id, below: `${id}!` };
}

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

/** What a device ought to have besides the mail above its cut-off. */
export type Beside = Pick<Position, 'sms' | 'threads'>;

/** Aims at other cut-offs; what that makes missing or too much is then paged. */
export function aim(position: Position, goal: string, filterType: number, beside: Beside = {}): Position {
  const { sms, threads } = beside;
  const same = goal === position.goal && filterType === position.filterType && sameBeside(position, beside);
  if (same) return position;
  const { sms: before, threads: _threads, ...rest } = position;
  const held = sms && !before ? withoutSms(rest.held) : rest.held;
  return { ...rest, held, goal, filterType, ...(sms && { sms }), ...(threads && { threads }) };
}

/** A device that begins to want text messages has none of them. */
const withoutSms = (held: IdSet): IdSet => subtract(held, [SMS_IDS]);

function sameBeside(a: Beside, b: Beside): boolean {
  if (a.sms?.goal !== b.sms?.goal || a.sms?.filterType !== b.sms?.filterType) return false;
  return a.threads?.join() === b.threads?.join() && (a.threads === undefined) === (b.threads === undefined);
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
  const before = next.sms && !base.sms ? withoutSms(base.held) : base.held;
  return { added: subtract(next.held, before), removed: subtract(before, next.held) };
}
