/** MS-ASCMD 2.2.3.177.17: of the command, of a collection, or of one of its commands. */
export const SyncStatus = {
  Success: 1,
  InvalidKey: 3,
  Protocol: 4,
  Conversion: 6,
  Conflict: 7,
  NotFound: 8,
  /** No room (R4450). */
  NoSpace: 9,
  FolderSync: 12,
  Incomplete: 13,
  BadWait: 14,
  TooManyCollections: 15,
  Retry: 16,
  /** Common statuses. */
  PreviouslySent: 118,
  AttachmentTooLarge: 122,
  ItemNotFound: 150,
  /** R5412. */
  BodyPartType: 164,
  /** R7472. */
  InvalidRecipients: 183,
} as const;
