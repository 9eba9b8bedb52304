/**
 * Every command as it is registered, and the tables of statuses that its code answers from. A command that is missing
 * here, or a status that is answered and missing, fails a test.
 */
import { Status as ForwardeesStatus } from '../lib/commands/compose/forwardees.ts';
import { Status as RecipientsStatus } from '../lib/commands/compose/recipients.ts';
import { Status as SendStatus } from '../lib/commands/compose/send.ts';
import { Status as SourceStatus } from '../lib/commands/compose/source.ts';
import { Status as SubmitStatus } from '../lib/commands/compose/submit.ts';
import { createFind, Status as FindStatus } from '../lib/commands/find.ts';
import { createFolderCreate } from '../lib/commands/folder-create.ts';
import { createFolderDelete } from '../lib/commands/folder-delete.ts';
import { FolderStatus, TOO_MANY_FOLDERS } from '../lib/commands/folder-status.ts';
import { createFolderSync } from '../lib/commands/folder-sync.ts';
import { createFolderUpdate } from '../lib/commands/folder-update.ts';
import { createGetAttachment } from '../lib/commands/get-attachment.ts';
import { createGetHierarchy } from '../lib/commands/get-hierarchy.ts';
import { createGetItemEstimateCommand, EstimateStatus } from '../lib/commands/get-item-estimate.ts';
import { Status as ItemOperationsStatus } from '../lib/commands/item-operations/status.ts';
import { createItemOperations } from '../lib/commands/item-operations.ts';
import { createMeetingResponse, Status as MeetingStatus } from '../lib/commands/meeting-response.ts';
import { createMoveItems, Status as MoveStatus } from '../lib/commands/move-items.ts';
import { createPing } from '../lib/commands/ping.ts';
import { PingStatus } from '../lib/commands/ping-status.ts';
import { createProvision } from '../lib/commands/provision.ts';
import { PolicyStatus, ProvisionStatus } from '../lib/commands/provision-status.ts';
import { Status as AvailabilityStatus } from '../lib/commands/resolve-recipients/availability.ts';
import { Status as CertificatesStatus } from '../lib/commands/resolve-recipients/certificates.ts';
import {
  createResolveRecipients,
  Status as ResolveStatus,
  ResponseStatus,
} from '../lib/commands/resolve-recipients.ts';
import { Status as PictureStatus } from '../lib/commands/search/pictures.ts';
import { Status as SearchStatus } from '../lib/commands/search/status.ts';
import { createSearch } from '../lib/commands/search.ts';
import { createSendMail } from '../lib/commands/send-mail.ts';
import { Status as SettingsStatus } from '../lib/commands/settings/status.ts';
import { createSettings } from '../lib/commands/settings.ts';
import { createSmartForward } from '../lib/commands/smart-forward.ts';
import { createSmartReply } from '../lib/commands/smart-reply.ts';
import { SyncStatus } from '../lib/commands/sync/status.ts';
import { createSyncCommand } from '../lib/commands/sync.ts';
import { CertStatus } from '../lib/commands/validate-cert/check.ts';
import { createValidateCert, Status as ValidateCertStatus } from '../lib/commands/validate-cert.ts';
import type { AnyCommand } from '../lib/protocol/command.ts';

/** A name for each status, as the code has it. */
export type StatusTable = Readonly<Record<string, number>>;

export interface Described {
  readonly command: AnyCommand;
  /** By what of the answer the status is of. */
  readonly statuses: Readonly<Record<string, StatusTable>>;
}

/** Nothing is asked of these services while a command describes itself. */
const none = { classes: [] } as never;

const sent: StatusTable = { ...SendStatus, ...RecipientsStatus, ...SubmitStatus };
const derived: StatusTable = { ...sent, ...SourceStatus };
const changed = {
  Success: FolderStatus.Success,
  InvalidKey: FolderStatus.InvalidKey,
  Malformed: FolderStatus.Malformed,
};
const { Exists, Special, NoFolder, NoParent } = FolderStatus;

export const COMMANDS: readonly Described[] = [
  { command: createSyncCommand(none), statuses: { Sync: SyncStatus } },
  { command: createSendMail(none), statuses: { SendMail: sent } },
  { command: createSmartForward(none), statuses: { SmartForward: { ...derived, ...ForwardeesStatus } } },
  { command: createSmartReply(none), statuses: { SmartReply: derived } },
  { command: createGetAttachment(none), statuses: {} },
  { command: createGetHierarchy(), statuses: {} },
  { command: createFolderSync(none), statuses: { FolderSync: changed } },
  {
    command: createFolderCreate(none),
    statuses: { FolderCreate: { ...changed, Exists, Special, NoParent, TooManyFolders: TOO_MANY_FOLDERS } },
  },
  { command: createFolderDelete(none), statuses: { FolderDelete: { ...changed, Special, NoFolder } } },
  {
    command: createFolderUpdate(none),
    statuses: { FolderUpdate: { ...changed, Exists, Special, NoFolder, NoParent } },
  },
  { command: createMoveItems(none), statuses: { Response: MoveStatus } },
  { command: createMeetingResponse(none), statuses: { Result: MeetingStatus } },
  { command: createGetItemEstimateCommand(none), statuses: { Response: EstimateStatus } },
  { command: createSearch(none), statuses: { Store: SearchStatus, Picture: PictureStatus } },
  { command: createSettings(none), statuses: { Settings: SettingsStatus } },
  { command: createPing(none), statuses: { Ping: PingStatus } },
  { command: createItemOperations(none), statuses: { ItemOperations: ItemOperationsStatus } },
  { command: createProvision(none), statuses: { Provision: ProvisionStatus, Policy: PolicyStatus } },
  {
    command: createResolveRecipients(none),
    statuses: {
      ResolveRecipients: ResolveStatus,
      Response: ResponseStatus,
      Certificates: CertificatesStatus,
      Availability: AvailabilityStatus,
      Picture: PictureStatus,
    },
  },
  { command: createValidateCert([]), statuses: { ValidateCert: ValidateCertStatus, Certificate: CertStatus } },
  { command: createFind(none), statuses: { Find: FindStatus, Picture: PictureStatus } },
];
