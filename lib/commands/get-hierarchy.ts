import { GetHierarchyResponse } from '../documents/get-hierarchy.ts';
import { type Folder, FolderType, ROOT } from '../mailbox/types.ts';
import { type Command, document } from '../protocol/command.ts';
import { document as schema } from '../wbxml/schema.ts';

/** A request says nothing but the command's name in the query (MS-ASCMD 2.2.1.8). */
const NO_REQUEST = schema('FolderHierarchy', 'Folders', {});

/** MS-ASCMD 2.2.3.186.4: 1 to 6 and no others, so a mail folder of the user's own is a generic one. */
const LAST_TYPE = 6;

/** The mail folders, for versions up to 12.1: without a key, and without what is added by FolderSync later. */
export function createGetHierarchy(): Command<Record<never, never>, GetHierarchyResponse> {
  return {
    name: 'GetHierarchy',
    code: 5,
    request: NO_REQUEST,
    response: GetHierarchyResponse,
    body: 'none',
    needsPolicy: true,
    versions: { until: 121 },
    run: async ({ mailbox }) => document({ Folder: shown(await mailbox.folders()) }),
    failure: () => {
      throw new TypeError('GetHierarchy has no document for a status');
    },
  };
}

function shown(all: readonly Folder[]): GetHierarchyResponse['Folder'] {
  const mail = all.filter((folder) => folder.class === 'Email');
  const ids = new Set(mail.map(({ id }) => id));
  return mail.map(({ id, name, parent, type }) => ({
    DisplayName: name,
    ServerId: id,
    Type: type <= LAST_TYPE ? type : FolderType.UserGeneric,
    // Below a folder that is not shown there is no place in this list: it stands at the root (R6927).
    ParentId: ids.has(parent) ? parent : ROOT,
  }));
}
