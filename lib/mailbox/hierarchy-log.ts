import type { FolderId } from '../ops/ids.ts';
import { HIERARCHY, keys } from '../store/schema.ts';
import type { MailboxContext } from './context.ts';
import { blank } from './hierarchy.ts';
import { readLog } from './log.ts';
import { type FolderShape, folderOf, type StoredLogRow } from './rows.ts';
import { readState } from './state.ts';
import type { Folder, HierarchyChanges, HierarchyWindow } from './types.ts';

const PAGE = 200;
/** Beyond the last row of any change: a hierarchy's watermark is a sequence, told to its end. */
const END = 9999;

/** What became of a folder within an interval, for somebody who knows the beginning and the rows that he made. */
export type Fate = { readonly fate: 'add' | 'change'; readonly as: FolderShape } | { readonly fate: 'delete' };

/** Folds the rows of each folder into what must be told of it; nothing for a folder made and deleted in between. */
export function fates(rows: readonly StoredLogRow[], known: HierarchyWindow['known']): Map<FolderId, Fate> {
  interface Seen {
    /** The asker has the folder, by what he was told before and by his own rows. */
    has: boolean;
    /** Somebody else changed it since the asker last saw or set it. */
    news: boolean;
    last: StoredLogRow;
  }
  const seen = new Map<FolderId, Seen>();
  for (const row of rows) {
    const id = row.item as string as FolderId;
    const before = seen.get(id) ?? { has: row.kind !== 'add', news: false, last: row };
    const own = row.origin !== undefined && known?.(row.origin) === true;
    // One's own change names the folder and its parent anew: it covers what others did before it.
    seen.set(id, own ? { has: row.kind !== 'delete', news: false, last: row } : { ...before, news: true, last: row });
  }
  const told = new Map<FolderId, Fate>();
  for (const [id, { has, news, last }] of seen) {
    const exists = last.kind !== 'delete';
    if (has && !exists) told.set(id, { fate: 'delete' });
    else if (exists && (!has || news)) told.set(id, { fate: has ? 'change' : 'add', as: last.as! });
  }
  return told;
}

export async function hierarchySince(
  context: MailboxContext,
  sequence: number,
  { upTo, known }: HierarchyWindow = {},
): Promise<HierarchyChanges> {
  const end = upTo ?? (await readState(context)).hierarchy;
  const none = { upTo: end, added: [], changed: [], deleted: [] };
  if (sequence === end) return { ...none, gone: false };
  const rows = await rowsUntil(context, sequence, end);
  if (!rows) return { ...none, gone: true };
  const told = fates(rows, known);
  const ids = [...told].filter(([, { fate }]) => fate !== 'delete').map(([id]) => id);
  const now = await context.table.batchGet(
    ids.map((id) => keys.folder(context.id, id)),
    'strong',
  );
  const folders: { readonly fate: 'add' | 'change'; readonly folder: Folder }[] = [];
  ids.forEach((id, place) => {
    const fate = told.get(id)!;
    if (fate.fate === 'delete') return;
    const row = now[place];
    folders.push({ fate: fate.fate, folder: row ? { ...folderOf(row), ...fate.as } : blank(id, fate.as) });
  });
  const of = (fate: 'add' | 'change') => folders.filter((one) => one.fate === fate).map(({ folder }) => folder);
  const deleted = [...told].filter(([, { fate }]) => fate === 'delete').map(([id]) => id);
  return { upTo: end, gone: false, added: of('add'), changed: of('change'), deleted };
}

/** The rows after one sequence up to another; `undefined` when some of them are gone, or the first is past the second. */
async function rowsUntil(context: MailboxContext, after: number, upTo: number): Promise<StoredLogRow[] | undefined> {
  if (after > upTo) return undefined;
  const rows: StoredLogRow[] = [];
  let mark = { seq: after, n: END };
  for (;;) {
    const page = await readLog(context, HIERARCHY, mark, PAGE, async () => {
      const { hierarchy, tail } = await readState(context);
      // Somebody has seen `upTo` already: what is to be told up to there may be late, but it is not nothing.
      return hierarchy < upTo ? { seq: upTo, tail: Number.POSITIVE_INFINITY } : { seq: hierarchy, tail };
    });
    if (page.gone) return undefined;
    for (const row of page.rows) {
      if (row.seq > upTo) return rows;
      rows.push(row);
    }
    if (!page.more) return rows;
    mark = page.upTo;
  }
}
