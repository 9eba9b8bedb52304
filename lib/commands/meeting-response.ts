import { MeetingResponseRequest, MeetingResponseResponse } from '../documents/meeting-response.ts';
import type { Response } from '../mail/calendar/reply.ts';
import { DEFAULT_FOLDERS } from '../mailbox/defaults.ts';
import { QuotaExceeded } from '../mailbox/quota.ts';
import { parseServerId } from '../mailbox/server-id.ts';
import { FolderType, type Item, NoItem } from '../mailbox/types.ts';
import {
  type Command,
  type CommandContext,
  type CommandResult,
  document,
  ProtocolFailure,
} from '../protocol/command.ts';
import {
  ConditionFailed,
  OutcomeUnknown,
  StoreConflict,
  StoreUnavailable,
  type Table,
  type Write,
} from '../store/ports.ts';
import { draftMemory, type SentMemory } from './compose/once.ts';
import { type SendOptions, sendOptions } from './compose/options.ts';
import type { SendServices } from './compose/send.ts';
import { findSource } from './compose/source.ts';
import { owns, prepared, SENT_ITEMS, Status as SubmitStatus, submit } from './compose/submit.ts';
import { organizerOf, replyMessage, type Wish } from './meeting/reply.ts';

/** MS-ASCMD 2.2.3.177.9, and the common ones of too many requests (R5650) and an InstanceId that is no date (R3195). */
export const Status = { Success: 1, Invalid: 2, Mailbox: 3, Server: 4, InvalidXml: 103, InvalidDate: 104 } as const;
/** MS-ASCMD R5650. */
const MAX_REQUESTS = 100;
/** MS-ASCMD R5871; an id of more is not given back. */
const MAX_ID = 64;
const FIRST_WITH_INSTANCES = 141;
/** SendResponse came with 16.0 (MS-ASCMD R7119). */
const FIRST_THAT_SENDS = 160;
const REQUEST_CLASS = 'IPM.Schedule.Meeting.Request';
const DELETED_ITEMS = DEFAULT_FOLDERS.find(({ type }) => type === FolderType.DeletedItems)!.id;

type Request = MeetingResponseRequest['Request'][number];
type Services = Omit<SendServices, 'table'> & { readonly table: Pick<Table, 'get' | 'batchGet'> };

/**
 * MS-ASCMD 2.2.1.11, by a server that keeps no calendar: the invitation leaves for Deleted Items, and the organizer is
 * told. CalendarId, which may be absent (R1110), never comes: there is no item that it could name.
 * @throws RangeError for options that are none
 */
export function createMeetingResponse(
  services: Services,
  given?: Partial<SendOptions>,
): Command<MeetingResponseRequest, MeetingResponseResponse> {
  const options = sendOptions(given);
  return {
    name: 'MeetingResponse',
    code: 15,
    request: MeetingResponseRequest,
    response: MeetingResponseResponse,
    body: 'required',
    needsPolicy: true,
    run: (context, request) => run(services, context, request?.Request ?? [], options),
    failure: (status) => ({ Result: [{ Status: status }] }),
  };
}

async function run(
  services: Services,
  context: CommandContext,
  requests: readonly Request[],
  options: SendOptions,
): Promise<CommandResult<MeetingResponseResponse>> {
  if (requests.length === 0 || requests.length > MAX_REQUESTS) {
    throw new ProtocolFailure(Status.InvalidXml, 'number of requests');
  }
  const Result: MeetingResponseResponse['Result'][number][] = [];
  for (const request of requests) {
    const { RequestId } = request;
    const shown = RequestId !== undefined && RequestId.length <= MAX_ID ? RequestId : undefined;
    Result.push({ RequestId: shown, Status: await outcomeOf(services, context, request, options) });
  }
  return document({ Result });
}

/** Each request has its own outcome, whatever becomes of the others. */
async function outcomeOf(...given: Parameters<typeof answer>): Promise<number> {
  try {
    return await answer(...given);
  } catch (error) {
    if (error instanceof QuotaExceeded || isTransient(error)) return Status.Mailbox;
    // The reply cannot go out: nothing was done, and the invitation is where it was.
    if (error instanceof ProtocolFailure) return Status.Server;
    throw error;
  }
}

const isTransient = (error: unknown) =>
  error instanceof StoreUnavailable || error instanceof StoreConflict || error instanceof OutcomeUnknown;

