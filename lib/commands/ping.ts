import { PingRequest, PingResponse } from '../documents/ping.ts';
import type { Device } from '../identity/types.ts';
import type { Mailboxes } from '../mailbox/types.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { type Command, type CommandContext, type CommandResult, document } from '../protocol/command.ts';
import type { HierarchyView, Outcome, Sight } from '../push/types.ts';
import { OutcomeUnknown, StoreConflict, StoreUnavailable, type Table } from '../store/ports.ts';
import type { News } from '../sync/types.ts';
import { type PingMemory, pingMemoryOf, writePingMemory } from './ping-memory.ts';
import { judgeParameters, type PingOptions, pingOptions } from './ping-parameters.ts';
import { PingStatus } from './ping-status.ts';
import { PingWatch, type WatchDeps } from './ping-watch.ts';

export interface PingDeps {
  readonly table: Table;
  readonly mailboxes: Pick<Mailboxes, 'open'>;
  readonly news: News;
  readonly hierarchy: HierarchyView;
  readonly log: Log;
  readonly options?: Partial<PingOptions>;
}

/**
 * MS-ASCMD 2.2.1.13. Parameters that need no look are refused at once (3, 4, 5, 6); all others are held, and the
 * hold's first look answers what is there already. Sync keys are read and never changed.
 * @throws TypeError or RangeError for options that cannot be
 */
export function createPing(deps: PingDeps): Command<PingRequest, PingResponse> {
  const options = pingOptions(deps.options);
  const { table, mailboxes, news, hierarchy, log } = deps;
  const watching: WatchDeps = { table, mailboxes, news, hierarchy, log, strikes: options.strikes };
  return {
    name: 'Ping',
    code: 18,
    request: PingRequest,
    response: PingResponse,
    body: 'optional',
    needsPolicy: false,
    run: (context, request) => run(watching, options, context, request),
    failure: (status) => ({ Status: OWN_STATUS.get(status) ?? status }),
  };
}

/**
 * What Ping says itself of a common failure: 4 for a body that cannot be read (R4244), 8 for passing trouble (R4261).
 * AOSP stops pushing after a code that it does not know.
 */
const OWN_STATUS: ReadonlyMap<number, number> = new Map([
  [101, PingStatus.Malformed],
  [102, PingStatus.Malformed],
  [103, PingStatus.Malformed],
  [110, PingStatus.Server],
  [111, PingStatus.Server],
]);

async function run(
  deps: WatchDeps,
  options: PingOptions,
  context: CommandContext,
  request: PingRequest | undefined,
): Promise<CommandResult<PingResponse>> {
  // A device with a wipe to come hears of it by its next FolderSync (MS-ASPROV 3.1.5.1.2).
  if (wipeIsDue(context.device)) return document({ Status: PingStatus.FolderSync });
  try {
    const { mailbox, device, clock } = context;
    const before = pingMemoryOf(device);
    const { keep, refusal } = judgeParameters(request, before, options);
    const memory = await remember(deps, context, before, keep);
    if (refusal) return document(refusal);
    const deadline = clock.now() + keep.heartbeatS! * 1000;
    const watch = new PingWatch(deps, mailbox.id, device.id, deadline, memory);
    if (context.lane === 'task') return { kind: 'held', hold: watch };
    // A Lambda is paid by the second and may not hold: it answers what is there, as if the heartbeat had ended.
    return await watch.answer(outcomeOf(await watch.look()));
  } catch (error) {
    if (!isStoreTrouble(error)) throw error;
    context.log.warn('ping-store', { requestId: context.requestId, ...errorFields(error) });
    return document({ Status: PingStatus.Server });
  }
}

/** The first Ping of a device begins with the epochs of that moment. */
async function remember(
  { table }: WatchDeps,
  { mailbox, device }: CommandContext,
  before: PingMemory,
  keep: Pick<PingMemory, 'heartbeatS' | 'folders'>,
): Promise<PingMemory> {
  let { policyEpoch, wipeEpoch } = before;
  if (policyEpoch === undefined || wipeEpoch === undefined) ({ policyEpoch, wipeEpoch } = await mailbox.state());
  const after: PingMemory = { ...before, ...keep, policyEpoch, wipeEpoch };
  await writePingMemory(table, mailbox.id, device.id, before, after);
  return after;
}

const wipeIsDue = ({ wipe }: Device) => wipe?.state === 'ordered' || wipe?.state === 'sent';

function outcomeOf({ now, later, hierarchy }: Sight): Outcome {
  if (hierarchy) return { kind: 'hierarchy' };
  if (now.length > 0) return { kind: 'changes', folders: [...now, ...later] };
  return { kind: 'expired', folders: later };
}

const isStoreTrouble = (error: unknown) =>
  error instanceof StoreUnavailable || error instanceof StoreConflict || error instanceof OutcomeUnknown;
