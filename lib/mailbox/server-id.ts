import type { FolderId, ItemId } from '../ops/ids.ts';

/** MS-ASCMD 2.2.3.166: the longest ServerId of a folder or an item. */
export const MAX_SERVER_ID = 64;
/** A folder's id leaves room for the colon and the 26 characters of an item's. */
const MAX_FOLDER_ID = MAX_SERVER_ID - 27;

const FOLDER = new RegExp(`^[A-Za-z0-9_-]{1,${MAX_FOLDER_ID}}$`);
/** A ULID: 26 digits of Crockford's base 32, the first at most 7. */
const ITEM = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

export interface ItemRef {
  readonly folder: FolderId;
  readonly item: ItemId;
}

/** `<FolderId>:<ItemId>`, at most 64 characters. */
export function formatServerId(folder: FolderId, item: ItemId): string {
  return `${folder}:${item}`;
}

/** What a client sends as the ServerId of an item; `undefined` for anything that this server cannot have given. */
export function parseServerId(text: string): ItemRef | undefined {
  if (text.length > MAX_SERVER_ID) return undefined;
  const colon = text.lastIndexOf(':');
  const folder = parseFolderId(text.slice(0, Math.max(colon, 0)));
  const item = parseItemId(text.slice(colon + 1));
  return folder !== undefined && item !== undefined ? { folder, item } : undefined;
}

/**
 * What a client sends as CollectionId, ParentId or the ServerId of a folder. The hierarchy's own name in row keys
 * (`!hierarchy#`) is none, nor is anything with a separator of keys in it.
 */
export function parseFolderId(text: string): FolderId | undefined {
  return text.length <= MAX_FOLDER_ID && FOLDER.test(text) ? (text as FolderId) : undefined;
}

export function parseItemId(text: string): ItemId | undefined {
  return text.length === 26 && ITEM.test(text) ? (text as ItemId) : undefined;
}