async function answer(
  services: Services,
  context: CommandContext,
  request: Request,
  options: SendOptions,
): Promise<number> {
  const { UserResponse: response, RequestId, LongId, SendResponse } = request;
  const wrong = instanceStatus(context, request.InstanceId);
  if (wrong !== undefined) return wrong;
  if (!isResponse(response)) return Status.Invalid;
  // A phone that lost the answer says the same again, of an item that has moved meanwhile.
  const command = JSON.stringify(['MeetingResponse', RequestId ?? '', LongId ?? '', response]);
  const memory = draftMemory(services.table, context, command);
  if ((await memory.before()) !== undefined) {
    await finish(context, RequestId ?? LongId ?? '');
    return Status.Success;
  }
  const item = await invitation(context, request);
  if (!item) return Status.Invalid;
  const sends = context.version >= FIRST_THAT_SENDS && SendResponse !== undefined;
  if (!sends) return await remembered(() => discard(context, item, memory.writes));
  const status = await remembered(() =>
    reply(services, context, { item, response, wish: SendResponse }, memory, options),
  );
  if (status === Status.Success) await discard(context, item, []);
  return status;
}

const isResponse = (value: number): value is Response => value === 1 || value === 2 || value === 3;

/**
 * An InstanceId is of a calendar item: with a mail it is 2 (R4185, R4186), as in versions that do not have it (R6712).
 */
function instanceStatus({ version }: CommandContext, instance: string | undefined): number | undefined {
  if (instance === undefined) return undefined;
  if (version < FIRST_WITH_INSTANCES || instance === '') return Status.Invalid;
  const isDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(instance) && !Number.isNaN(Date.parse(instance));
  return isDate ? Status.Invalid : Status.InvalidDate;
}

/** `undefined` for what is not in the mailbox, no request, or one of the user's own (R4183, R4184). */
async function invitation(
  { mailbox, account }: CommandContext,
  { CollectionId: folder, RequestId, LongId }: Request,
): Promise<Item | undefined> {
  try {
    const source = LongId === undefined ? { folder, item: RequestId } : { item: RequestId, longId: LongId };
    const item = await findSource(mailbox, { ...source, instance: false });
    if (item.content.messageClass !== REQUEST_CLASS) return undefined;
    return owns(account, organizerOf(item.content).address) ? undefined : item;
  } catch (error) {
    if (error instanceof ProtocolFailure) return undefined;
    throw error;
  }
}

/** Out of the sight of all devices, the one that asks as well: it has no origin, and Sync tells it. */
async function discard({ mailbox }: CommandContext, item: Item, writes: readonly Write[]): Promise<number> {
  if (item.folder === DELETED_ITEMS) return Status.Success;
  try {
    await mailbox.move(item.folder, item.id, DELETED_ITEMS, { with: writes });
  } catch (error) {
    // Another device was faster.
    if (!(error instanceof NoItem)) throw error;
  }
  return Status.Success;
}

/** The process may have ended between the reply and the move. */
async function finish(context: CommandContext, id: string): Promise<void> {
  const ref = parseServerId(id);
  const item = ref && (await context.mailbox.items(ref.folder, [ref.item])).get(ref.item);
  if (item) await discard(context, item, []);
}

interface Reply {
  readonly item: Item;
  readonly response: Response;
  readonly wish: Wish;
}

/** One transaction remembers the request, queues the reply and files its copy. */
async function reply(
  services: Services,
  context: CommandContext,
  { item, response, wish }: Reply,
  memory: SentMemory,
  options: SendOptions,
): Promise<number> {
  const message = await replyMessage(context, item.content, response, wish, services.blobs);
  if (!message) return Status.Mailbox;
  const outgoing = prepared(context, message, options);
  const file = async (
    copy: Parameters<typeof context.mailbox.append>[1][number] | undefined,
    writes: readonly Write[],
  ) => {
    await context.mailbox.append(SENT_ITEMS, copy ? [copy] : [], { with: writes });
  };
  await submit(services, context, { outgoing, memory, saveInSent: true, file }, options);
  return Status.Success;
}

/** Of two of the same request at once, one commits; the other is answered as it is. */
async function remembered(commit: () => Promise<number>): Promise<number> {
  try {
    return await commit();
  } catch (error) {
    if (error instanceof ConditionFailed) return Status.Success;
    if (error instanceof ProtocolFailure && error.status === SubmitStatus.PreviouslySent) return Status.Success;
    throw error;
  }
}
