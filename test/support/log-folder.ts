/** A folder as the Sync engine reads it: a log and items in memory, what of them is to be seen, and a note of what was read. */
import type { Folder, Item, LogPage, LogRow, Mailbox, RowItems, Watermark } from '../../lib/mailbox/types.ts';
import type { DeviceId, FolderId, ItemId } from '../../lib/ops/ids.ts';
import { compareWatermarks } from '../../lib/sync/position.ts';
import { TOP } from '../../lib/sync/ranges.ts';

type Range = Parameters<Mailbox['page']>[1];

/** The id of an item that tests call by a letter, or a name: ids of mail begin with a low digit. */
export const idOf = (name: string) => `0${name}` as ItemId;
export const nameOf = (id: string) => id.slice(1);

export class LogFolder {
  readonly rows: LogRow[] = [];
  readonly items = new Map<ItemId, Item>();
  /** Names of items whose rows a read of items cannot see the effect of yet. */
  readonly unseen = new Set<string>();
  /** What pages still show as it was, by name; `undefined` is an item that they do not show. */
  readonly stale = new Map<string, Item | undefined>();
  /** The log no longer reaches back: always, or for looks that begin at or before this sequence. */
  gone: boolean | number = false;
  seq = 0;
  now = 0;
  readonly asked = {
    log: [] as [after: Watermark, limit: number][],
    page: [] as { readonly below?: string; readonly from?: string; readonly limit: number }[],
    items: [] as string[][],
  };

  /** Each of `names`, or each letter of it, is an item, added under a sequence of its own. */
  add(names: Iterable<string>, over: Partial<LogRow> = {}): this {
    for (const name of names) {
      const row = this.row(name, 'add', over);
      const [seq, addedSeq] = [row.seq, row.seq];
      this.items.set(row.item, { id: row.item, class: 'Email', seq, addedSeq, addedAt: row.at } as Item);
    }
    return this;
  }

  change(names: Iterable<string>, over: Partial<LogRow> = {}): this {
    for (const name of names) {
      const row = this.row(name, over.kind ?? 'change', over);
      const item = this.items.get(row.item);
      if (item) this.items.set(row.item, { ...item, seq: row.seq });
    }
    return this;
  }

  flags(names: Iterable<string>, parts?: string, over: Partial<LogRow> = {}): this {
    return this.change(names, { kind: 'flags', parts, ...over });
  }

  remove(names: Iterable<string>, over: Partial<LogRow> = {}): this {
    for (const name of names) this.items.delete(this.row(name, 'delete', over).item);
    return this;
  }

  row(name: string, kind: LogRow['kind'], over: Partial<LogRow> = {}): LogRow {
    const seq = ++this.seq;
    const row: LogRow = { item: idOf(name), kind, seq, n: 0, prev: seq - 1, at: this.now, ...over };
    this.rows.push(row);
    return row;
  }

  get head(): Folder {
    return { id: 'f' as FolderId, seq: this.seq, count: this.items.size, class: 'Email' } as Folder;
  }

  readonly mailbox = {
    log: async (_: FolderId, after: Watermark, limit: number): Promise<LogPage> => {
      this.asked.log.push([{ seq: after.seq, n: after.n }, limit]);
      const gone = typeof this.gone === 'number' ? after.seq <= this.gone : this.gone;
      if (gone) return { rows: [], upTo: after, more: false, gone };
      const all = this.rows.filter((row) => compareWatermarks(row, after) > 0);
      const rows = all.slice(0, limit);
      return { rows, upTo: rows.at(-1) ?? after, more: all.length > rows.length, gone };
    },
    itemsFor: async (_: FolderId, rows: readonly LogRow[]): Promise<RowItems> => {
      this.asked.items.push(rows.map(({ item }) => nameOf(item)));
      const end = rows.findIndex(({ item }) => this.unseen.has(nameOf(item)));
      const seen = end < 0 ? rows : rows.slice(0, end);
      const there = seen.flatMap(({ item }) => this.items.get(item) ?? []);
      return { rows: seen, items: new Map(there.map((item) => [item.id, item])), complete: end < 0 };
    },
    page: async (_: FolderId, range: Range): Promise<readonly Item[]> => {
      const { below, from, limit } = range;
      this.asked.page.push({
        below: below && below !== TOP ? nameOf(below) : undefined,
        from: from && nameOf(from),
        limit,
      });
      const stale = [...this.stale].map(([name, item]) => [idOf(name), item] as const);
      const shown = new Map<string, Item | undefined>([...this.items, ...stale]);
      const within = [...shown.values()].filter(
        (item) => item !== undefined && item.id >= (from ?? '') && (below === undefined || item.id < below),
      ) as Item[];
      return within.sort((a, b) => (a.id > b.id ? -1 : 1)).slice(0, limit);
    },
  } as unknown as Mailbox;
}

/** The origin of a change that a device made under a key. */
export const madeBy = (device: string, syncKey: string): Partial<LogRow> => ({
  origin: { device: device as DeviceId, syncKey },
});
