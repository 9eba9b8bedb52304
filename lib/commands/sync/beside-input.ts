import { type Folder, FolderType } from '../../mailbox/types.ts';
import type { CommandContext } from '../../protocol/command.ts';
import type { BesideInput, Conversations } from '../../sync/beside.ts';
import type { SyncOptions } from '../../sync/options.ts';

/** What Sync and GetItemEstimate have to look for in a folder beside the mail above the cut-off. */
export function besideInput(
  { mailbox, device, clock }: Pick<CommandContext, 'mailbox' | 'device' | 'clock'>,
  folder: Folder,
  { sms, conversationMode }: Pick<SyncOptions, 'sms' | 'conversationMode'>,
  hasSms: boolean,
  conversations: Conversations | undefined,
): BesideInput {
  // Text messages in the Outbox are for a phone to send, and only for one that said it would (EnableOutboundSMS).
  const forOthers = folder.type === FolderType.Outbox && device.information?.enableOutboundSms !== true;
  return {
    mailbox,
    folder,
    sms: hasSms && !forOthers ? sms?.filterType : undefined,
    conversations: conversationMode ? conversations : undefined,
    now: clock.now(),
  };
}
