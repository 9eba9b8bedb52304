/** Rows of the `mailboxes` table and what they mean. Keys are in `lib/store/schema.ts`. */
import type { EmailContent } from '../mail/types.ts';
import type { DeviceId, FolderId, ItemId, MailboxId } from '../ops/ids.ts';
import type { Row, Value, Write } from '../store/ports.ts';
import { keys, LOG_TTL_S } from '../store/schema.ts';
import { classOf } from './defaults.ts';
import type { ChangeKind, Folder, FolderType, Item, ItemClass, LogRow, Moved, Origin } from './types.ts';

type Attributes = { readonly [name: string]: Value };

/** A folder row with what only this folder of the code looks at. */
export interface StoredFolder extends Folder {
  readonly tail: number;
  /** Hierarchy sequence of the folder's creation, last rename, move or deletion. */
  readonly hseq: number;
  /** Epoch milliseconds of the last commit to the folder's log. */
  readonly at: number;
  /** Deleted; its rows wait for the reaper. */
  readonly hidden: boolean;
  /** Bytes of its items as a quota counts them; absent where nobody has counted them yet. */
  readonly bytes?: number;
}

const PREFIX = 'F#'.length;

export function folderOf(row: Row): StoredFolder {
  const type = row.type as FolderType;
  return {
    id: row.sk.slice(PREFIX) as FolderId,
    name: row.name as string,
    parent: row.parent as FolderId,
    type,
    class: classOf(type),
    seq: row.seq as number,
    added: row.added as number,
    tail: (row.tail as number | undefined) ?? 0,
    count: row.count as number,
    unread: row.unread as number,
    hseq: row.hseq as number,
    at: (row.at as number | undefined) ?? 0,
    hidden: row.hidden === true,
    // Where there is nothing there is nothing to count.
    bytes: (row.bytes as number | undefined) ?? (row.count === 0 ? 0 : undefined),
  };
}

/** An item that was deleted or moved away. It keeps its key, so that a repeated delivery finds it taken. */
export interface Tombstone {
  readonly gone: true;
  readonly seq: number;
  readonly moved?: Moved;
}

/** What an item's key holds. */
export type Place = (Item & { readonly gone?: undefined }) | Tombstone;

export function placeOf(folder: FolderId, id: ItemId, row: Row): Place {
  const seq = row.seq as number;
  if (row.gone === true) {
    const moved = row.moved as { folder: FolderId; item: ItemId } | undefined;
    return { gone: true, seq, moved: moved && { ...moved, origin: originOf(row) } };
  }
  return {
    id,
    folder,
    class: row.class as ItemClass,
    seq,
    addedSeq: row.addedSeq as number,
    addedAt: row.addedAt as number,
    content: row.content as unknown as EmailContent,
  };
}

export function itemRow(m: MailboxId, item: Item): Row {
  const { pk, sk } = keys.item(m, item.folder, item.id);
  const { class: of, seq, addedSeq, addedAt } = item;
  return { pk, sk, class: of, seq, addedSeq, addedAt, content: stored(item.content) };
}

export function tombstone(m: MailboxId, item: Item, seq: number, at: number, moved?: Moved): Write {
  const { pk, sk } = keys.item(m, item.folder, item.id);
  const { folder, item: id, origin } = moved ?? {};
  const went = moved && { moved: { folder: folder!, item: id! }, ...originAttributes(origin) };
  const row = { pk, sk, gone: true, seq, ...went, ttl: expiry(at) };
  return { op: 'put', table: 'mailboxes', row, when: { equals: { seq: item.seq } } };
}

/** When what is written at `at` may go: epoch seconds. */
export const expiry = (at: number): number => Math.floor(at / 1000) + LOG_TTL_S;

/** A log row as stored. */
export interface StoredLogRow extends LogRow {
  /** Place of the last row of `prev`: how a reader knows that it saw that sequence to its end. */
  readonly prevTail: number;
  /** The operation that wrote it: how a writer whose answer was lost knows its own. */
  readonly tx: string;
  /** In the hierarchy's log: the folder after the change. */
  readonly as?: FolderShape;
}

export interface FolderShape {
  readonly name: string;
  readonly parent: FolderId;
  readonly type: FolderType;
}

/** What all rows of one change have in common. */
export interface Change {
  readonly tx: string;
  readonly at: number;
  readonly seq: number;
  readonly prev: number;
  readonly prevTail: number;
  readonly origin?: Origin;
}

/** What one row of a change says. */
export interface Entry {
  readonly item: ItemId;
  readonly kind: ChangeKind;
  readonly parts?: string;
  readonly was?: LogRow['was'];
  readonly as?: FolderShape;
}

export function logWrites(m: MailboxId, scope: FolderId, change: Change, entries: readonly Entry[]): Write[] {
  const { tx, at, seq, prev, prevTail, origin } = change;
  return entries.map(({ item, kind, parts, was, as }, n) => {
    const { pk, sk } = keys.log(m, scope, seq, n);
    const told = { item, kind, prev, prevTail, tx, at, ...originAttributes(origin) };
    const more = { ...(parts && { parts }), ...(was && { was }), ...(as && { as: { ...as } }) };
    const row = { pk, sk, ...told, ...more, ttl: expiry(at) };
    return { op: 'put', table: 'mailboxes', row, when: { row: 'absent' } };
  });
}

export function logRowOf(row: Row): StoredLogRow {
  const [seq, n] = row.sk.split('#').slice(-2).map(Number);
  return {
    seq: seq!,
    n: n!,
    item: row.item as ItemId,
    kind: row.kind as ChangeKind,
    prev: row.prev as number,
    prevTail: row.prevTail as number,
    origin: originOf(row),
    parts: row.parts as string | undefined,
    was: row.was as LogRow['was'],
    at: row.at as number,
    tx: row.tx as string,
    as: row.as as unknown as FolderShape | undefined,
  };
}

function originAttributes(origin: Origin | undefined): Attributes {
  return origin ? { device: origin.device, syncKey: origin.syncKey } : {};
}

function originOf(row: Row): Origin | undefined {
  return row.device === undefined
    ? undefined
    : { device: row.device as DeviceId, syncKey: (row.syncKey as string | undefined) ?? '' };
}

/** Rows take no `undefined`; optional properties that are spelled out so are left out. */
export function stored(value: unknown): Value {
  if (Array.isArray(value)) return value.map(stored);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value as Value;
  const kept: Record<string, Value> = {};
  for (const [name, inner] of Object.entries(value)) if (inner !== undefined) kept[name] = stored(inner);
  return kept;
}
