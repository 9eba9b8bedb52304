import { document, type Infer, int, optional, sensitive, text } from '../wbxml/schema.ts';

/** MS-ASCMD 2.2.1.6: renames a folder, moves it, or both. */
export const FolderUpdateRequest = document('FolderHierarchy', 'FolderUpdate', {
  SyncKey: text(),
  ServerId: text(),
  ParentId: text(),
  DisplayName: sensitive(text()),
});
export type FolderUpdateRequest = Infer<typeof FolderUpdateRequest>;

export const FolderUpdateResponse = document('FolderHierarchy', 'FolderUpdate', {
  Status: int(),
  SyncKey: optional(text()),
});
export type FolderUpdateResponse = Infer<typeof FolderUpdateResponse>;
