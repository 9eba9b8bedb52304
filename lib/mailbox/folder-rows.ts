import type { FolderId, ItemId } from '../ops/ids.ts';
import type { Write } from '../store/ports.ts';
import { keys } from '../store/schema.ts';
import type { MailboxContext } from './context.ts';
import { type Change, folderOf, type Place, placeOf, type StoredFolder } from './rows.ts';
import { NoFolder, type Origin } from './types.ts';

/** The folder's row. Strong. @throws NoFolder when there is none, or it is being deleted */
export async function readFolder({ table, id }: MailboxContext, folder: FolderId): Promise<StoredFolder> {
  const row = await table.get(keys.folder(id, folder), 'strong');
  const found = row && folderOf(row);
  if (!found || found.hidden) throw new NoFolder();
  return found;
}

/** A folder and what is at some of its keys, in one strong read (which is no snapshot). @throws NoFolder */
export async function readPlaces(
  { table, id }: MailboxContext,
  folder: FolderId,
  items: readonly ItemId[],
): Promise<{ readonly head: StoredFolder; readonly places: ReadonlyMap<ItemId, Place> }> {
  const [headRow, ...rows] = await table.batchGet(
    [keys.folder(id, folder), ...items.map((item) => keys.item(id, folder, item))],
    'strong',
  );
  const head = headRow && folderOf(headRow);
  if (!head || head.hidden) throw new NoFolder();
  const places = new Map<ItemId, Place>();
  items.forEach((item, place) => {
    const row = rows[place];
    if (row) places.set(item, placeOf(folder, item, row));
  });
  return { head, places };
}

/** The next change of a folder's log. */
export function nextChange(head: StoredFolder, tx: string, at: number, origin: Origin | undefined): Change {
  return { tx, at, seq: head.seq + 1, prev: head.seq, prevTail: head.tail, origin };
}

export interface HeadChange {
  /** How many log rows the change has. */
  readonly rows: number;
  readonly count: number;
  readonly unread: number;
  readonly bytes: number;
  readonly added?: boolean;
}

/**
 * The folder's row after a change, on condition that nobody changed it since it was read. Everything else of the
 * transaction rests on this condition; a deletion of the folder breaks it too, because it counts `seq` up.
 */
export function headWrite({ id }: MailboxContext, head: StoredFolder, change: Change, by: HeadChange): Write {
  return {
    op: 'update',
    key: keys.folder(id, head.id),
    set: {
      seq: change.seq,
      tail: by.rows - 1,
      at: change.at,
      count: head.count + by.count,
      unread: head.unread + by.unread,
      ...(head.bytes !== undefined && { bytes: head.bytes + by.bytes }),
      ...(by.added && { added: change.seq }),
    },
    when: { equals: { seq: head.seq } },
  };
}
