import type { FolderId, ItemId, MailboxId } from '../ops/ids.ts';
import { HIERARCHY, keys } from '../store/schema.ts';
import { append, move, remove, update } from './changes.ts';
import type { MailboxContext } from './context.ts';
import { readFolder } from './folder-rows.ts';
import { changeFolder, createFolder, deleteFolder, raise } from './hierarchy.ts';
import { hierarchySince } from './hierarchy-log.ts';
import { itemsFor, page, places, present } from './items.ts';
import { readLog } from './log.ts';
import { limitsOf, makeRoom, tellFullness, usage } from './room.ts';
import { folderOf, type StoredFolder } from './rows.ts';
import { readHierarchy, readState, type StoredState, stateOf } from './state.ts';
import { inOrder } from './tree.ts';
import {
  type ChangeOptions,
  type Folder,
  type HierarchyWindow,
  type Item,
  type LogRow,
  type Mailbox,
  type MailboxState,
  type NewItem,
  NoMailbox,
  type Watermark,
} from './types.ts';

/** A mailbox in the tables of a store: the methods of `Mailbox`, each of them in the file of its subject. */
export class TableMailbox implements Mailbox {
  readonly id: MailboxId;
  readonly #context: MailboxContext;

  constructor(context: MailboxContext) {
    this.id = context.id;
    this.#context = context;
  }

  async state() {
    return asState(await readState(this.#context));
  }

  async folders() {
    return (await this.tree()).folders;
  }

  async tree() {
    const { state, folders } = await readHierarchy(this.#context);
    return { state: asState(state), folders: inOrder(folders.values()).map(asFolder) };
  }

  async folder(id: FolderId) {
    const row = await this.#context.table.get(keys.folder(this.id, id), 'strong');
    const folder = row && folderOf(row);
    return folder && !folder.hidden ? asFolder(folder) : undefined;
  }

  async heads(ids: readonly FolderId[]) {
    const wanted = [...new Set(ids)];
    const [stateRow, ...rows] = await this.#context.table.batchGet(
      [keys.state(this.id), ...wanted.map((id) => keys.folder(this.id, id))],
      'strong',
    );
    if (!stateRow) throw new NoMailbox();
    const heads = new Map<FolderId, Folder>();
    for (const row of rows) {
      const folder = row && folderOf(row);
      if (folder && !folder.hidden) heads.set(folder.id, asFolder(folder));
    }
    return { state: asState(stateOf(stateRow)), heads };
  }

  async log(folder: FolderId, after: Watermark, limit: number) {
    const read = await readLog(this.#context, folder, after, limit, () => readFolder(this.#context, folder));
    return { ...read, rows: read.rows.map(asLogRow) };
  }

  itemsFor(folder: FolderId, rows: readonly LogRow[]) {
    return itemsFor(this.#context, folder, rows);
  }

  async items(folder: FolderId, ids: readonly ItemId[]) {
    return present(await places(this.#context, folder, [...new Set(ids)]));
  }

  async moved(folder: FolderId, item: ItemId) {
    const place = (await places(this.#context, folder, [item])).get(item);
    return place?.gone ? place.moved : undefined;
  }

  page(folder: FolderId, range: Parameters<Mailbox['page']>[1]) {
    return page(this.#context, folder, range);
  }

  async append(folder: FolderId, items: readonly NewItem[], options?: ChangeOptions) {
    const { changed, used } = await this.#turn([folder], () => append(this.#context, folder, items, options));
    // Not within the turn: what is told is put into a folder, too.
    if (used) await tellFullness(this.#context, used);
    return changed;
  }

  update(folder: FolderId, item: ItemId, decide: Parameters<Mailbox['update']>[2], options?: ChangeOptions) {
    return this.#turn([folder], () => update(this.#context, folder, item, decide, options));
  }

  remove(folder: FolderId, items: readonly ItemId[], options?: ChangeOptions) {
    return this.#turn([folder], () => remove(this.#context, folder, items, options));
  }

  move(
    from: FolderId,
    item: ItemId,
    to: FolderId,
    options?: ChangeOptions,
    into?: Parameters<Mailbox['move']>[4],
  ): Promise<Item> {
    return this.#turn([from, to], () => move(this.#context, from, item, to, options, into));
  }

  hierarchySince(sequence: number, window?: HierarchyWindow) {
    return hierarchySince(this.#context, sequence, window);
  }

  createFolder(folder: Parameters<Mailbox['createFolder']>[0], options?: ChangeOptions) {
    return this.#turn([HIERARCHY], async () => asFolder(await createFolder(this.#context, folder, options)));
  }

  changeFolder(id: FolderId, to: Parameters<Mailbox['changeFolder']>[1], options?: ChangeOptions) {
    return this.#turn([HIERARCHY], async () => asFolder(await changeFolder(this.#context, id, to, options)));
  }

  deleteFolder(id: FolderId, options?: ChangeOptions) {
    return this.#turn([HIERARCHY], () => deleteFolder(this.#context, id, options));
  }

  raise(epoch: 'policyEpoch' | 'wipeEpoch', options?: ChangeOptions) {
    return raise(this.#context, epoch, options);
  }

  usage() {
    return usage(this.#context);
  }

  async checkRoom(folder: FolderId, bytes: number) {
    if (Object.keys(await limitsOf(this.#context)).length === 0) return;
    await makeRoom(this.#context, await readFolder(this.#context, folder), { items: 1, bytes, largest: bytes });
  }

  #turn<T>(folders: readonly FolderId[], work: () => Promise<T>): Promise<T> {
    const names = [...new Set(folders)].map((folder) => `${this.id}#${folder}`);
    return this.#context.turns.run(names, work);
  }
}

function asState({ incarnation, hierarchy, policyEpoch, wipeEpoch }: StoredState): MailboxState {
  return { incarnation, hierarchy, policyEpoch, wipeEpoch };
}

function asFolder(folder: Folder & Partial<StoredFolder>): Folder {
  const { id, name, parent, type, class: of, seq, added, tail, count, unread } = folder;
  return { id, name, parent, type, class: of, seq, added, tail, count, unread };
}

function asLogRow({ seq, n, item, kind, prev, origin, parts, was, at }: LogRow): LogRow {
  return { seq, n, item, kind, prev, origin, parts, was, at };
}
