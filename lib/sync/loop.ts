import type { ItemId } from '../ops/ids.ts';

/**
 * A device that asks for the same window again and again cannot digest it: mostly one item that its parser dies of. The
 * window shrinks until that item stands alone, comes short, and is left out at last, so that one message never costs a
 * whole folder (and a battery). Whoever merely has a bad network gets smaller answers, which is what he needs.
 */
export interface Loop {
  /** How often the last answer was asked for again. */
  readonly repeats: number;
  /** Items of one answer at most. */
  readonly window?: number;
  /** Answers of this window that got through. */
  readonly good?: number;
  /** Items are shown with little of their body. */
  readonly short?: boolean;
  /** Commands of the last answer, and the item of the first. */
  readonly told?: number;
  readonly first?: ItemId;
  /** Not to be shown any more. */
  readonly refused?: readonly ItemId[];
}

/** Repeats before something is done, of the first window and of each smaller one. A train goes through a tunnel, too. */
const FIRST = 6;
const EACH = 3;
/** Before an item is left out it was asked for so often, alone and short. */
const LAST = 6;
const WINDOWS = [25, 5, 1];
/** Bytes of bodies in an item that is shown short. */
export const SHORT_BYTES = 512;
const REFUSED_LIMIT = 50;

/** What a repeated key means: the same answer again, or a new and smaller one in its place. */
export interface Repeat {
  readonly loop: Loop;
  readonly shrink: boolean;
  /** The item that is left out from now on. */
  readonly lost?: ItemId;
}

export function repeated(loop: Loop = { repeats: 0 }): Repeat {
  const repeats = loop.repeats + 1;
  const again = { loop: { ...loop, repeats }, shrink: false };
  const enough = loop.short ? LAST : loop.window === undefined ? FIRST : EACH;
  // An answer without commands is repeated for its responses: nothing in it can be left out.
  if (repeats <= enough || !loop.told) return again;
  const { refused } = loop;
  const window = WINDOWS.find((size) => size < Math.min(loop.told!, loop.window ?? Number.POSITIVE_INFINITY));
  if (window !== undefined) return { loop: { repeats: 0, window, refused }, shrink: true };
  if (!loop.short) return { loop: { repeats: 0, window: 1, short: true, refused }, shrink: true };
  if (loop.first === undefined) return again;
  const all = [...(refused ?? []), loop.first].slice(-REFUSED_LIMIT);
  // The culprit is found: what lay around it may come together again.
  return { loop: { repeats: 0, window: WINDOWS[0]!, refused: all }, shrink: true, lost: loop.first };
}

/** Answers that got through before the window grows: what the device dies of is still ahead, and near. */
const GOOD = 5;

/** After an answer that got through: in time five times as much, until there is no limit any more. */
export function recovered(loop: Loop | undefined): Loop | undefined {
  if (!loop?.window) return undefined;
  const good = (loop.good ?? 0) + 1;
  if (good < GOOD) return { repeats: 0, window: loop.window, good };
  const window = loop.window * 5;
  return window > WINDOWS[0]! ? undefined : { repeats: 0, window };
}

/** With what the answer tells, as the next repetition must know it. */
export function told(loop: Loop | undefined, items: readonly ItemId[]): Loop | undefined {
  return loop && { ...loop, told: items.length, first: items[0] };
}
