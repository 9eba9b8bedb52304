/** Builds queries as clients do. Written from MS-ASHTTP 2.2.1.1.1 apart from the server's parser, so that one checks the other. */

/** MS-ASHTTP 2.2.1.1.1.1.2. */
export const COMMAND_CODES: Readonly<Record<string, number>> = {
  Sync: 0,
  SendMail: 1,
  SmartForward: 2,
  SmartReply: 3,
  GetAttachment: 4,
  GetHierarchy: 5,
  FolderSync: 9,
  FolderCreate: 10,
  FolderDelete: 11,
  FolderUpdate: 12,
  MoveItems: 13,
  GetItemEstimate: 14,
  MeetingResponse: 15,
  Search: 16,
  Settings: 17,
  Ping: 18,
  ItemOperations: 19,
  Provision: 20,
  ResolveRecipients: 21,
  ValidateCert: 22,
  Find: 23,
};

export interface QueryParts {
  readonly command: string;
  readonly user: string;
  readonly deviceId: string;
  readonly deviceType: string;
  readonly version: number;
  readonly policyKey?: string;
  readonly parameters?: CommandParameters;
}

/** What SendMail, SmartReply, SmartForward and GetAttachment say in the query up to 12.1. */
export interface CommandParameters {
  readonly AttachmentName?: string;
  readonly CollectionId?: string;
  readonly ItemId?: string;
  readonly LongId?: string;
  readonly Occurrence?: string;
  readonly SaveInSent?: boolean;
  /** In a base64 query only; a plain one leaves it to a header. */
  readonly AcceptMultiPart?: boolean;
}
const PARAMETER_TAGS = { AttachmentName: 0, CollectionId: 1, ItemId: 3, LongId: 4, Occurrence: 6 } as const;

export function plainQuery(parts: QueryParts): string {
  const pairs = [
    ['Cmd', parts.command],
    ['User', parts.user],
    ['DeviceId', parts.deviceId],
    ['DeviceType', parts.deviceType],
  ];
  const { SaveInSent, AcceptMultiPart: _header, ...named } = parts.parameters ?? {};
  for (const [name, value] of Object.entries(named)) if (value !== undefined) pairs.push([name, value]);
  if (SaveInSent !== undefined) pairs.push(['SaveInSent', SaveInSent ? 'T' : 'F']);
  return pairs.map(([name, value]) => `${name}=${encodeURIComponent(value!)}`).join('&');
}

export function base64Query(parts: QueryParts): string {
  const code = COMMAND_CODES[parts.command];
  if (code === undefined) throw new RangeError(`no code for ${parts.command}`);
  const sized = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const key = Buffer.alloc(4);
  if (parts.policyKey) key.writeUInt32LE(Number(parts.policyKey));
  const { SaveInSent, AcceptMultiPart, ...named } = parts.parameters ?? {};
  const options = (SaveInSent ? 1 : 0) | (AcceptMultiPart ? 2 : 0);
  const parameters = Object.entries(PARAMETER_TAGS).flatMap(([name, tag]) => {
    const value = named[name as keyof typeof PARAMETER_TAGS];
    return value === undefined ? [] : [Buffer.from([tag]), sized(Buffer.from(value))];
  });
  return Buffer.concat([
    Buffer.from([parts.version, code, 0x09, 0x04]),
    sized(Buffer.from(parts.deviceId)),
    parts.policyKey ? sized(key) : Buffer.from([0]),
    sized(Buffer.from(parts.deviceType)),
    // Parameter 8 is the user's name.
    Buffer.from([8]),
    sized(Buffer.from(parts.user)),
    ...parameters,
    options ? Buffer.from([7, 1, options]) : Buffer.alloc(0),
  ]).toString('base64');
}
