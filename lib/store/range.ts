import type { Query } from './ports.ts';

/** Bounds of a query's sort keys; `before` is exclusive. All of them absent: the whole partition. */
export interface SortRange {
  readonly from?: string;
  readonly to?: string;
  readonly before?: string;
}

/** The range that a query asks for, `undefined` when nothing can be in it. `prefix` narrows `from` and `to`. */
export function sortRange(query: Query): SortRange | undefined {
  const from = higher(query.from || undefined, query.prefix || undefined);
  const before = query.prefix ? successor(query.prefix) : undefined;
  const { to } = query;
  if (to !== undefined && (to === '' || (from !== undefined && compareKeys(from, to) > 0))) return undefined;
  if (before !== undefined && from !== undefined && compareKeys(from, before) >= 0) return undefined;
  return { from, to, before };
}

function higher(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareKeys(a, b) >= 0 ? a : b;
}

/** The order of sort keys: as UTF-8 bytes. JavaScript's own order differs above U+FFFF. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The lowest text above everything that begins with `prefix`; `undefined` when there is none. */
export function successor(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    // Surrogates are no characters of UTF-8.
    points.push(last === 0xd7ff ? 0xe000 : last + 1);
    return String.fromCodePoint(...points);
  }
  return undefined;
}
