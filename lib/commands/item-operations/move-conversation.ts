import type { ItemOperationsRequest } from '../../documents/item-operations.ts';
import { QuotaExceeded } from '../../mailbox/quota.ts';
import { type ItemRef, parseFolderId } from '../../mailbox/server-id.ts';
import { type Folder, FolderType, type Mailbox, NoFolder, NoItem } from '../../mailbox/types.ts';
import type { FolderId, MailboxId } from '../../ops/ids.ts';
import type { CommandContext } from '../../protocol/command.ts';
import { RECIPIENT_CACHE } from '../folder-status.ts';
import { OperationFailed, Status } from './status.ts';

export type MoveConversation = Extract<ItemOperationsRequest[number], { tag: 'Move' }>['value'];

export interface ConversationDeps {
  /** Where the messages of a conversation are, in all folders. `id` as hex. */
  readonly conversations: (mailbox: Mailbox, id: string) => Promise<readonly ItemRef[]>;
  readonly rules: {
    /** Mail of this conversation goes to the folder when it arrives, from now on. */
    set(mailbox: MailboxId, conversation: string, folder: FolderId): Promise<void>;
  };
}

/** MS-ASCON 2.2.2.3: a conversation's id has 16 bytes. */
const ID_BYTES = 16;

/**
 * Moves a conversation for good: what is in any folder but Sent Items now, and what arrives later (MS-ASCON R215).
 * To the Deleted Items it is what clients call ignoring a conversation (R213).
 * @throws OperationFailed
 */
export async function moveConversation(
  { conversations, rules }: ConversationDeps,
  { mailbox }: CommandContext,
  { ConversationId, DstFldId, Options: options }: MoveConversation,
): Promise<void> {
  // Only always moving is an operation of this command; once is what MoveItems does (R3475).
  if (!options?.MoveAlways) throw new OperationFailed(Status.MoveAlwaysMissing);
  const other = Object.entries(options).some(([name, value]) => name !== 'MoveAlways' && value !== undefined);
  if (other || ConversationId.length === 0) throw new OperationFailed(Status.Protocol);
  if (DstFldId === RECIPIENT_CACHE) throw new OperationFailed(Status.InvalidCombination);
  const folders = await mailbox.folders();
  const target = folders.find(({ id }) => id === parseFolderId(DstFldId));
  if (!target || ConversationId.length !== ID_BYTES) throw new OperationFailed(Status.NotFound);
  if (target.class !== 'Email' || target.type === FolderType.Outbox) throw new OperationFailed(Status.NotMailFolder);
  const conversation = Buffer.from(ConversationId).toString('hex');
  const found = await conversations(mailbox, conversation);
  if (found.length === 0) throw new OperationFailed(Status.NotFound);
  // First the rule: what arrives while the rest is moved must not stay behind.
  await rules.set(mailbox.id, conversation, target.id);
  await moveAll(mailbox, found, folders, target);
}

async function moveAll(
  mailbox: Mailbox,
  found: readonly ItemRef[],
  folders: readonly Folder[],
  target: Folder,
): Promise<void> {
  const stay = new Set<FolderId>([target.id]);
  for (const { id, type } of folders) if (STAYING.has(type)) stay.add(id);
  for (const { folder, item } of found) {
    if (stay.has(folder)) continue;
    try {
      await mailbox.move(folder, item, target.id);
    } catch (error) {
      // The rule stands, and what was moved is there: the folder is gone, or full.
      if (error instanceof NoFolder || error instanceof QuotaExceeded) throw new OperationFailed(Status.Partial);
      // Deleted or moved by somebody else meanwhile.
      if (!(error instanceof NoItem)) throw error;
    }
  }
}

/** What was sent, and what is still being written. */
const STAYING: ReadonlySet<FolderType> = new Set([FolderType.SentItems, FolderType.Drafts, FolderType.Outbox]);
