import { FolderDeleteRequest, FolderDeleteResponse } from '../documents/folder-delete.ts';
import { parseFolderId } from '../mailbox/server-id.ts';
import { type Command, type CommandContext, document } from '../protocol/command.ts';
import type { HierarchyStates } from '../sync/hierarchy-states.ts';
import { changeHierarchy, type FolderChangeAnswer } from './folder-change.ts';
import { FolderStatus, RECIPIENT_CACHE } from './folder-status.ts';

/** MS-ASCMD 2.2.1.4. What is below the folder goes with it. */
export function createFolderDelete(states: HierarchyStates): Command<FolderDeleteRequest, FolderDeleteResponse> {
  return {
    name: 'FolderDelete',
    code: 11,
    request: FolderDeleteRequest,
    response: FolderDeleteResponse,
    body: 'required',
    needsPolicy: true,
    run: async (context, request) => document(await run(states, context, request ?? {})),
    failure: (status) => ({ Status: status }),
  };
}

async function run(
  states: HierarchyStates,
  context: CommandContext,
  { SyncKey: key, ServerId }: FolderDeleteRequest,
): Promise<FolderChangeAnswer> {
  if (key === undefined || ServerId === undefined) return { Status: FolderStatus.Malformed };
  if (ServerId === RECIPIENT_CACHE) return { Status: FolderStatus.Special };
  const id = parseFolderId(ServerId);
  if (id === undefined) return { Status: FolderStatus.NoFolder };
  const { Status, SyncKey } = await changeHierarchy(states, context, {
    key,
    words: ['FolderDelete', id],
    fixed: FolderStatus.Special,
    make: (options) => context.mailbox.deleteFolder(id, options),
  });
  return { Status, SyncKey };
}
