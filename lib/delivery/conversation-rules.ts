import type { FolderId, MailboxId } from '../ops/ids.ts';
import type { Table } from '../store/ports.ts';
import { keys } from '../store/schema.ts';

/** Conversations that a client asked to have moved always, also what arrives later (MS-ASCON R215). */
export interface ConversationRules {
  /** Replaces the rule that there is. */
  set(mailbox: MailboxId, conversation: string, folder: FolderId): Promise<void>;
}

export function conversationRules(table: Table): ConversationRules {
  return {
    async set(mailbox, conversation, folder) {
      const { table: name, pk, sk } = keys.conversationRule(mailbox, conversation);
      await table.transact([{ op: 'put', table: name, row: { pk, sk, folder } }]);
    },
  };
}

/** Where arriving mail of this conversation belongs; `undefined` where nobody said so: the Inbox. */
export async function conversationFolder(
  table: Pick<Table, 'get'>,
  mailbox: MailboxId,
  conversation: string,
): Promise<FolderId | undefined> {
  const row = await table.get(keys.conversationRule(mailbox, conversation), 'strong');
  return row?.folder as FolderId | undefined;
}
