import type { ItemClass } from '../../mailbox/types.ts';
import { type FolderId, type ItemId, type MailboxId, unmarked } from '../../ops/ids.ts';
import type { Row } from '../../store/ports.ts';
import { keys, SEARCH_HEADS } from '../../store/schema.ts';
import type { IndexedItem, Mark, Step } from '../types.ts';

/** A batch: the items of one step of one folder. */
export interface Head {
  readonly batch: string;
  readonly folder: FolderId;
  /** How many items; 0 for a step that only removes. */
  readonly size: number;
  /** Largest and smallest item id, those of texts without their mark: by date. */
  readonly newest: ItemId;
  readonly oldest: ItemId;
  /** Items of earlier batches of this folder that are no more, or have other words now. */
  readonly gone: readonly ItemId[];
  /** Counts up in the order of the steps. */
  readonly n: number;
}

export interface Entry {
  readonly item: ItemId;
  readonly class: ItemClass;
  readonly attachments: boolean;
}

export function headRow(mailbox: MailboxId, folder: FolderId, batch: string, n: number, { put, remove }: Step): Row {
  const dated = put.map(({ item }) => unmarked(item)).sort();
  const { pk, sk } = keys.searchHead(mailbox, batch);
  const gone = [...new Set([...remove, ...put.map(({ item }) => item)])];
  return { pk, sk, folder, size: put.length, newest: dated.at(-1) ?? '', oldest: dated[0] ?? '', gone, n };
}

export function headOf(row: Row): Head {
  return {
    batch: row.sk.slice(SEARCH_HEADS.length),
    folder: row.folder as FolderId,
    size: row.size as number,
    newest: row.newest as ItemId,
    oldest: row.oldest as ItemId,
    gone: row.gone as readonly ItemId[],
    n: row.n as number,
  };
}

export function itemsRow(mailbox: MailboxId, batch: string, items: readonly IndexedItem[]): Row {
  const entries = items.map((item) => `${item.item} ${item.class} ${item.attachments ? 1 : 0}`);
  const { pk, sk } = keys.searchItems(mailbox, batch);
  return { pk, sk, entries };
}

export function entriesOf(row: Row): Entry[] {
  return (row.entries as readonly string[]).map((entry) => {
    const [item, of, attachments] = entry.split(' ');
    return { item: item as ItemId, class: of as ItemClass, attachments: attachments === '1' };
  });
}

export interface MarksRow {
  readonly incarnation: string;
  readonly folders: Readonly<Record<string, Mark>>;
  /** Counts the steps: the condition of the next. */
  readonly steps: number;
}

export function marksOf(row: Row): MarksRow {
  return {
    incarnation: row.incarnation as string,
    folders: row.folders as unknown as Record<string, Mark>,
    steps: row.steps as number,
  };
}
