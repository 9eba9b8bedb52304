import type { LogRow } from '../mailbox/types.ts';
import type { ItemId } from '../ops/ids.ts';

/**
 * Whether a device made a change itself and knows that it was made. `perhaps`: it made it by a MoveItems, and whether
 * the answer arrived nothing tells.
 */
export type Own = boolean | 'perhaps';

/**
 * What of several changes of one item is left to tell. `flags` is a Change of nothing but read, flag, categories;
 * `leave` a SoftDelete.
 */
export type Outcome = 'add' | 'change' | 'flags' | 'delete' | 'leave' | 'none';

/** The changes of one item, folded in the order of the log. */
export interface Fold {
  readonly item: ItemId;
  /** Place of its first row among those that were read; the order of the answer. */
  readonly first: number;
  /** The row that an item must at least be as new as, when it is read (its sequence), and when that was written. */
  readonly lastSeq: number;
  readonly lastAt: number;
  /** The device had it, as far as the rows and its own commands tell. */
  readonly had: boolean;
  /** The device has it if it got the answer to its own move. */
  readonly perhaps: boolean;
  /** It lies within the filter. */
  readonly inside: boolean;
  /** The rows end with its deletion. */
  readonly gone: boolean;
  readonly pending: 'none' | 'flags' | 'change';
  /** Letters of `LogRow.parts`; `undefined` where a row did not tell. */
  readonly parts: string | undefined;
}

export function beginFold(row: LogRow, first: number, own: Own, inside = true): Fold {
  const start: Fold = {
    item: row.item,
    first,
    lastSeq: row.seq,
    lastAt: row.at,
    had: row.kind !== 'add',
    perhaps: false,
    inside,
    gone: false,
    pending: 'none',
    parts: '',
  };
  return foldRow(start, row, own);
}

export function foldRow(fold: Fold, row: LogRow, own: Own): Fold {
  const next = { ...fold, lastSeq: row.seq, lastAt: row.at, gone: row.kind === 'delete' };
  if (own === true) {
    if (row.kind === 'add') return { ...next, had: true };
    if (row.kind === 'delete') return { ...next, had: false, perhaps: false, pending: 'none', parts: '' };
    return next;
  }
  if (row.kind === 'add') return { ...next, perhaps: own === 'perhaps', pending: 'change' };
  if (row.kind !== 'flags') return { ...next, pending: 'change' };
  return { ...next, pending: fold.pending === 'change' ? 'change' : 'flags', parts: joinParts(fold.parts, row.parts) };
}

function joinParts(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined;
  let all = a;
  for (const letter of b) if (!all.includes(letter)) all += letter;
  return all;
}

/** An addition that was deleted again or is outside, and rows that are all the device's own, say nothing. */
export function tells(fold: Fold): boolean {
  return fold.pending !== 'none' && (fold.had || fold.perhaps || (!fold.gone && fold.inside));
}

/**
 * What to tell, given whether the item is there. An item that the device had and that is gone is a Delete even where
 * rows beyond the window say so: a delete beats everything. One that changes outside of the filter leaves. What the device
 * has perhaps is told as if it had it not, and its end as if it had it: clients replace the one, and ignore the other.
 */
export function outcomeOf(fold: Fold, present: boolean): Outcome {
  if (fold.pending === 'none') return 'none';
  const shown = fold.had || fold.perhaps;
  if (!present) return shown ? 'delete' : 'none';
  if (!fold.inside) return shown ? 'leave' : 'none';
  if (!fold.had) return 'add';
  return fold.pending;
}
