import { FolderSyncRequest, FolderSyncResponse } from '../documents/folder-sync.ts';
import { isTestDevice } from '../identity/devices.ts';
import type { Folder, HierarchyChanges, MailboxState } from '../mailbox/types.ts';
import { randomToken } from '../ops/ids.ts';
import {
  type Command,
  type CommandContext,
  type CommandResult,
  document,
  type ExtraHeaders,
  ProtocolFailure,
} from '../protocol/command.ts';
import {
  firstState,
  type HierarchyPosition,
  type HierarchyState,
  hierarchyKey,
  isOfOtherVersion,
  judgeHierarchyKey,
  knownTo,
  settledState,
  toldState,
} from '../sync/hierarchy-state.ts';
import type { HierarchyStates, LoadedHierarchy } from '../sync/hierarchy-states.ts';
import { INITIAL_KEY } from '../sync/sync-key.ts';
import { FolderStatus, RACES } from './folder-status.ts';

export interface FolderSyncDeps {
  readonly states: HierarchyStates;
  /** X-MS-RP, MS-ASProtocolVersions and MS-ASProtocolCommands: the registry's `reinitialize`. */
  readonly reinitialize: () => ExtraHeaders;
}

type Result = CommandResult<FolderSyncResponse>;

/** MS-ASCMD 2.2.1.5. */
export function createFolderSync(deps: FolderSyncDeps): Command<FolderSyncRequest, FolderSyncResponse> {
  return {
    name: 'FolderSync',
    code: 9,
    request: FolderSyncRequest,
    response: FolderSyncResponse,
    body: 'required',
    needsPolicy: true,
    run: (context, request) => run(deps, context, request?.SyncKey),
    failure: (status) => ({ Status: status }),
  };
}

async function run(deps: FolderSyncDeps, context: CommandContext, key: string | undefined): Promise<Result> {
  if (key === undefined) return document({ Status: FolderStatus.Malformed });
  const { mailbox, device } = context;
  for (let race = 0; race < RACES; race++) {
    const loaded = await deps.states.load(mailbox.id, device.id);
    const result = key === INITIAL_KEY ? await first(deps, context, loaded) : await next(deps, context, key, loaded);
    if (result) return result;
  }
  throw new ProtocolFailure(111, 'other requests of the device were always faster');
}

/**
 * Everything, under a key of a new generation: the one before is worth nothing from now on. A first key that nothing
 * has followed says the same as a new one would: it is given again, so that of two first requests at once, or of one
 * that is repeated, either answer may arrive. `undefined`: another request of the device was faster.
 */
async function first(
  { states, reinitialize }: FolderSyncDeps,
  { mailbox, device, version }: CommandContext,
  loaded: LoadedHierarchy | undefined,
): Promise<Result | undefined> {
  const { state: now, folders } = await mailbox.tree();
  const all = { added: folders, changed: [], deleted: [] };
  if (loaded && isFirst(loaded.state, now) && !isOfOtherVersion(loaded.state, version))
    return answer(loaded.state, all, reinitialize());
  const state = firstState(randomToken(9), now.incarnation, now.hierarchy, version);
  const stored = isTestDevice(device.id) || (await states.save(mailbox.id, device.id, state, loaded?.rev));
  return stored ? answer(state, all, reinitialize()) : undefined;
}

const isFirst = ({ answer: { kind }, last, incarnation }: HierarchyState, now: MailboxState) =>
  kind === 'initial' && last.to === now.hierarchy && incarnation === now.incarnation;

async function next(
  { states, reinitialize }: FolderSyncDeps,
  { mailbox, device, version }: CommandContext,
  key: string,
  loaded: LoadedHierarchy | undefined,
): Promise<Result | undefined> {
  const begin = () => document<FolderSyncResponse>({ Status: FolderStatus.InvalidKey }, reinitialize());
  const judged = loaded && judgeHierarchyKey(loaded.state, key);
  if (!loaded || !judged || isOfOtherVersion(loaded.state, version)) return begin();
  const { state } = loaded;
  const { incarnation, hierarchy } = await mailbox.state();
  if (state.incarnation !== incarnation) return begin();
  const since = (at: HierarchyPosition, upTo = hierarchy) =>
    mailbox.hierarchySince(at.to, { upTo, known: knownTo(state, device.id, at) });

  if (judged.verdict === 'repeat' && state.answer.kind === 'sync') {
    // The same interval under the same key; what happened since waits for the next one.
    const again = await since(judged.at, state.last.to);
    return again.gone ? begin() : answer(state, again);
  }
  const changes = await since(judged.at);
  if (changes.gone) return begin();
  if (judged.verdict === 'current' && isNothing(changes)) {
    // The key stays; where own changes were passed over, they need not be read again. Losing that to a race is no loss.
    const settled = settledState(state, changes.upTo);
    if (changes.upTo !== state.last.to) await states.save(mailbox.id, device.id, settled, loaded.rev);
    return answer(state, changes);
  }
  const told = toldState(state, judged.at, changes.upTo);
  return (await states.save(mailbox.id, device.id, told, loaded.rev)) ? answer(told, changes) : undefined;
}

type Changes = Pick<HierarchyChanges, 'added' | 'changed' | 'deleted'>;

const isNothing = ({ added, changed, deleted }: Changes) => added.length + changed.length + deleted.length === 0;

function answer(state: HierarchyState, changes: Changes, headers?: ExtraHeaders): Result {
  const { added, changed, deleted } = changes;
  const Count = added.length + changed.length + deleted.length;
  const list = <T>(all: readonly T[]) => (all.length > 0 ? all : undefined);
  return document(
    {
      Status: FolderStatus.Success,
      SyncKey: hierarchyKey(state),
      Changes: {
        Count,
        Update: list(changed.map(shown)),
        Delete: list(deleted.map((id) => ({ ServerId: id }))),
        Add: list(added.map(shown)),
      },
    },
    headers,
  );
}

function shown({ id, parent, name, type }: Folder) {
  return { ServerId: id, ParentId: parent, DisplayName: name, Type: type };
}
