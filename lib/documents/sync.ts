import {
  bool,
  container,
  document,
  embedded,
  flag,
  type Infer,
  int,
  open,
  optional,
  ordered,
  repeated,
  since,
  text,
  until,
  within,
} from '../wbxml/schema.ts';
import { BodyPartPreference, BodyPreference } from './airsyncbase.ts';

/** Up to 12.1 a collection has a class, from 14.0 on its items and options have (MS-ASCMD R6290-R6297). */
const collectionClass = until(121, optional(text()));
const itemClass = since(140, optional(text()));

/** MS-ASCMD 2.2.3.125.6. The ranges are the command's business: WindowSize 0 and FilterType 9 have answers of their own. */
const options = container('AirSync', {
  FilterType: optional(int()),
  Class: itemClass,
  BodyPreference: within('AirSyncBase', optional(repeated(BodyPreference))),
  BodyPartPreference: within('AirSyncBase', optional(BodyPartPreference)),
  /** The plain body of 2.5 (MS-ASCMD 2.2.3.185); BodyPreference took its place. */
  Truncation: optional(int()),
  Conflict: optional(int()),
  MIMESupport: optional(int()),
  MIMETruncation: optional(int()),
  MaxItems: optional(int()),
  RightsManagementSupport: within('RightsManagement', optional(bool())),
});

const instance = within('AirSyncBase', optional(text()));

const clientCommands = ordered('AirSync', {
  Add: container('AirSync', {
    Class: itemClass,
    ClientId: text(),
    /** A draft that is to go out at once (16.0). */
    Send: within('Email2', flag()),
    ApplicationData: open(),
  }),
  Change: container('AirSync', {
    Class: itemClass,
    ServerId: text(),
    InstanceId: instance,
    Send: within('Email2', flag()),
    ApplicationData: optional(open()),
  }),
  Delete: container('AirSync', { Class: itemClass, ServerId: text(), InstanceId: instance }),
  Fetch: container('AirSync', { ServerId: text() }),
});

const requestCollection = container('AirSync', {
  Class: collectionClass,
  SyncKey: text(),
  CollectionId: text(),
  /** Its children are the properties that the client keeps; all others are ghosted. */
  Supported: optional(open()),
  DeletesAsMoves: optional(bool()),
  GetChanges: optional(bool()),
  WindowSize: optional(int()),
  ConversationMode: optional(bool()),
  /** A second one stands for SMS in the same collection. */
  Options: optional(repeated(options)),
  Commands: optional(clientCommands),
});

/** MS-ASCMD 2.2.1.21. */
export const SyncRequest = document('AirSync', 'Sync', {
  Collections: optional(container('AirSync', { Collection: repeated(requestCollection) })),
  /** Minutes; `HeartbeatInterval` is in seconds. */
  Wait: optional(int()),
  HeartbeatInterval: optional(int()),
  WindowSize: optional(int()),
  Partial: flag(),
});
export type SyncRequest = Infer<typeof SyncRequest>;

const serverCommands = ordered('AirSync', {
  Add: container('AirSync', { Class: itemClass, ServerId: text(), ApplicationData: embedded() }),
  Change: container('AirSync', { Class: itemClass, ServerId: text(), ApplicationData: embedded() }),
  Delete: container('AirSync', { Class: itemClass, ServerId: text() }),
  SoftDelete: container('AirSync', { ServerId: text() }),
});

const responses = ordered('AirSync', {
  Add: container('AirSync', {
    Class: itemClass,
    ClientId: text(),
    ServerId: optional(text()),
    Status: int(),
    ApplicationData: optional(embedded()),
  }),
  Change: container('AirSync', {
    Class: itemClass,
    ServerId: text(),
    InstanceId: instance,
    Status: int(),
    ApplicationData: since(160, optional(embedded())),
  }),
  Delete: container('AirSync', { ServerId: text(), InstanceId: instance, Status: int() }),
  Fetch: container('AirSync', { ServerId: text(), Status: int(), ApplicationData: optional(embedded()) }),
});

/** Windows Mobile reads MoreAvailable only between Status and Commands. */
const responseCollection = container('AirSync', {
  Class: collectionClass,
  SyncKey: text(),
  CollectionId: text(),
  Status: int(),
  MoreAvailable: flag(),
  Commands: optional(serverCommands),
  Responses: optional(responses),
});

export const SyncResponse = document('AirSync', 'Sync', {
  /** Only where the whole request failed. */
  Status: optional(int()),
  Limit: optional(int()),
  Collections: optional(container('AirSync', { Collection: repeated(responseCollection) })),
});
export type SyncResponse = Infer<typeof SyncResponse>;
