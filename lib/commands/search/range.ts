export interface Range {
  /** Counted from 0, both inclusive. */
  readonly from: number;
  readonly to: number;
}

const RANGE = /^(\d{1,3})-(\d{1,3})$/;

/** "m-n"; `undefined` for anything else. */
export function parseRange(text: string): Range | undefined {
  const [, from, to] = RANGE.exec(text.trim()) ?? [];
  if (from === undefined || Number(from) > Number(to)) return undefined;
  return { from: Number(from), to: Number(to) };
}

/** What is told of `count` results; `undefined` where there are none. */
export function toldRange(range: Range, count: number): string | undefined {
  return count === 0 ? undefined : `${range.from}-${range.from + count - 1}`;
}
