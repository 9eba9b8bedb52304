import { document, type Infer, int, optional, text } from '../wbxml/schema.ts';

/** MS-ASCMD 2.2.1.4. What must be there may be missing here: the command answers that itself, with status 10 (R4063). */
export const FolderDeleteRequest = document('FolderHierarchy', 'FolderDelete', {
  SyncKey: optional(text()),
  ServerId: optional(text()),
});
export type FolderDeleteRequest = Infer<typeof FolderDeleteRequest>;

export const FolderDeleteResponse = document('FolderHierarchy', 'FolderDelete', {
  Status: int(),
  SyncKey: optional(text()),
});
export type FolderDeleteResponse = Infer<typeof FolderDeleteResponse>;
