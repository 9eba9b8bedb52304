import { document, type Infer, int, optional, sensitive, text } from '../wbxml/schema.ts';

/** MS-ASCMD 2.2.1.3. */
export const FolderCreateRequest = document('FolderHierarchy', 'FolderCreate', {
  SyncKey: text(),
  ParentId: text(),
  DisplayName: sensitive(text()),
  Type: int(),
});
export type FolderCreateRequest = Infer<typeof FolderCreateRequest>;

export const FolderCreateResponse = document('FolderHierarchy', 'FolderCreate', {
  Status: int(),
  SyncKey: optional(text()),
  ServerId: optional(text()),
});
export type FolderCreateResponse = Infer<typeof FolderCreateResponse>;
