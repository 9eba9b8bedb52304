import { ItemOperationsRequest, ItemOperationsResponse } from '../documents/item-operations.ts';
import { errorFields } from '../ops/log.ts';
import { type Command, type CommandContext, type CommandResult, document } from '../protocol/command.ts';
import { OutcomeUnknown, StoreConflict, StoreUnavailable } from '../store/ports.ts';
import { emptyFolder } from './item-operations/empty-folder.ts';
import { type Delivery, type FetchDeps, type Fetched, fetchOne } from './item-operations/fetch.ts';
import { type ConversationDeps, moveConversation } from './item-operations/move-conversation.ts';
import { OperationFailed, Status } from './item-operations/status.ts';
import { type ShownClass, shownClasses } from './show/item.ts';

export interface ItemOperationsOptions {
  /** Bytes of bodies that the answers of one request may keep in memory. Default 48 MB, more than any message. */
  readonly memoryBytes?: number;
  /** Bytes of attachments in one answer. Default 256 MB. */
  readonly dataBytes?: number;
}

export interface ItemOperationsDeps extends Omit<FetchDeps, 'classes'>, ConversationDeps {
  readonly classes: readonly ShownClass[];
  readonly options?: ItemOperationsOptions;
}

/** MS-ASCMD 3.1.5.10. */
const MAX_OPERATIONS = 100;
/** A document that cannot be read (common statuses); this command has a status of its own for it (MS-ASAIRS R346). */
const UNREADABLE: ReadonlySet<number> = new Set([103, 104]);
const MB = 1024 * 1024;

type Response = NonNullable<ItemOperationsResponse['Response']>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] | undefined ? E[] : T[K] };

/** MS-ASCMD 2.2.1.10. Operations are carried out in their order, each with an outcome of its own (R193, R194). */
export function createItemOperations(deps: ItemOperationsDeps): Command<ItemOperationsRequest, ItemOperationsResponse> {
  const services = { ...deps, classes: shownClasses(deps.classes) };
  const limits = {
    memory: positive(deps.options?.memoryBytes ?? 48 * MB),
    bytes: positive(deps.options?.dataBytes ?? 256 * MB),
  };
  return {
    name: 'ItemOperations',
    code: 19,
    request: ItemOperationsRequest,
    response: ItemOperationsResponse,
    body: 'required',
    needsPolicy: true,
    versions: { since: 120 },
    run: (context, request) => run(services, context, request ?? [], limits),
    failure: (status) => ({ Status: UNREADABLE.has(status) ? Status.Protocol : status }),
  };
}

type Services = FetchDeps & ConversationDeps;

async function run(
  services: Services,
  context: CommandContext,
  operations: ItemOperationsRequest,
  limits: { readonly memory: number; readonly bytes: number },
): Promise<CommandResult<ItemOperationsResponse>> {
  if (operations.length === 0) return document({ Status: Status.Protocol });
  if (operations.length > MAX_OPERATIONS) return document({ Status: Status.TooLarge });
  const multipart = context.query.acceptMultiPart === true;
  const delivery: Delivery = { multipart, parts: [], inlined: [], ...limits };
  const answers: Mutable<Required<Response>> = { Move: [], EmptyFolderContents: [], Fetch: [] };
  for (const operation of operations) {
    switch (operation.tag) {
      case 'Fetch': {
        const { value } = operation;
        const { CollectionId, ServerId, LongId, LinkId } = value;
        let fetched: Omit<Fetched, 'Status'> = {
          CollectionId,
          ServerId,
          LongId,
          LinkId,
          FileReference: value.FileReference?.[0],
        };
        const status = await outcome(context, async () => {
          fetched = await fetchOne(services, context, value, delivery);
        });
        answers.Fetch.push({ ...fetched, Status: status });
        break;
      }
      case 'EmptyFolderContents': {
        const { value } = operation;
        const status = await outcome(context, () => emptyFolder(context, value));
        answers.EmptyFolderContents.push({ Status: status, CollectionId: value.CollectionId });
        break;
      }
      case 'Move': {
        const { value } = operation;
        const status = await outcome(context, () => moveConversation(services, context, value));
        answers.Move.push({ Status: status, ConversationId: value.ConversationId });
      }
    }
  }
  return answer({ Status: Status.Success, Response: answers }, delivery);
}

function answer(response: ItemOperationsResponse, delivery: Delivery): CommandResult<ItemOperationsResponse> {
  // Without data it is still multipart: a client that asked for it reads nothing else.
  if (delivery.multipart) return { kind: 'multipart', document: response, parts: delivery.parts };
  if (delivery.inlined.length === 0) return document(response);
  return { kind: 'inlined', document: response, pieces: delivery.inlined };
}

/** The status of one operation. Trouble of the store that passes is said of it alone: the others may be done. */
async function outcome({ log, requestId, signal }: CommandContext, work: () => Promise<void>): Promise<number> {
  signal.throwIfAborted();
  try {
    await work();
    return Status.Success;
  } catch (error) {
    if (error instanceof OperationFailed) return error.status;
    if (!isTransient(error)) throw error;
    log.warn('operation failed', { requestId, ...errorFields(error) });
    return Status.Server;
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof StoreUnavailable || error instanceof StoreConflict || error instanceof OutcomeUnknown;
}

function positive(value: number): number {
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new RangeError('a limit of ItemOperations is no positive integer');
  return value;
}
