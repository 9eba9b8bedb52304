import { container, document, type Infer, int, optional, repeated, text } from '../wbxml/schema.ts';

/**
 * MS-ASCMD 2.2.1.13. Either part may be left out: the server repeats what it remembers (R5632). Id and Class are
 * required, but it is the command that says so: with its own status 4, for all versions.
 */
export const PingRequest = document('Ping', 'Ping', {
  HeartbeatInterval: optional(int()),
  Folders: optional(
    container('Ping', { Folder: repeated(container('Ping', { Id: optional(text(64)), Class: optional(text(64)) })) }),
  ),
});
export type PingRequest = Infer<typeof PingRequest>;

export const PingResponse = document('Ping', 'Ping', {
  Status: int(),
  Folders: optional(container('Ping', { Folder: repeated(text(), 1) })),
  MaxFolders: optional(int()),
  HeartbeatInterval: optional(int()),
});
export type PingResponse = Infer<typeof PingResponse>;
