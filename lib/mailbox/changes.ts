/** Changes of items: each one transaction, decided from rows read anew at every try. */
import { isDeepStrictEqual } from 'node:util';
import { flagParts } from '../mail/apply.ts';
import type { EmailContent } from '../mail/types.ts';
import { type FolderId, type ItemId, newId, randomToken } from '../ops/ids.ts';
import type { Write } from '../store/ports.ts';
import { keys } from '../store/schema.ts';
import { blobsOf, garbageWrites } from './blobs.ts';
import { commit, type Decision, type Settled } from './commit.ts';
import type { MailboxContext } from './context.ts';
import { headWrite, nextChange, readFolder, readPlaces } from './folder-rows.ts';
import { membership } from './membership.ts';
import { type Addition, checkFolder, itemBytes, type Usage } from './quota.ts';
import { limitsOf, makeRoom, type Room } from './room.ts';
import { itemRow, logWrites, stored, tombstone } from './rows.ts';
import {
  type Changed,
  type ChangeOptions,
  FolderType,
  type Item,
  ItemChanged,
  type NewItem,
  NoItem,
  type Replacement,
} from './types.ts';

/** Items of one bulk change: two rows each, the folder's row, and room for the caller's in a transaction of 100. */
export const MAX_BULK = 45;

/** Names an operation in the rows that it writes. */
const newTx = () => randomToken(9);

const NO_ROOM_NEEDED: Room = { writes: [] };

const unread = (content: EmailContent) => (content.read ? 0 : 1);
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

const additionOf = (sizes: readonly number[]): Addition => {
  return { items: sizes.length, bytes: sum(sizes), largest: Math.max(0, ...sizes) };
};

/** One under each id, the first. @throws RangeError past the limit of a bulk */
function bulk<T>(all: readonly T[], id: (one: T) => ItemId): readonly T[] {
  const byId = new Map<ItemId, T>();
  for (const one of all) if (!byId.has(id(one))) byId.set(id(one), one);
  if (byId.size > MAX_BULK) throw new RangeError(`a change takes ${MAX_BULK} items`);
  return [...byId.values()];
}

/** What an addition came to, and what the mailbox holds after it, where it has a limit. */
interface Appended {
  readonly changed: readonly Changed[];
  readonly used?: Usage;
}

export async function append(
  context: MailboxContext,
  folder: FolderId,
  items: readonly NewItem[],
  options: ChangeOptions = {},
): Promise<Appended> {
  const wanted = bulk(items, ({ id }) => id);
  const tx = newTx();
  return commit(context, tx, options.with ?? [], async (): Promise<Decision<Appended> | Settled<Appended>> => {
    const { head, places } = await readPlaces(
      context,
      folder,
      wanted.map(({ id }) => id),
    );
    const at = context.clock.now();
    const change = nextChange(head, tx, at, options.origin);
    const { seq } = change;
    const fresh = new Map<ItemId, Item>();
    for (const { id, class: of, content } of wanted) {
      if (places.has(id)) continue;
      fresh.set(id, { id, folder, class: of, seq, addedSeq: seq, addedAt: at, content });
    }
    const changed = items.map((item): Changed => {
      const added = fresh.get(item.id);
      if (added) return { item: added, changed: true };
      const place = places.get(item.id);
      // What was deleted or moved away is answered as it was delivered: the caller's work is done.
      if (!place || place.gone) {
        return { item: { ...item, folder, seq: place?.seq ?? seq, addedSeq: 0, addedAt: at }, changed: false };
      }
      return { item: place, changed: false };
    });
    if (fresh.size === 0) return { result: { changed } };
    const added = [...fresh.values()];
    const addition = additionOf(added.map(({ content }) => itemBytes(content)));
    const room = options.overQuota ? NO_ROOM_NEEDED : await makeRoom(context, head, addition);
    const by = {
      rows: added.length,
      count: added.length,
      unread: sum(added.map((i) => unread(i.content))),
      bytes: addition.bytes,
    };
    const writes: Write[] = [
      headWrite(context, head, change, { ...by, added: true }),
      ...added.map((item): Write => {
        return { op: 'put', table: 'mailboxes', row: itemRow(context.id, item), when: { row: 'absent' } };
      }),
      ...logWrites(
        context.id,
        folder,
        change,
        added.map((item) => ({ item: item.id, kind: 'add' })),
      ),
      ...room.writes,
    ];
    return { writes, proof: keys.log(context.id, folder, seq, 0), result: { changed, used: room.used } };
  });
}

