import { GetItemEstimateRequest, GetItemEstimateResponse } from '../documents/get-item-estimate.ts';
import { parseFolderId } from '../mailbox/server-id.ts';
import type { Folder, MailboxState } from '../mailbox/types.ts';
import type { FolderId } from '../ops/ids.ts';
import { type Command, type CommandContext, type CommandResult, document } from '../protocol/command.ts';
import { besideOf, type Conversations } from '../sync/beside.ts';
import { usable } from '../sync/collection.ts';
import { estimate } from '../sync/estimate.ts';
import { filterAllowed } from '../sync/filter.ts';
import type { ItemClassHandler } from '../sync/item-class.ts';
import { mergeOptions, type SyncOptions } from '../sync/options.ts';
import { judge } from '../sync/state.ts';
import type { SyncState, SyncStates } from '../sync/states.ts';
import { besideInput } from './sync/beside-input.ts';

export interface GetItemEstimateDeps {
  readonly states: SyncStates;
  /** What Sync takes; a folder of another class is no collection. */
  readonly classes: readonly ItemClassHandler[];
  /** Needed for ConversationMode, which without it does nothing. */
  readonly conversations?: Conversations;
  /** MS-ASCMD R5647: between 30 and 5000. */
  readonly maxCollections?: number;
}

type RequestCollection = GetItemEstimateRequest['Collections']['Collection'][number];
type Response = NonNullable<GetItemEstimateResponse['Response']>[number];

/** MS-ASCMD 2.2.3.177.7, and the common codes that stand for an invalid document. */
export const EstimateStatus = {
  Success: 1,
  InvalidCollection: 2,
  NotPrimed: 3,
  InvalidKey: 4,
  InvalidXml: 103,
  FilterNotAllowed: 110,
} as const;
const { Success: OK, InvalidCollection: INVALID_COLLECTION, NotPrimed: NOT_PRIMED } = EstimateStatus;
const { InvalidKey: INVALID_KEY, InvalidXml: INVALID_XML, FilterNotAllowed: FILTER_NOT_ALLOWED } = EstimateStatus;

/** MS-ASCMD 2.2.1.9. Moves no key and writes nothing. */
export function createGetItemEstimateCommand(
  deps: GetItemEstimateDeps,
): Command<GetItemEstimateRequest, GetItemEstimateResponse> {
  const { maxCollections = 1000 } = deps;
  if (!(maxCollections >= 30 && maxCollections <= 5000)) throw new RangeError('maxCollections is 30 to 5000');
  return {
    name: 'GetItemEstimate',
    code: 14,
    request: GetItemEstimateRequest,
    response: GetItemEstimateResponse,
    body: 'required',
    needsPolicy: true,
    run: (context, request) => run(context, request, deps, maxCollections),
    failure: (status) => ({ Status: status }),
  };
}

async function run(
  context: CommandContext,
  request: GetItemEstimateRequest | undefined,
  deps: GetItemEstimateDeps,
  maxCollections: number,
): Promise<CommandResult<GetItemEstimateResponse>> {
  const { states, classes } = deps;
  const collections = request?.Collections.Collection ?? [];
  if (collections.length === 0 || collections.length > maxCollections) return document({ Status: INVALID_XML });
  const { mailbox, device } = context;
  const ids = collections.map(({ CollectionId }) => parseFolderId(CollectionId));
  const known = [...new Set(ids.filter((id): id is FolderId => id !== undefined))];
  const [{ state, heads }, loaded] = await Promise.all([
    mailbox.heads(known),
    states.load(mailbox.id, device.id, known),
  ]);
  const responses: Response[] = [];
  const counted: Counted = new Map();
  for (const [place, one] of collections.entries()) {
    const id = ids[place];
    const folder = id && synchronised(heads.get(id), classes);
    const found = folder && loaded[known.indexOf(folder.id)]?.state;
    const answer = folder ? await estimateOf(context, deps, one, folder, state, found, counted) : INVALID_COLLECTION;
    if (answer === INVALID_XML || answer === FILTER_NOT_ALLOWED) return document({ Status: answer });
    responses.push(typeof answer === 'number' ? { Status: answer } : answer);
  }
  return document({ Response: responses });
}

function synchronised(folder: Folder | undefined, classes: readonly ItemClassHandler[]): Folder | undefined {
  return classes.some(({ itemClass }) => itemClass === folder?.class) ? folder : undefined;
}

/** What was counted already, by all that it depends on: a collection may be named a thousand times. */
type Counted = Map<string, number | undefined>;

/** One collection: its response, or the status that says why there is none. */
async function estimateOf(
  context: CommandContext,
  { classes, conversations }: GetItemEstimateDeps,
  request: RequestCollection,
  folder: Folder,
  mailboxState: MailboxState,
  state: SyncState | undefined,
  counted: Counted,
): Promise<Response | number> {
  const filter = filterOf(request, folder, state);
  if (typeof filter !== 'object') return filter;
  const now = context.clock.now();
  if (request.SyncKey === '0' || !state) return NOT_PRIMED;
  if (!usable(state, folder, mailboxState, now)) return INVALID_KEY;
  const verdict = judge(state, request.SyncKey);
  if (verdict === 'invalid') return INVALID_KEY;
  const position = verdict === 'current' ? state.next : state.base!;
  const { mailbox, device } = context;
  const { own, sms, conversationMode } = filter;
  const hasSms = classes.some(({ itemClass }) => itemClass === 'SMS');
  const found = besideInput(context, folder, { sms, conversationMode }, hasSms, conversations);
  const what = [folder.id, verdict, own.filterType, found.sms, found.conversations !== undefined].join(' ');
  if (!counted.has(what)) {
    const input = { mailbox, device: device.id, folder, state, position, now, filterType: own.filterType };
    counted.set(what, await estimate({ ...input, beside: (at, goal) => besideOf(found, at, goal) }));
  }
  const Estimate = counted.get(what);
  if (Estimate === undefined) return INVALID_KEY;
  return { Status: OK, Collection: { Class: request.Class, CollectionId: request.CollectionId, Estimate } };
}

/** The filter of the request: in its options, beside them up to 12.1, or none, which is everything (R3543, R2970). */
function filterOf(
  request: RequestCollection,
  folder: Folder,
  state: SyncState | undefined,
): Pick<SyncOptions, 'own' | 'sms' | 'conversationMode'> | number {
  if (request.ConversationMode !== undefined && folder.class !== 'Email') return INVALID_XML;
  if (request.Class !== undefined && request.Class !== folder.class) return INVALID_KEY;
  const blocks = request.Options ?? [];
  const types = [request.FilterType, ...blocks.map((block) => block.FilterType)].filter((type) => type !== undefined);
  if (types.some((type) => type < 0 || type > 8)) return INVALID_XML;
  if (types.some((type) => !filterAllowed(folder.class, type))) return FILTER_NOT_ALLOWED;
  // R907, R908: only SMS goes together with mail.
  const merged = mergeOptions(state?.options, { Options: request.Options }, folder.class, false);
  if (!merged) return INVALID_KEY;
  const filterType = request.FilterType ?? (request.Options ? merged.own.filterType : 0);
  const sms = request.Options ? merged.sms : state?.options.sms;
  // What the last Sync asked for holds until it is said anew.
  const conversationMode = request.ConversationMode ?? state?.options.conversationMode;
  return { own: { ...merged.own, filterType }, ...(sms && { sms }), conversationMode: conversationMode === true };
}
