import type { LogRow } from '../mailbox/types.ts';
import type { DeviceId, ItemId } from '../ops/ids.ts';
import type { Own } from './collapse.ts';
import type { Loop } from './loop.ts';
import { type Position, unfinished } from './position.ts';
import { counterWithin, formatKey, judgeKey } from './sync-key.ts';

/** Changes that the device made with one key and was told of: it does not get them back. */
export interface OwnChanges {
  /** Counter of the key under which the commands came. */
  readonly counter: number;
  readonly items: readonly ItemId[];
}

/**
 * What a SyncKey stands for. `next` is where the device is once it has the answer that carried the last key; `base`
 * where it was before, for as long as it may ask for that answer again. Both keys name exactly one position each.
 */
export interface CollectionState<Options = unknown> {
  readonly generation: string;
  /** The last key returned. */
  readonly counter: number;
  /** The mailbox's incarnation; a state of another one is worthless. */
  readonly incarnation: string;
  /** Absent once the last key was acknowledged, and before the first answer with items. */
  readonly base?: Position;
  readonly next: Position;
  /** Items that were added after this sequence were left out of the pages of the last answer. */
  readonly snapshot: number;
  /** The last answer said something: losing it would matter. */
  readonly content: boolean;
  /** The last answer left the log alone: rows of its own commands still lie ahead. */
  readonly behind: boolean;
  /** Oldest first. */
  readonly own: readonly OwnChanges[];
  readonly options: Options;
  /** The device asks for the last answer again and again. */
  readonly loop?: Loop;
  /** Epoch milliseconds when the position was last known to be readable from the log. */
  readonly touched: number;
}

export function currentKey(state: CollectionState): string {
  return formatKey(state);
}

export function judge(state: CollectionState, key: string): 'current' | 'repeat' | 'invalid' {
  const verdict = judgeKey(key, state);
  // A key whose answer was acknowledged is gone: the device cannot ask for what came before it.
  return verdict === 'repeat' && state.base === undefined ? 'invalid' : verdict;
}

/** The receipt of the last key: what came before it is forgotten. */
export function acknowledge<O>(state: CollectionState<O>): CollectionState<O> {
  if (state.base === undefined && !state.content) return state;
  const { base: _, ...rest } = state;
  return { ...rest, content: false };
}

/** The device's own changes that may still lie ahead in the log. */
const OWN_LIMIT = 2000;

/** Answers the current key, acknowledged, with the next one. `confirmed`: items whose commands this answer confirms. */
export function advance<O>(
  state: CollectionState<O>,
  step: {
    readonly next: Position;
    readonly snapshot: number;
    readonly content: boolean;
    readonly behind: boolean;
    readonly confirmed: readonly ItemId[];
    readonly now: number;
  },
): CollectionState<O> {
  return {
    ...state,
    counter: state.counter + 1,
    base: state.next,
    next: step.next,
    snapshot: step.snapshot,
    content: step.content,
    behind: step.behind,
    own: confirm(state.own, state.counter, step.confirmed),
    touched: step.now,
  };
}

/** Answers the key before the last one again: the same interval, the same key, this time with these confirmations. */
export function repeat<O>(state: CollectionState<O>, confirmed: readonly ItemId[]): CollectionState<O> {
  // Commands that came only now made their rows after the interval.
  const behind = state.behind || confirmed.length > 0;
  return { ...state, content: true, behind, own: confirm(state.own, state.counter - 1, confirmed) };
}

function confirm(own: readonly OwnChanges[], counter: number, items: readonly ItemId[]): readonly OwnChanges[] {
  const others = own.filter((entry) => entry.counter !== counter);
  const all = items.length > 0 ? [...others, { counter, items }] : others;
  let count = all.reduce((sum, entry) => sum + entry.items.length, 0);
  let from = 0;
  while (count > OWN_LIMIT) count -= all[from++]!.items.length;
  return all.slice(from);
}

/** Where the device was before the last answer, which it does not get any further with: that answer is made anew. */
export function rewound<O>({ base, ...state }: CollectionState<O>): CollectionState<O> {
  return { ...state, counter: state.counter - 1, next: base ?? state.next, content: false };
}

/** Moves the last position over rows that are no news, without a new key. */
export function moveOn<O>(state: CollectionState<O>, next: Position, now: number): CollectionState<O> {
  return { ...state, next, touched: now };
}

/**
 * Forgets own changes that cannot come up again: the acknowledged answer read the log to its end after them, and no
 * page is left that could show the items.
 */
export function forgetOwn<O>(state: CollectionState<O>): CollectionState<O> {
  if (state.own.length === 0 || state.base !== undefined || state.behind || unfinished(state.next)) return state;
  return { ...state, own: [] };
}

/** Tells a device's own rows from others. */
export function ownRows(
  state: CollectionState,
  device: DeviceId,
  confirmedNow?: { readonly counter: number; readonly items: ReadonlySet<ItemId> },
): (row: LogRow) => Own {
  const known = new Map<number, ReadonlySet<ItemId>>(
    state.own.map((entry) => [entry.counter, new Set(entry.items)] as const),
  );
  if (confirmedNow) known.set(confirmedNow.counter, confirmedNow.items);
  return (row) => {
    if (row.origin?.device !== device) return false;
    const within = counterWithin(row.origin.syncKey, state.generation);
    if (!within) return false;
    // MoveItems answers outside of Sync: no key ever tells whether the answer arrived.
    if (within.shared) return within.known || 'perhaps';
    return known.get(within.counter)?.has(row.item) ?? false;
  };
}
