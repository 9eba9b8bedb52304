import { parseFileReference } from '../../mail/file-reference.ts';
import type { StoredAttachment } from '../../mail/types.ts';
import type { Mailbox } from '../../mailbox/types.ts';
import type { Piece } from '../../protocol/command.ts';
import type { Blobs } from '../../store/ports.ts';
import { findItem } from './find.ts';
import { OperationFailed, Status } from './status.ts';

export type AttachmentBlobs = Pick<Blobs, 'get' | 'stream'>;

export interface FoundAttachment {
  readonly contentType: string;
  /** Bytes of the whole. */
  readonly total: number;
  /** What was asked for of it: `start` to `end`, which is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly piece: Piece;
}

/**
 * The attachment that a FileReference names, or a range of it.
 * @throws OperationFailed 15 for a reference that means nothing (any more), 8 and 10 for a range it does not have
 */
export async function findAttachment(
  mailbox: Mailbox,
  blobs: AttachmentBlobs,
  reference: string,
  range?: string,
): Promise<FoundAttachment> {
  const attachment = await storedAttachment(mailbox, reference);
  if (!attachment) throw new OperationFailed(Status.Attachment);
  const { blob, size, contentType } = attachment;
  const { start, end } = range === undefined ? { start: 0, end: size } : rangeOf(range, size);
  // Looked at before anything is sent: once the answer has begun, no status can be told.
  if (size > 0 && !(await blobs.get(blob, { start: 0, end: 1 }))) throw new OperationFailed(Status.Attachment);
  const piece = { size: end - start, stream: () => blobs.stream(blob, { start, end }) };
  return { contentType, total: size, start, end, piece };
}

async function storedAttachment(mailbox: Mailbox, reference: string): Promise<StoredAttachment | undefined> {
  const ref = parseFileReference(reference);
  const item = ref && (await findItem(mailbox, ref));
  // The blob's id must be the item's: a reference of another version of a draft names other bytes under the same number.
  return item?.content.attachments.find(({ n, blob }) => n === ref!.n && blob.includes(`/${ref!.blobId}/`));
}

const RANGE = /^(\d{1,9})-(\d{1,9})$/;

/** "m-n", both counted from 0 and inclusive (R3711, R5422); past the end means up to the end. */
function rangeOf(text: string, size: number): { readonly start: number; readonly end: number } {
  const [, from, to] = RANGE.exec(text.trim()) ?? [];
  const [start, last] = [Number(from), Number(to)];
  if (from === undefined || start > last) throw new OperationFailed(Status.Range);
  if (size === 0) throw new OperationFailed(Status.Empty);
  if (start >= size) throw new OperationFailed(Status.Range);
  return { start, end: Math.min(last + 1, size) };
}
