/** Items as they are. */
import type { FolderId, ItemId } from '../ops/ids.ts';
import type { Row } from '../store/ports.ts';
import { keys, mailboxPartition } from '../store/schema.ts';
import type { MailboxContext } from './context.ts';
import { type Place, placeOf } from './rows.ts';
import type { Item, LogRow, RowItems } from './types.ts';

export async function places(
  { table, id }: MailboxContext,
  folder: FolderId,
  items: readonly ItemId[],
): Promise<ReadonlyMap<ItemId, Place>> {
  const found = new Map<ItemId, Place>();
  if (items.length === 0) return found;
  const rows = await table.batchGet(
    items.map((item) => keys.item(id, folder, item)),
    'strong',
  );
  items.forEach((item, place) => {
    const row = rows[place];
    if (row) found.set(item, placeOf(folder, item, row));
  });
  return found;
}

export function present(found: ReadonlyMap<ItemId, Place>): Map<ItemId, Item> {
  const items = new Map<ItemId, Item>();
  for (const [id, place] of found) if (!place.gone) items.set(id, place);
  return items;
}

const itemPrefix = (folder: FolderId) => `M#${folder}#`;
/** Rows of one read; more than one read is needed only where much was deleted. */
const READ_AT_LEAST = 32;

/** Items by descending id within a range; keys of deleted items lie between and are passed over. */
export async function page(
  { table, id }: MailboxContext,
  folder: FolderId,
  range: { readonly below?: ItemId; readonly from?: ItemId; readonly limit: number },
): Promise<readonly Item[]> {
  const prefix = itemPrefix(folder);
  const items: Item[] = [];
  let below: string | undefined = range.below;
  for (;;) {
    const missing = range.limit - items.length;
    if (missing <= 0) return items;
    const limit = Math.max(missing, READ_AT_LEAST);
    // `below` is not among them: the row itself is read and passed over.
    const rows: readonly Row[] = await table.query({
      table: 'mailboxes',
      pk: mailboxPartition(id),
      prefix,
      from: range.from && prefix + range.from,
      to: below && prefix + below,
      limit: below === undefined ? limit : limit + 1,
      order: 'descending',
      consistency: 'strong',
    });
    let read = 0;
    for (const row of rows) {
      const item = row.sk.slice(prefix.length) as ItemId;
      if (item === below) continue;
      read++;
      const place = placeOf(folder, item, row);
      if (!place.gone && items.length < range.limit) items.push(place);
    }
    if (read < limit) return items;
    below = rows.at(-1)!.sk.slice(prefix.length);
  }
}

/** Looks at an item that should be there. */
const LOOKS = 6;
/** An item that is still not to be seen this long after its row was lost otherwise; it may not stop its folder. */
const LOST_MS = 3_600_000;

/**
 * The items behind log rows. A row tells of a commit, but the item of the same commit may be seen later than the row:
 * then what is read is older than the row, or nothing at all. A deleted item leaves a tombstone for as long as the log
 * is kept, so nothing at all is never a deletion.
 */
export async function itemsFor(context: MailboxContext, folder: FolderId, rows: readonly LogRow[]): Promise<RowItems> {
  const named = rows.filter(({ kind }) => kind !== 'delete').map(({ item }) => item);
  const ids = [...new Set(named)];
  for (let look = 1; ; look++) {
    const found = await places(context, folder, ids);
    const lost = look === LOOKS ? context.clock.now() - LOST_MS : Number.NEGATIVE_INFINITY;
    const late = rows.findIndex((row) => row.kind !== 'delete' && row.at > lost && isLate(row, found.get(row.item)));
    if (late < 0) return { rows, items: present(found), complete: true };
    // Some rows can be told: tell them, the rest will have come by the next request.
    if (late > 0 || look === LOOKS) return { rows: rows.slice(0, late), items: present(found), complete: false };
    await context.pause(look);
  }
}

const isLate = (row: LogRow, place: Place | undefined) => place === undefined || place.seq < row.seq;