export async function update(
  context: MailboxContext,
  folder: FolderId,
  item: ItemId,
  decide: (current: Item) => { readonly content: EmailContent; readonly kind: 'change' | 'flags' } | undefined,
  options: ChangeOptions = {},
): Promise<Changed> {
  const tx = newTx();
  return commit<Changed>(context, tx, options.with ?? [], async () => {
    const { head, places } = await readPlaces(context, folder, [item]);
    const current = places.get(item);
    if (!current || current.gone) throw new NoItem();
    const wanted = decide(current);
    if (!wanted || isDeepStrictEqual(stored(wanted.content), current.content)) {
      return { result: { item: current, changed: false } };
    }
    const change = nextChange(head, tx, context.clock.now(), options.origin);
    const after: Item = { ...current, seq: change.seq, content: wanted.content };
    const kept = new Set(blobsOf(after.content));
    const lost = blobsOf(current.content).filter((blob) => !kept.has(blob));
    const bytes = itemBytes(after.content) - itemBytes(current.content);
    const grows = bytes > 0 && !options.overQuota;
    const room = grows ? await makeRoom(context, head, { items: 0, bytes, largest: 0 }) : NO_ROOM_NEEDED;
    const by = { rows: 1, count: 0, unread: unread(after.content) - unread(current.content), bytes };
    const { kind } = wanted;
    const parts = kind === 'flags' ? flagParts(current.content, wanted.content) : undefined;
    const writes: Write[] = [
      headWrite(context, head, change, by),
      // The head can be newer than the item that was read beside it; what is put must be made from the latest.
      {
        op: 'put',
        table: 'mailboxes',
        row: itemRow(context.id, after),
        when: { equals: { seq: current.seq } },
      },
      ...logWrites(context.id, folder, change, [{ item, kind, parts, was: membership(current) }]),
      ...garbageWrites(context, folder, change.seq, change.at, lost),
      ...room.writes,
    ];
    return { writes, proof: keys.log(context.id, folder, change.seq, 0), result: { item: after, changed: true } };
  });
}

export async function remove(
  context: MailboxContext,
  folder: FolderId,
  items: readonly ItemId[],
  options: ChangeOptions = {},
): Promise<readonly ItemId[]> {
  const wanted = bulk(items, (id) => id);
  const tx = newTx();
  return commit(context, tx, options.with ?? [], async () => {
    const { head, places } = await readPlaces(context, folder, wanted);
    const found = wanted.map((id) => places.get(id)).filter((place) => place !== undefined && !place.gone);
    if (found.length === 0) return { result: [] };
    const change = nextChange(head, tx, context.clock.now(), options.origin);
    const { seq, at } = change;
    const by = {
      rows: found.length,
      count: -found.length,
      unread: -sum(found.map((i) => unread(i.content))),
      bytes: -sum(found.map((i) => itemBytes(i.content))),
    };
    const writes = [
      headWrite(context, head, change, by),
      ...found.map((item) => tombstone(context.id, item, seq, at)),
      ...logWrites(
        context.id,
        folder,
        change,
        found.map((item) => ({ item: item.id, kind: 'delete', was: membership(item) })),
      ),
      ...garbageWrites(
        context,
        folder,
        seq,
        at,
        found.flatMap((item) => blobsOf(item.content)),
      ),
    ];
    return { writes, proof: keys.log(context.id, folder, seq, 0), result: found.map(({ id }) => id) };
  });
}

/** The time part stays, so that order by date and the ranges of FilterType hold in the target as well. */
function freshId(item: ItemId, now: number): ItemId {
  return (item.slice(0, 10) + newId(now).slice(10)) as ItemId;
}

export async function move(
  context: MailboxContext,
  from: FolderId,
  item: ItemId,
  to: FolderId,
  options: ChangeOptions = {},
  into?: Replacement,
): Promise<Item> {
  const tx = newTx();
  const id = into?.id ?? freshId(item, context.clock.now());
  const { origin } = options;
  return commit(context, tx, options.with ?? [], async () => {
    const { head: source, places } = await readPlaces(context, from, [item]);
    const current = places.get(item);
    if (!current || current.gone) throw new NoItem();
    if (into && current.seq !== into.seq) throw new ItemChanged();
    if (from === to) return { result: current };
    const target = await readFolder(context, to);
    const at = context.clock.now();
    const leaving = nextChange(source, tx, at, origin);
    const coming = nextChange(target, tx, at, origin);
    const { seq } = coming;
    // The content goes as it is, blobs by their names: nobody else refers to them, and no garbage is left.
    const content = into?.content ?? current.content;
    const moved: Item = { ...current, id, folder: to, seq, addedSeq: seq, addedAt: at, content };
    const lost = into ? blobsOf(current.content) : [];
    // What is sent in the place of a draft is larger than it was, and read.
    const taken = { unread: unread(current.content), bytes: itemBytes(current.content) };
    const put = { unread: unread(content), bytes: itemBytes(content) };
    // What is thrown away makes room elsewhere: a full folder of it may not keep it from being thrown away.
    if (target.type !== FolderType.DeletedItems) {
      const { folderItems } = await limitsOf(context);
      checkFolder({ folderItems }, target.count, additionOf([put.bytes]));
    }
    const writes: Write[] = [
      headWrite(context, source, leaving, { rows: 1, count: -1, unread: -taken.unread, bytes: -taken.bytes }),
      headWrite(context, target, coming, { rows: 1, count: 1, ...put, added: true }),
      tombstone(context.id, current, leaving.seq, at, { folder: to, item: id, origin }),
      { op: 'put', table: 'mailboxes', row: itemRow(context.id, moved), when: { row: 'absent' } },
      ...logWrites(context.id, from, leaving, [{ item, kind: 'delete', was: membership(current) }]),
      ...logWrites(context.id, to, coming, [{ item: id, kind: 'add' }]),
      ...garbageWrites(context, from, leaving.seq, at, lost),
    ];
    return { writes, proof: keys.log(context.id, to, seq, 0), result: moved };
  });
}
