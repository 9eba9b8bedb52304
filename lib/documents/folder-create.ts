import { document, type Infer, int, optional, sensitive, text } from '../wbxml/schema.ts';

/** MS-ASCMD 2.2.1.3. What must be there may be missing here: the command answers that itself, with status 10 (R4035). */
export const FolderCreateRequest = document('FolderHierarchy', 'FolderCreate', {
  SyncKey: optional(text()),
  ParentId: optional(text()),
  DisplayName: optional(sensitive(text())),
  Type: optional(int()),
});
export type FolderCreateRequest = Infer<typeof FolderCreateRequest>;

export const FolderCreateResponse = document('FolderHierarchy', 'FolderCreate', {
  Status: int(),
  SyncKey: optional(text()),
  ServerId: optional(text()),
});
export type FolderCreateResponse = Infer<typeof FolderCreateResponse>;
