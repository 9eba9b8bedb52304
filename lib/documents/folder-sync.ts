import { container, document, type Infer, int, optional, repeated, sensitive, text } from '../wbxml/schema.ts';

/** MS-ASCMD 2.2.1.5. What must be there may be missing here: the command answers that itself, with status 10 (R4086). */
export const FolderSyncRequest = document('FolderHierarchy', 'FolderSync', { SyncKey: optional(text()) });
export type FolderSyncRequest = Infer<typeof FolderSyncRequest>;

const folder = container('FolderHierarchy', {
  ServerId: text(),
  ParentId: text(),
  DisplayName: sensitive(text()),
  Type: int(),
});

export const FolderSyncResponse = document('FolderHierarchy', 'FolderSync', {
  Status: int(),
  SyncKey: optional(text()),
  Changes: optional(
    container('FolderHierarchy', {
      Count: optional(int()),
      Update: optional(repeated(folder)),
      Delete: optional(repeated(container('FolderHierarchy', { ServerId: text() }))),
      Add: optional(repeated(folder)),
    }),
  ),
});
export type FolderSyncResponse = Infer<typeof FolderSyncResponse>;
