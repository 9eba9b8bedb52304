/** Half-open ranges of item ids: `from <= id < below`. */
export interface IdRange {
  readonly from: string;
  readonly below: string;
}

/** Disjoint, not touching, highest first. */
export type IdSet = readonly IdRange[];

/** Below and above every id: ids are Crockford digits. */
export const BOTTOM = '';
export const TOP = '~';

export const EVERYTHING: IdSet = [{ from: BOTTOM, below: TOP }];

export function contains(set: IdSet, id: string): boolean {
  for (const range of set) if (id >= range.from) return id < range.below;
  return false;
}

const max = (a: string, b: string) => (a > b ? a : b);
const min = (a: string, b: string) => (a < b ? a : b);

export function union(set: IdSet, added: IdRange): IdSet {
  if (added.from >= added.below) return set;
  const apart: IdRange[] = [];
  let joined = added;
  for (const range of set) {
    if (range.from > joined.below || range.below < joined.from) apart.push(range);
    else joined = { from: min(range.from, joined.from), below: max(range.below, joined.below) };
  }
  return [...apart, joined].sort((a, b) => (a.from > b.from ? -1 : 1));
}

/** What of `set` is not in `taken`, highest first. */
export function subtract(set: IdSet, taken: IdSet): IdSet {
  let left: IdRange[] = [...set];
  for (const hole of taken) {
    left = left.flatMap((range) => {
      const above = { from: max(range.from, hole.below), below: range.below };
      const under = { from: range.from, below: min(range.below, hole.from) };
      return [above, under].filter((part) => part.from < part.below);
    });
  }
  return left;
}
