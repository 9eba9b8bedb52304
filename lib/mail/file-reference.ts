import type { FolderId, ItemId, MailboxId } from '../ops/ids.ts';

/**
 * Where an attachment is found: `<FolderId>:<ItemId>:<n>:<blob id>`. The first two are the item's ServerId when it was
 * rendered. The blob id outlives a move, after which the device that moved the item keeps its old references.
 */
export interface FileReference {
  readonly folder: FolderId;
  readonly item: ItemId;
  readonly n: number;
  readonly blobId: string;
}

const SHAPE = /^([^:]{1,64}):([0-9A-Za-z]{1,64}):(\d{1,4}):([0-9a-f]{32})$/;

export function fileReference(folder: FolderId, item: ItemId, n: number, blob: string): string {
  return `${folder}:${item}:${n}:${blobIdOf(blob)}`;
}

/** `undefined` for anything that this server did not make. */
export function parseFileReference(text: string): FileReference | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [, folder, item, n, blobId] = match;
  return { folder: folder as FolderId, item: item as ItemId, n: Number(n), blobId: blobId! };
}

/** Keys of a message's blobs. The mailbox is always that of the account that asks, never of the reference. */
export const messageBlobs = {
  mime: (mailbox: MailboxId, blobId: string) => `${mailbox}/${blobId}/mime`,
  text: (mailbox: MailboxId, blobId: string) => `${mailbox}/${blobId}/text`,
  html: (mailbox: MailboxId, blobId: string) => `${mailbox}/${blobId}/html`,
  attachment: (mailbox: MailboxId, blobId: string, n: number) => `${mailbox}/${blobId}/a${n}`,
} as const;

function blobIdOf(key: string): string {
  const end = key.lastIndexOf('/');
  return key.slice(key.lastIndexOf('/', end - 1) + 1, end);
}
