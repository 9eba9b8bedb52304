import { FolderCreateRequest, FolderCreateResponse } from '../documents/folder-create.ts';
import { newFolderId } from '../mailbox/hierarchy.ts';
import { parseFolderId } from '../mailbox/server-id.ts';
import { FolderType } from '../mailbox/types.ts';
import { type Command, type CommandContext, document } from '../protocol/command.ts';
import type { HierarchyStates } from '../sync/hierarchy-states.ts';
import { changeHierarchy, type FolderChangeAnswer } from './folder-change.ts';
import { FolderStatus, RECIPIENT_CACHE } from './folder-status.ts';

/** Types that a client may make; all others are of default folders, or of nothing that this server keeps. */
const CREATABLE: ReadonlySet<number> = new Set([
  FolderType.UserGeneric,
  FolderType.UserMail,
  FolderType.UserCalendar,
  FolderType.UserContacts,
  FolderType.UserTasks,
  FolderType.UserNotes,
]);
const RECIPIENT_CACHE_TYPE = 19;

/** MS-ASCMD 2.2.1.3. */
export function createFolderCreate(states: HierarchyStates): Command<FolderCreateRequest, FolderCreateResponse> {
  return {
    name: 'FolderCreate',
    code: 10,
    request: FolderCreateRequest,
    response: FolderCreateResponse,
    body: 'required',
    needsPolicy: true,
    run: async (context, request) => document(await run(states, context, request ?? {})),
    failure: (status) => ({ Status: status }),
  };
}

async function run(
  states: HierarchyStates,
  context: CommandContext,
  { SyncKey: key, ParentId, DisplayName: name, Type: type }: FolderCreateRequest,
): Promise<FolderChangeAnswer> {
  if (key === undefined || ParentId === undefined || name === undefined || type === undefined) {
    return { Status: FolderStatus.Malformed };
  }
  if (type === RECIPIENT_CACHE_TYPE || ParentId === RECIPIENT_CACHE) return { Status: FolderStatus.Special };
  if (!CREATABLE.has(type)) return { Status: FolderStatus.Malformed };
  const parent = parseFolderId(ParentId);
  if (parent === undefined) return { Status: FolderStatus.NoParent };
  const { mailbox, clock } = context;
  const id = newFolderId(clock.now());
  return changeHierarchy(states, context, {
    key,
    words: ['FolderCreate', ParentId, name, type],
    serverId: id,
    fixed: FolderStatus.Malformed,
    make: (options) => mailbox.createFolder({ id, name, parent, type: type as FolderType }, options),
  });
}
