/**
 * Commands by the byte of a base64 query (MS-ASHTTP 2.2.1.1.1.1.2). The table leaves out 5, which early editions of it
 * give to GetHierarchy, and 6 to 8, whose commands no document specifies.
 */
const CODES: readonly (readonly [code: number, name: string])[] = [
  [0, 'Sync'],
  [1, 'SendMail'],
  [2, 'SmartForward'],
  [3, 'SmartReply'],
  [4, 'GetAttachment'],
  [5, 'GetHierarchy'],
  [9, 'FolderSync'],
  [10, 'FolderCreate'],
  [11, 'FolderDelete'],
  [12, 'FolderUpdate'],
  [13, 'MoveItems'],
  [14, 'GetItemEstimate'],
  [15, 'MeetingResponse'],
  [16, 'Search'],
  [17, 'Settings'],
  [18, 'Ping'],
  [19, 'ItemOperations'],
  [20, 'Provision'],
  [21, 'ResolveRecipients'],
  [22, 'ValidateCert'],
  [23, 'Find'],
];

const NAMES: ReadonlyMap<number, string> = new Map(CODES);

/** `undefined` for a byte that names no command. */
export function commandName(code: number): string | undefined {
  return NAMES.get(code);
}

/** The byte of a command; `undefined` for Autodiscover and everything else that a base64 query cannot name. */
export function commandCode(name: string): number | undefined {
  return CODES.find(([, known]) => known === name)?.[0];
}
