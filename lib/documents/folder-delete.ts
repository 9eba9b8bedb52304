import { document, type Infer, int, optional, text } from '../wbxml/schema.ts';

/** MS-ASCMD 2.2.1.4. */
export const FolderDeleteRequest = document('FolderHierarchy', 'FolderDelete', { SyncKey: text(), ServerId: text() });
export type FolderDeleteRequest = Infer<typeof FolderDeleteRequest>;

export const FolderDeleteResponse = document('FolderHierarchy', 'FolderDelete', {
  Status: int(),
  SyncKey: optional(text()),
});
export type FolderDeleteResponse = Infer<typeof FolderDeleteResponse>;
