import { document, type Infer, int, optional, sensitive, text } from '../wbxml/schema.ts';

/**
 * MS-ASCMD 2.2.1.6: renames a folder, moves it, or both. What must be there may be missing here, and a Status may be
 * there: the command answers both itself, with status 10 (R4568, R3102).
 */
export const FolderUpdateRequest = document('FolderHierarchy', 'FolderUpdate', {
  SyncKey: optional(text()),
  ServerId: optional(text()),
  ParentId: optional(text()),
  DisplayName: optional(sensitive(text())),
  Status: optional(text()),
});
export type FolderUpdateRequest = Infer<typeof FolderUpdateRequest>;

export const FolderUpdateResponse = document('FolderHierarchy', 'FolderUpdate', {
  Status: int(),
  SyncKey: optional(text()),
});
export type FolderUpdateResponse = Infer<typeof FolderUpdateResponse>;
