import type { LogRow, Mailbox, Watermark } from '../mailbox/types.ts';
import type { FolderId, ItemId } from '../ops/ids.ts';

/** What others changed of an item since the device last knew it: letters of `LogRow.parts`, or everything. */
export type Touched = string | 'everything';

/** Folds rows into what of each item others touched. */
export function touchedByOthers(rows: readonly LogRow[], own: (row: LogRow) => boolean): Map<ItemId, Touched> {
  const touched = new Map<ItemId, Touched>();
  for (const row of rows) {
    if (own(row)) continue;
    const before = touched.get(row.item) ?? '';
    const all = before === 'everything' || row.kind !== 'flags' || row.parts === undefined;
    touched.set(row.item, all ? 'everything' : before + row.parts);
  }
  return touched;
}

/** A client's change of `parts` (absent: of more than flags) meets what others touched. */
export function conflicts(touched: Touched | undefined, parts: string | undefined): boolean {
  if (touched === undefined) return false;
  if (touched === 'everything' || parts === undefined) return true;
  return [...parts].some((letter) => touched.includes(letter));
}

/** Rows that are read to look for conflicts; a device that is further behind than this loses them. */
const PAGES = 16;
const PAGE = 256;

/** Reads what others touched since a watermark; `from` on, everything counts as touched. */
export async function readTouched(
  mailbox: Mailbox,
  folder: FolderId,
  since: Watermark,
  own: (row: LogRow) => boolean,
): Promise<{ readonly touched: ReadonlyMap<ItemId, Touched>; readonly from: number }> {
  const rows: LogRow[] = [];
  let upTo = since;
  for (let read = 0; read < PAGES; read++) {
    const page = await mailbox.log(folder, upTo, PAGE);
    rows.push(...page.rows);
    upTo = page.upTo;
    if (!page.more || page.gone) return { touched: touchedByOthers(rows, own), from: Number.POSITIVE_INFINITY };
  }
  return { touched: touchedByOthers(rows, own), from: upTo.seq + 1 };
}
