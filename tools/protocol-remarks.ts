/** What docs/protocol-support.md says beside the code's own facts: written by hand. */

import { HANGING_SYNC_AGENTS } from '../lib/infra/routing-rules.ts';

/** What is covered, by command. */
export const COVERED: Readonly<Record<string, string>> = {
  Provision:
    'two phases, all settings of MS-ASPROV by version, WAP provisioning text in 2.5, DeviceInformation (165), remote wipe, account-only wipe (16.1)',
  FolderSync: 'one hierarchy key for all four folder commands, replay after a lost answer',
  FolderCreate: 'with replay',
  FolderUpdate: 'names and parents, with replay',
  FolderDelete: 'with everything below, with replay',
  Sync: 'Email: windows, filters, body preferences, truncation, flags, categories, reads, deletes, Fetch, Partial, empty and hanging requests (12.1 on), replay; ConversationMode and text messages (14.0 on), drafts with attachments, added, changed and sent (16.0 on); in 2.5 plain bodies by Truncation and MIMEData',
  GetItemEstimate: 'with the options of Sync',
  MoveItems: 'replay gives the same new ids',
  MeetingResponse:
    'invitations that came as mail: they leave for Deleted Items, and from 16.0 on the server mails the reply or the proposal of another time (16.1); no calendar, so no CalendarId',
  Ping: 'cached parameters, superseding, draining; held by a process, answered at once by a function',
  SendMail: 'raw MIME up to 12.1, ComposeMail from 14.0; exactly once',
  SmartReply: 'as SendMail, with the original quoted or replaced',
  SmartForward: 'as SmartReply, with attachments; Forwardees from 16.0',
  ItemOperations:
    'Fetch of items, search results and attachments with Schema, Range and body options, inline and in parts, streamed; EmptyFolderContents; Move of a conversation for good (14.0 on)',
  GetAttachment: 'the file by its name or reference; 500 for one that is gone',
  GetHierarchy: 'the mail folders',
  Search:
    'mailbox (12.0 on): words, classes, folders, conversations, dates; address list with pictures (14.1 on); no document library',
  Find: 'mailbox with properties, phrases, OR and NOT, dates; address list',
  ResolveRecipients:
    'names, addresses and groups, with certificates (no mini certificates) and pictures; free and busy times say that nothing is known',
  ValidateCert: 'signatures, dates and purpose along the chain; revocation is not looked up',
  Settings:
    'Oof, DeviceInformation, DevicePassword (where the policy asks for it), UserInformation; no rights management (168)',
};

export const BEFORE = `Exchange ActiveSync {versions}, for mail. The option \`versions\` (\`--versions\`,
\`PROTOCOL_VERSIONS\`, the property of the construct) speaks and advertises some of them only. What a server advertises in
\`MS-ASProtocolCommands\` is read from the commands that are registered for its versions, so \`OPTIONS\` never promises what
answers 501. This page is printed from the same commands by \`npm run --silent protocol-support\`; a test compares the two.`;

const AGENTS = HANGING_SYNC_AGENTS.map((pattern) => `\`${pattern}\``);

export const COMMANDS_AFTER = `*On AWS by* is whom the load balancer's rules give the command: a function, or the task that holds requests. The task runs
every command, and is given besides: bodies of 700,000 bytes and more, queries in base64, which no rule can read, and all of
a device that lets its Sync wait (known by a cookie, or by a User-Agent like
${AGENTS.slice(0, -1).join(', ')} or ${AGENTS.at(-1)}). The function \`provision\` answers \`OPTIONS\`, \`autodiscover\` Autodiscover. Elsewhere one
process answers everything.

138 and 400 say that the version lacks the command ([why](decisions/versions.md)). Beside the commands there is Autodiscover:
mobilesync XML and \`autodiscover.json\`, with redirects of accounts and domains.`;

export const STATUSES_BEFORE = `The statuses of a command's own, and the common ones that it decides itself. Up to 12.1 there are no common statuses: an
HTTP status says them. Any command may answer a common status besides, such as 142 for a missing policy.`;

export const COMMON_BEFORE = 'How the common statuses are said:';

export const CLASSES_AFTER = `- A draft sent by \`Add\` has no ServerId in the answer: it never was in Drafts. One sent by \`Change\` leaves Drafts by a Delete.
  No recipient, or one that is no address, is status 183.
- Text messages are kept in folders of mail beside the mail, for devices that ask for the class \`SMS\` in Options of its own;
  without it nothing of them is told, and no Ping wakes for them. Those in the Outbox go to devices with EnableOutboundSMS.
- Read receipts are never sent on a reader's behalf: the protocol cannot ask him (RFC 8098 2.1). A sender's own request
  for one passes through.
- Not told: MeetingMessageType 3 to 6 (iCalendar does not say that an update is merely informational; what is out of date,
  a calendar would know; there are no delegates), UmUserNotes, rights management.

Not yet: calendar, contacts, tasks and notes.`;

export const AFTER = `What HTTP says besides (MS-ASHTTP): \`X-MS-Location\` with 451, 456 and 457, \`X-MS-Credentials-Expire\`,
\`X-MS-Credential-Service-Url\`, \`X-MS-ASThrottle\`, \`Retry-After\` with 503, 507 up to 12.1 for 113: see [devices.md](devices.md).

What mail shows besides: invitations, cancellations and answers as MeetingRequest, their zone as the structure of 172 bytes;
voice messages; reports by their classes; ReceivedAsBcc; a level in the index of a thread for each answer.

\`npm run conformance\` says which requirements of the MS-AS* documents a passing test proves, and for those that are open
why. What clients were tested stands in the [README](../README.md#what-it-speaks). No phone has been connected by us yet; if
you connect one, tell us what it did.`;
