/** MS-ASCMD 2.2.3.177.11. */
export const PingStatus = {
  Expired: 1,
  Changes: 2,
  MissingParameters: 3,
  Malformed: 4,
  HeartbeatOutOfBounds: 5,
  TooManyFolders: 6,
  FolderSync: 7,
  Server: 8,
} as const;
