import { container, document, type Infer, int, repeated, sensitive, text } from '../wbxml/schema.ts';

/** MS-ASCMD 2.2.1.8: the mail folders for 12.1 and earlier. The request has no body. */
export const GetHierarchyResponse = document('FolderHierarchy', 'Folders', {
  Folder: repeated(
    container('FolderHierarchy', { DisplayName: sensitive(text()), ServerId: text(), Type: int(), ParentId: text() }),
    1,
  ),
});
export type GetHierarchyResponse = Infer<typeof GetHierarchyResponse>;
