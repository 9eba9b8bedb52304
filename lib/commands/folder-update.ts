import { FolderUpdateRequest, FolderUpdateResponse } from '../documents/folder-update.ts';
import { parseFolderId } from '../mailbox/server-id.ts';
import { type Command, type CommandContext, document } from '../protocol/command.ts';
import type { HierarchyStates } from '../sync/hierarchy-states.ts';
import { changeHierarchy, type FolderChangeAnswer } from './folder-change.ts';
import { FolderStatus, RECIPIENT_CACHE } from './folder-status.ts';

/** MS-ASCMD 2.2.1.6: renames a folder, moves it, or both. */
export function createFolderUpdate(states: HierarchyStates): Command<FolderUpdateRequest, FolderUpdateResponse> {
  return {
    name: 'FolderUpdate',
    code: 12,
    request: FolderUpdateRequest,
    response: FolderUpdateResponse,
    body: 'required',
    needsPolicy: true,
    run: async (context, request) => document(await run(states, context, request ?? {})),
    failure: (status) => ({ Status: status }),
  };
}

async function run(
  states: HierarchyStates,
  context: CommandContext,
  { SyncKey: key, ServerId, ParentId, DisplayName: name, Status: foreign }: FolderUpdateRequest,
): Promise<FolderChangeAnswer> {
  if (key === undefined || ServerId === undefined || ParentId === undefined || name === undefined) {
    return { Status: FolderStatus.Malformed };
  }
  if (foreign !== undefined) return { Status: FolderStatus.Malformed };
  if (ServerId === RECIPIENT_CACHE) return { Status: FolderStatus.Special };
  const id = parseFolderId(ServerId);
  if (id === undefined) return { Status: FolderStatus.NoFolder };
  const parent = parseFolderId(ParentId);
  if (parent === undefined) return { Status: FolderStatus.NoParent };
  const { Status, SyncKey } = await changeHierarchy(states, context, {
    key,
    words: ['FolderUpdate', id, parent, name],
    fixed: FolderStatus.Exists,
    make: (options) => context.mailbox.changeFolder(id, { name, parent }, options),
  });
  return { Status, SyncKey };
}
