import { MoveItemsRequest, MoveItemsResponse } from '../documents/move-items.ts';
import { QuotaExceeded } from '../mailbox/quota.ts';
import { formatServerId, type ItemRef, parseFolderId, parseServerId } from '../mailbox/server-id.ts';
import { NoFolder, NoItem, type Origin } from '../mailbox/types.ts';
import type { FolderId } from '../ops/ids.ts';
import {
  type Command,
  type CommandContext,
  type CommandResult,
  document,
  ProtocolFailure,
} from '../protocol/command.ts';
import { OutcomeUnknown, StoreConflict, StoreUnavailable } from '../store/ports.ts';
import { currentKey } from '../sync/state.ts';
import type { SyncStates } from '../sync/states.ts';
import { INITIAL_KEY, joinKeys } from '../sync/sync-key.ts';

/** MS-ASCMD 2.2.3.177.10, which has none for a full folder: it is 5 here, since 7 would be tried again for ever. */
export const Status = { NoSource: 1, NoTarget: 2, Success: 3, SameFolder: 4, NoMove: 5, Transient: 7 } as const;
/** MS-ASCMD R5653. */
const MAX_MOVES = 1000;
const INVALID_XML = 103;

type Move = MoveItemsRequest['Move'][number];
type Response = NonNullable<MoveItemsResponse['Response']>[number];

/** MS-ASCMD 2.2.1.12. Moves one after the other; each has its own outcome. */
export function createMoveItems(states: SyncStates): Command<MoveItemsRequest, MoveItemsResponse> {
  return {
    name: 'MoveItems',
    code: 13,
    request: MoveItemsRequest,
    response: MoveItemsResponse,
    body: 'required',
    needsPolicy: true,
    run: (context, request) => run(states, context, request?.Move ?? []),
    failure: (status) => ({ Status: status }),
  };
}

async function run(
  states: SyncStates,
  context: CommandContext,
  moves: readonly Move[],
): Promise<CommandResult<MoveItemsResponse>> {
  if (moves.length === 0 || moves.length > MAX_MOVES) throw new ProtocolFailure(INVALID_XML, 'number of moves');
  const { heads } = await context.mailbox.heads(foldersOf(moves));
  const origins = new Map<string, Origin>();
  const answers: Response[] = [];
  for (const move of moves) {
    const judged = judge(move, heads);
    if (typeof judged === 'number') {
      answers.push({ SrcMsgId: move.SrcMsgId, Status: judged });
      continue;
    }
    const pair = `${judged.source.folder}:${judged.target}`;
    const origin = origins.get(pair) ?? (await originOf(states, context, judged));
    origins.set(pair, origin);
    answers.push({ SrcMsgId: move.SrcMsgId, ...(await moveOne(context, judged, origin)) });
  }
  return document({ Response: answers });
}

function foldersOf(moves: readonly Move[]): FolderId[] {
  const named = moves.flatMap(({ SrcMsgId, DstFldId }) => [
    parseServerId(SrcMsgId)?.folder,
    ...DstFldId.map((id) => parseFolderId(id)),
  ]);
  return [...new Set(named.filter((id) => id !== undefined))];
}

interface Judged {
  readonly source: ItemRef;
  readonly target: FolderId;
}

/** What can be said before the item is looked at. An item is where its ServerId says, and SrcFldId must say the same. */
function judge({ SrcMsgId, SrcFldId, DstFldId }: Move, heads: ReadonlyMap<FolderId, unknown>): Judged | number {
  if (DstFldId.length > 1) return Status.NoMove;
  const source = parseServerId(SrcMsgId);
  if (!source || source.folder !== SrcFldId || !heads.has(source.folder)) return Status.NoSource;
  const target = parseFolderId(DstFldId[0] ?? '');
  if (target === undefined || !heads.has(target)) return Status.NoTarget;
  return target === source.folder ? Status.SameFolder : { source, target };
}

/** Mail of Windows and its Outlook: they show a message twice that they moved and that Sync then adds under its id. */
const DOUBLES = /WindowsOutlook|UniversalOutlook|\bOutlook\/\d|WindowsMail|MSFT-W|\bWP\d/i;

/**
 * A move belongs to both folders and names the keys of both. Whether the answer arrives nothing tells: the next Sync says
 * again what was done, which is harmless where it is known. To clients that would double it the target says nothing.
 */
async function originOf(
  states: SyncStates,
  { mailbox, device, userAgent }: CommandContext,
  { source, target }: Judged,
): Promise<Origin> {
  const loaded = await states.load(mailbox.id, device.id, [source.folder, target]);
  const names = loaded.map((one) => (one ? currentKey(one.state) : INITIAL_KEY));
  return { device: device.id, syncKey: joinKeys(names, DOUBLES.test(`${device.type} ${userAgent}`)) };
}

async function moveOne(
  context: CommandContext,
  { source, target }: Judged,
  origin: Origin,
): Promise<Omit<Response, 'SrcMsgId'>> {
  const { mailbox, device } = context;
  const done = (id: ItemRef) => ({ Status: Status.Success, DstMsgId: formatServerId(id.folder, id.item) });
  try {
    const moved = await mailbox.move(source.folder, source.item, target, { origin });
    return done({ folder: target, item: moved.id });
  } catch (error) {
    if (error instanceof NoFolder) return { Status: Status.NoTarget };
    if (error instanceof QuotaExceeded) return { Status: Status.NoMove };
    if (isTransient(error)) return { Status: Status.Transient };
    if (!(error instanceof NoItem)) throw error;
    // The answer to this device's own move was lost: the same request again is answered as it was.
    const before = await mailbox.moved(source.folder, source.item);
    const own = before?.origin?.device === device.id && before.folder === target;
    return own ? done(before) : { Status: Status.NoSource };
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof StoreUnavailable || error instanceof StoreConflict || error instanceof OutcomeUnknown;
}
