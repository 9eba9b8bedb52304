/** MS-ASCMD 2.2.3.177.3 to .6: what FolderSync, FolderCreate, FolderDelete and FolderUpdate say alike. */
export const FolderStatus = {
  Success: 1,
  /** A sibling has the name; FolderUpdate also: the folder is a special one. */
  Exists: 2,
  /** The recipient information cache; FolderDelete also: any special folder. */
  Special: 3,
  NoFolder: 4,
  NoParent: 5,
  InvalidKey: 9,
  /** The request lacks something or means nothing. */
  Malformed: 10,
} as const;

/** Common status (R4932). */
export const TOO_MANY_FOLDERS = 151;

/** The ServerId by which clients know the recipient information cache. This server has none, and none can be made. */
export const RECIPIENT_CACHE = 'RI';

/** Looks at the state of a device whose requests overtake each other. */
export const RACES = 8;
