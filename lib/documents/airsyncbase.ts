import { bool, container, decimal, int, opaque, optional, repeated, sensitive, text, within } from '../wbxml/schema.ts';

/** MS-ASAIRS 2.2.2.12: how a client wants bodies. The tag's gate leaves Preview out before 14.0. */
export const BodyPreference = container('AirSyncBase', {
  Type: int(),
  TruncationSize: optional(int(0, 0xffffffff)),
  AllOrNone: optional(bool()),
  Preview: optional(int(0, 255)),
});

/** MS-ASAIRS 2.2.2.11: the same for the part of a message that is new in its conversation. */
export const BodyPartPreference = BodyPreference;

/** MS-ASAIRS 2.2.2.9. */
export const Body = container('AirSyncBase', {
  Type: int(),
  EstimatedDataSize: optional(int()),
  Truncated: optional(bool()),
  Data: optional(sensitive(text())),
  Preview: optional(sensitive(text())),
  /** Which part of a multipart ItemOperations answer has the data. */
  Part: within('ItemOperations', optional(int())),
});

/** MS-ASAIRS 2.2.2.10; the order of its elements is prescribed (R126). */
export const BodyPart = container('AirSyncBase', {
  Status: int(),
  Type: int(),
  EstimatedDataSize: int(),
  Truncated: optional(bool()),
  Data: optional(sensitive(text())),
  Preview: optional(sensitive(text())),
});

const attachment = container('AirSyncBase', {
  DisplayName: optional(sensitive(text())),
  FileReference: text(),
  ClientId: optional(text()),
  Method: optional(int()),
  EstimatedDataSize: optional(int()),
  ContentId: optional(sensitive(text())),
  ContentLocation: optional(sensitive(text())),
  IsInline: optional(bool()),
  UmAttDuration: within('Email2', optional(int())),
  UmAttOrder: within('Email2', optional(int())),
});

/** A new attachment of a draft or an event, from the client (16.0). */
const attachmentAdd = container('AirSyncBase', {
  ClientId: text(),
  Method: int(),
  ContentType: optional(text()),
  Content: sensitive(opaque()),
  DisplayName: sensitive(text()),
  ContentId: optional(sensitive(text())),
  ContentLocation: optional(sensitive(text())),
  IsInline: optional(bool()),
});

/** MS-ASAIRS 2.2.2.8. */
export const Attachments = container('AirSyncBase', {
  Attachment: optional(repeated(attachment)),
  Add: optional(repeated(attachmentAdd)),
  Delete: optional(repeated(container('AirSyncBase', { FileReference: text() }))),
});

/** MS-ASAIRS 2.2.2.28: a place since 16.0; before, items have their own text element. */
export const Location = container('AirSyncBase', {
  DisplayName: optional(sensitive(text())),
  Annotation: optional(sensitive(text())),
  Street: optional(sensitive(text())),
  City: optional(sensitive(text())),
  State: optional(sensitive(text())),
  Country: optional(sensitive(text())),
  PostalCode: optional(sensitive(text())),
  Latitude: optional(sensitive(decimal())),
  Longitude: optional(sensitive(decimal())),
  Accuracy: optional(decimal()),
  Altitude: optional(decimal()),
  AltitudeAccuracy: optional(decimal()),
  LocationUri: optional(sensitive(text())),
});
