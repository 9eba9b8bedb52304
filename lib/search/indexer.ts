import { type Folder, type Item, type LogRow, type Mailbox, type Mailboxes, NoFolder } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { FolderId, ItemId } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { type Blobs, StoreUnavailable } from '../store/ports.ts';
import type { IndexedItem, Mark, SearchIndex } from './types.ts';
import { indexedItem } from './words.ts';

export interface IndexerDeps {
  readonly index: SearchIndex;
  readonly mailboxes: Pick<Mailboxes, 'open'>;
  readonly blobs: Pick<Blobs, 'get'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is committed in a mailbox and not in its index. */
export interface Waiting {
  /** There is nothing else. `false`: the time ran out, and older mail is missing still. */
  readonly complete: boolean;
  readonly items: readonly IndexedItem[];
  /** `<folder>:<item>` of what the index may have and should not, or has with other words. */
  readonly stale: ReadonlySet<string>;
  /** The folders that there are. */
  readonly folders: ReadonlyMap<FolderId, Folder>;
}

/** Items of one step while a folder is read for the first time (at least), and rows of one step after that. */
const PAGE = 50;
const ROWS = 200;
/** What waits longer than this is worth its writes whatever it is: it is read again by every search. */
const WAIT_MS = 86_400_000;
/** Steps lost to other processes before one gives way. */
const RACES = 5;

export const nameOf = (folder: FolderId, item: ItemId): string => `${folder}:${item}`;

/** Follows the logs of mailboxes with their indexes. Any number of processes may do so at once. */
export class Indexer {
  readonly #deps: IndexerDeps;

  constructor(deps: IndexerDeps) {
    this.#deps = deps;
  }

  /**
   * Brings the index of a mailbox up to now, for `ms` at most. Nothing is ever read twice for it, but what waits for a
   * step to be worth its writes. @throws StoreUnavailable, NoMailbox
   * @param collect `false` where nobody asks what waits: then it is not read
   */
  async catchUp(mailbox: Mailbox, ms: number, collect = true, signal?: AbortSignal): Promise<Waiting> {
    const { index, clock } = this.#deps;
    const end = clock.now() + ms;
    const { state, folders } = await mailbox.tree();
    // Ahead of any question: a mailbox that never had mail gets no index, so that new accounts cost nothing.
    if (!collect && !folders.some(({ class: kind, seq }) => kind === 'Email' && seq > 0)) return nothing(folders);
    const known = await index.marks(mailbox.id);
    const current = known?.incarnation === state.incarnation ? known.folders : undefined;
    if (!current) await index.reset(mailbox.id, state.incarnation);
    const live = byId(folders);
    for (const id of current?.keys() ?? []) if (!live.has(id)) await index.forget(mailbox.id, id);
    const waiting = { complete: true, collect, items: [] as IndexedItem[], stale: new Set<string>(), folders: live };
    for (const folder of folders) {
      if (folder.class !== 'Email') continue;
      const timely = () => clock.now() < end && !signal?.aborted;
      try {
        if (!(await this.#folder(mailbox, folder, current?.get(folder.id), waiting, timely))) waiting.complete = false;
      } catch (error) {
        // Deleted meanwhile.
        if (!(error instanceof NoFolder)) throw error;
        live.delete(folder.id);
      }
    }
    return waiting;
  }

  /** @returns whether the index, with what is added to `waiting`, has all of the folder */
  async #folder(
    mailbox: Mailbox,
    folder: Folder,
    from: Mark | undefined,
    waiting: { readonly collect: boolean; readonly items: IndexedItem[]; readonly stale: Set<string> },
    timely: () => boolean,
  ): Promise<boolean> {
    let mark = from;
    let races = 0;
    for (;;) {
      if (mark && !mark.below && mark.seq === folder.seq && mark.n >= (folder.tail ?? 0)) return true;
      if (!timely()) return false;
      const step =
        !mark || mark.below
          ? await this.#page(mailbox, folder, mark)
          : await this.#log(mailbox, folder, mark, waiting.collect);
      if (step === 'gone') {
        await this.#deps.index.forget(mailbox.id, folder.id);
        mark = undefined;
        continue;
      }
      if (step.waits) {
        waiting.items.push(...step.put);
        for (const item of [...step.remove, ...step.put.map((each) => each.item)])
          waiting.stale.add(nameOf(folder.id, item));
        return true;
      }
      if (step.to === undefined) return true;
      if (await this.#deps.index.apply(mailbox.id, folder.id, { ...step, from: mark, to: step.to })) mark = step.to;
      else if (++races > RACES) return false;
      else mark = (await this.#deps.index.marks(mailbox.id))?.folders.get(folder.id);
    }
  }

  /** A folder that is not indexed yet: from the newest item down, below a place of its log from which the log goes on. */
  async #page(mailbox: Mailbox, folder: Folder, mark: Mark | undefined) {
    const { seq, n } = mark ?? { seq: folder.seq, n: folder.tail ?? 0 };
    const limit = Math.max(PAGE, this.#deps.index.batch);
    const items = await mailbox.page(folder.id, { below: mark?.below, limit });
    const below = items.length < limit ? undefined : items.at(-1)!.id;
    return { to: { seq, n, ...(below && { below }) }, put: await this.#words(items), remove: [], waits: false };
  }

  async #log(mailbox: Mailbox, folder: Folder, mark: Mark, collect: boolean) {
    const page = await mailbox.log(folder.id, mark, ROWS);
    if (page.gone) return 'gone' as const;
    const worth = page.more || page.rows.length >= this.#deps.index.batch || this.#isOld(page.rows[0]);
    if (!worth && !collect) return { to: undefined, put: [], remove: [], waits: true };
    const { rows, items } = await mailbox.itemsFor(folder.id, page.rows);
    const last = rows.at(-1);
    const put = await this.#words(changed(rows, items));
    const remove = [...new Set(rows.filter(({ kind }) => kind === 'delete').map(({ item }) => item))];
    return { to: last && { seq: last.seq, n: last.n }, put, remove, waits: !worth && last !== undefined };
  }

  #isOld(row: LogRow | undefined): boolean {
    return row !== undefined && row.at < this.#deps.clock.now() - WAIT_MS;
  }

  /** An item whose words cannot be read is not found; it never stops its folder. */
  async #words(items: readonly Item[]): Promise<IndexedItem[]> {
    const { blobs, log } = this.#deps;
    const found: IndexedItem[] = [];
    for (const item of items) {
      try {
        found.push(await indexedItem(item, blobs));
      } catch (error) {
        if (error instanceof StoreUnavailable) throw error;
        log.warn('item cannot be indexed', { item: item.id, ...errorFields(error) });
      }
    }
    return found;
  }
}

const byId = (folders: readonly Folder[]) => new Map(folders.map((folder) => [folder.id, folder]));
const nothing = (folders: readonly Folder[]): Waiting => ({
  complete: true,
  items: [],
  stale: new Set(),
  folders: byId(folders),
});

/** What is there of the rows' items and has other words than before: flags are no words. */
function changed(rows: readonly LogRow[], items: ReadonlyMap<ItemId, Item>): Item[] {
  const ids = new Set(rows.filter(({ kind }) => kind === 'add' || kind === 'change').map(({ item }) => item));
  return [...ids].map((id) => items.get(id)).filter((item) => item !== undefined);
}
