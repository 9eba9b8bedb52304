import { createHash } from 'node:crypto';
import {
  type ChangeOptions,
  FolderExists,
  FolderFixed,
  FolderInvalid,
  FolderLimit,
  NoFolder,
} from '../mailbox/types.ts';
import type { FolderId } from '../ops/ids.ts';
import { type CommandContext, ProtocolFailure } from '../protocol/command.ts';
import { ConditionFailed } from '../store/ports.ts';
import { changedState, changeOrigin, hierarchyKey, judgeHierarchyKey } from '../sync/hierarchy-state.ts';
import type { HierarchyStates } from '../sync/hierarchy-states.ts';
import { FolderStatus, RACES, TOO_MANY_FOLDERS } from './folder-status.ts';

export interface FolderChange {
  /** The key of the request. */
  readonly key: string;
  /** All that the request asks for: the same words again under the same key are a repetition. */
  readonly words: readonly (string | number)[];
  /** The id of a folder that is made. */
  readonly serverId?: FolderId;
  /** Status when the folder is a special one. */
  readonly fixed: number;
  /** Makes the change, with these rows in its transaction. */
  make(options: ChangeOptions): Promise<unknown>;
}

export interface FolderChangeAnswer {
  readonly Status: number;
  /** With success, and only then (MS-ASCMD R4569, R4570). */
  readonly SyncKey?: string;
  readonly ServerId?: string;
}

/**
 * A change of the hierarchy under its SyncKey. The device's state commits with the change, so that a request whose
 * answer was lost is answered as it was and changes nothing when it comes again.
 */
export async function changeHierarchy(
  states: HierarchyStates,
  { mailbox, device }: CommandContext,
  change: FolderChange,
): Promise<FolderChangeAnswer> {
  const digest = createHash('sha256').update(JSON.stringify(change.words)).digest('base64url');
  for (let race = 0; race < RACES; race++) {
    const loaded = await states.load(mailbox.id, device.id);
    const judged = loaded && judgeHierarchyKey(loaded.state, change.key);
    if (!loaded || !judged) return { Status: FolderStatus.InvalidKey };
    const { state, rev } = loaded;
    if (state.incarnation !== (await mailbox.state()).incarnation) return { Status: FolderStatus.InvalidKey };
    const { answer } = state;
    if (judged.verdict === 'repeat' && answer.kind === 'change' && answer.digest === digest) {
      return { Status: FolderStatus.Success, SyncKey: hierarchyKey(state), ServerId: answer.serverId };
    }
    const { serverId } = change;
    const next = changedState(state, judged.at, { kind: 'change', digest, serverId });
    const write = states.write(mailbox.id, device.id, next, rev);
    try {
      await change.make({ origin: changeOrigin(next, device.id), with: [write] });
      return { Status: FolderStatus.Success, SyncKey: hierarchyKey(next), ServerId: serverId };
    } catch (error) {
      // The device's state is another by now: a request of the same device was faster.
      if (error instanceof ConditionFailed) continue;
      const Status = refusal(error, change.fixed);
      // What stands in the way may be what that faster request did: then this one may be its repetition.
      if ((await states.load(mailbox.id, device.id))?.rev === rev) return { Status };
    }
  }
  throw new ProtocolFailure(111, 'other requests of the device were always faster');
}

/** What a mailbox says no with, as a status; everything else is thrown on. */
function refusal(error: unknown, fixed: number): number {
  if (error instanceof FolderExists) return FolderStatus.Exists;
  if (error instanceof FolderFixed) return fixed;
  if (error instanceof FolderInvalid) return FolderStatus.Malformed;
  if (error instanceof NoFolder) return error.which === 'parent' ? FolderStatus.NoParent : FolderStatus.NoFolder;
  if (error instanceof FolderLimit) throw new ProtocolFailure(TOO_MANY_FOLDERS, 'too many folders', { cause: error });
  throw error;
}
