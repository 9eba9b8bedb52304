import {
  bool,
  container,
  dateTime,
  document,
  embedded,
  flag,
  type Infer,
  int,
  item,
  opaque,
  open,
  optional,
  orderedDocument,
  repeated,
  sensitive,
  text,
  within,
} from '../wbxml/schema.ts';
import { BodyPartPreference, BodyPreference } from './airsyncbase.ts';

/**
 * The options of all operations: an option that belongs to another operation has a status of its own (MS-ASCMD R3547),
 * so it must be seen.
 */
const options = container('ItemOperations', {
  DeleteSubFolders: flag(),
  MoveAlways: flag(),
  /** Its children are the properties that the client wants. */
  Schema: optional(open()),
  Range: optional(text()),
  UserName: optional(sensitive(text())),
  Password: optional(sensitive(text())),
  MIMESupport: within('AirSync', optional(int())),
  BodyPreference: within('AirSyncBase', optional(repeated(BodyPreference))),
  BodyPartPreference: within('AirSyncBase', optional(BodyPartPreference)),
  RightsManagementSupport: within('RightsManagement', optional(bool())),
});

/** What a Fetch names: an item by folder and id, a search result, a document or an attachment. */
const target = {
  CollectionId: within('AirSync', optional(text())),
  ServerId: within('AirSync', optional(text())),
  LongId: within('Search', optional(text())),
  LinkId: within('DocumentLibrary', optional(sensitive(text()))),
  FileReference: within('AirSyncBase', optional(text())),
};

/** MS-ASCMD 2.2.1.10: a list, because operations are carried out in their order (R193). */
export const ItemOperationsRequest = orderedDocument('ItemOperations', 'ItemOperations', {
  EmptyFolderContents: container('ItemOperations', {
    CollectionId: within('AirSync', text()),
    Options: optional(options),
  }),
  Fetch: container('ItemOperations', {
    Store: text(),
    ...target,
    /** One only; what comes more than once has a status of its own (R765). */
    FileReference: within('AirSyncBase', optional(repeated(text()))),
    RemoveRightsManagementProtection: within('RightsManagement', flag()),
    Options: optional(options),
  }),
  Move: container('ItemOperations', {
    ConversationId: opaque(),
    DstFldId: text(),
    Options: optional(options),
  }),
});
export type ItemOperationsRequest = Infer<typeof ItemOperationsRequest>;

export const ItemOperationsResponse = document('ItemOperations', 'ItemOperations', {
  Status: int(),
  Response: optional(
    container('ItemOperations', {
      Move: optional(repeated(container('ItemOperations', { Status: int(), ConversationId: opaque() }))),
      EmptyFolderContents: optional(
        repeated(container('ItemOperations', { Status: int(), CollectionId: within('AirSync', text()) })),
      ),
      Fetch: optional(
        repeated(
          container('ItemOperations', {
            Status: int(),
            CollectionId: target.CollectionId,
            ServerId: target.ServerId,
            LongId: target.LongId,
            Class: within('AirSync', optional(text())),
            LinkId: target.LinkId,
            FileReference: target.FileReference,
            Properties: optional(embedded()),
          }),
        ),
      ),
    }),
  ),
});
export type ItemOperationsResponse = Infer<typeof ItemOperationsResponse>;

/** `Properties` of an attachment or a document. */
export const FileProperties = item('ItemOperations', {
  Range: optional(text()),
  Total: optional(int()),
  ContentType: within('AirSyncBase', optional(text())),
  Version: optional(dateTime()),
  /** Base64, where the data is not a part of a multipart answer. */
  Data: optional(sensitive(text())),
  Part: optional(int()),
});
export type FileProperties = Infer<typeof FileProperties>;
