import {
  FileProperties,
  type ItemOperationsRequest,
  type ItemOperationsResponse,
} from '../../documents/item-operations.ts';
import { type ItemRef, parseFolderId, parseServerId } from '../../mailbox/server-id.ts';
import type { Item } from '../../mailbox/types.ts';
import { randomToken } from '../../ops/ids.ts';
import { errorFields } from '../../ops/log.ts';
import type { CommandContext, Piece } from '../../protocol/command.ts';
import { StoreUnavailable } from '../../store/ports.ts';
import { encodeFragment } from '../../wbxml/index.ts';
import type { Shown, ShownClasses, Wish } from '../show/item.ts';
import { type AttachmentBlobs, findAttachment } from './attachment.ts';
import { findItem } from './find.ts';
import { OperationFailed, Status } from './status.ts';

export type Fetch = Extract<ItemOperationsRequest[number], { tag: 'Fetch' }>['value'];
export type Fetched = NonNullable<NonNullable<ItemOperationsResponse['Response']>['Fetch']>[number];

/** What the fetches of one request share: how their data leaves, and how much of it. */
export interface Delivery {
  readonly multipart: boolean;
  readonly parts: Piece[];
  readonly inlined: { readonly placeholder: string; readonly piece: Piece }[];
  /** Bytes that may still be held in memory, and that may still leave. The first of each goes whatever its size. */
  memory: number;
  bytes: number;
}

export interface FetchDeps {
  readonly blobs: AttachmentBlobs;
  readonly classes: ShownClasses;
}

const MAILBOX = 'mailbox';

/** One Fetch. @throws OperationFailed */
export async function fetchOne(
  deps: FetchDeps,
  context: CommandContext,
  fetch: Fetch,
  delivery: Delivery,
): Promise<Omit<Fetched, 'Status'>> {
  if (fetch.Store.trim().toLowerCase() !== MAILBOX) throw new OperationFailed(Status.Store);
  const { FileReference: references, LinkId, LongId, ServerId, CollectionId, Options } = fetch;
  const targets = [references, LongId, ServerId].filter((target) => target !== undefined);
  if (targets.length !== 1 || LinkId !== undefined) throw new OperationFailed(Status.Protocol);
  if (Options?.DeleteSubFolders || Options?.MoveAlways) throw new OperationFailed(Status.Protocol);
  if (references) return fetchAttachment(deps, context, fetch, references, delivery);
  if (LongId === undefined && CollectionId === undefined) throw new OperationFailed(Status.Protocol);
  const item = await itemOf(context, fetch);
  const handler = item && deps.classes.get(item.class);
  if (!handler) throw new OperationFailed(Status.NotFound);
  const wish = wishOf(context, fetch, delivery);
  const cost = handler.cost(item, wish);
  if (cost > delivery.memory) throw new OperationFailed(Status.TooLarge);
  delivery.memory -= cost;
  const { properties, body } = await shown(context, item, () => handler.show(item, wish));
  if (body) delivery.parts.push(body);
  const ids = LongId === undefined ? { CollectionId, ServerId } : { LongId };
  return { ...ids, Class: item.class, Properties: properties };
}

/** A reference of a search follows the item where it went; a ServerId names a place, and what left it is not there. */
async function itemOf({ mailbox }: CommandContext, fetch: Fetch): Promise<Item | undefined> {
  if (fetch.LongId !== undefined) {
    const ref = parseServerId(fetch.LongId);
    return ref && findItem(mailbox, ref);
  }
  const ref: ItemRef | undefined = parseServerId(fetch.ServerId!);
  if (!ref || ref.folder !== parseFolderId(fetch.CollectionId!)) return undefined;
  return (await mailbox.items(ref.folder, [ref.item])).get(ref.item);
}

function wishOf({ version }: CommandContext, { Options: options }: Fetch, delivery: Delivery): Wish {
  const { MIMESupport: mimeSupport = 0, BodyPartPreference: part, Schema } = options ?? {};
  if (mimeSupport < 0 || mimeSupport > 2) throw new OperationFailed(Status.Protocol);
  // A message part is HTML and nothing else.
  if (part && part.Type !== 2) throw new OperationFailed(Status.BodyPartType);
  return {
    version,
    bodyPreferences: options?.BodyPreference ?? [],
    bodyPartPreference: part,
    mimeSupport,
    withoutPreference: 'whole',
    schema: Schema && new Set(Schema.children.map(({ tag }) => tag)),
    part: delivery.multipart ? delivery.parts.length + 1 : undefined,
  };
}

async function shown({ log, requestId }: CommandContext, item: Item, show: () => Promise<Shown>): Promise<Shown> {
  try {
    return await show();
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    log.warn('item cannot be shown', { requestId, item: item.id, ...errorFields(error) });
    throw new OperationFailed(Status.Conversion);
  }
}

async function fetchAttachment(
  deps: FetchDeps,
  { mailbox, version }: CommandContext,
  { Options: options }: Fetch,
  references: readonly string[],
  delivery: Delivery,
): Promise<Omit<Fetched, 'Status'>> {
  const [FileReference] = references;
  if (FileReference === undefined || references.length > 1) throw new OperationFailed(Status.Protocol);
  // Schema is for items (MS-ASCMD 2.2.3.158); what else does not matter to an attachment is passed over.
  if (options?.Schema) throw new OperationFailed(Status.Protocol);
  const found = await findAttachment(mailbox, deps.blobs, FileReference, options?.Range);
  const { piece, total, start, end, contentType } = found;
  if (piece.size > delivery.bytes) throw new OperationFailed(Status.TooLarge);
  delivery.bytes -= piece.size;
  const ranged = options?.Range === undefined ? {} : { Range: `${start}-${end - 1}`, Total: total };
  const data = delivery.multipart ? { Part: addPart(delivery, piece) } : { Data: addInline(delivery, piece) };
  const properties: FileProperties = { ...ranged, ContentType: contentType, ...data };
  return { FileReference, Properties: encodeFragment(FileProperties, properties, version) };
}

function addPart(delivery: Delivery, piece: Piece): number {
  delivery.parts.push(piece);
  return delivery.parts.length;
}

/** A text that nobody can guess, so that nothing in the document is taken for it. */
function addInline(delivery: Delivery, piece: Piece): string {
  if (piece.size === 0) return '';
  const placeholder = `{${randomToken(24)}}`;
  delivery.inlined.push({ placeholder, piece });
  return placeholder;
}
