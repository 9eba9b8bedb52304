import { describe, expect, test } from 'vitest';
import { type MoveConversation, moveConversation } from '../../../../lib/commands/item-operations/move-conversation.ts';
import { OperationFailed } from '../../../../lib/commands/item-operations/status.ts';
import { QuotaExceeded } from '../../../../lib/mailbox/quota.ts';
import type { ItemRef } from '../../../../lib/mailbox/server-id.ts';
import { FolderType, NoFolder, NoItem } from '../../../../lib/mailbox/types.ts';
import type { FolderId, ItemId } from '../../../../lib/ops/ids.ts';
import { INBOX, TRASH } from '../../../support/mailboxes.ts';
import { bareContext } from '../../../support/query-world.ts';

const HEX = '00112233445566778899aabbccddeeff';
const ID = Buffer.from(HEX, 'hex');
const ALWAYS = { MoveAlways: true };
const folder = (id: string, type: number = FolderType.UserMail) => ({ id, type, class: 'Email' });
const FOLDERS = [
  folder(INBOX, FolderType.Inbox),
  folder(TRASH, FolderType.DeletedItems),
  folder('sent', FolderType.SentItems),
  folder('drafts', FolderType.Drafts),
  folder('outbox', FolderType.Outbox),
  folder('mine'),
  { ...folder('calendar', FolderType.Calendar), class: 'Calendar' },
];
const at = (place: string, item = 'x') => ({ folder: place as FolderId, item: item as ItemId });

async function move(
  value: Partial<MoveConversation> = {},
  { found = [at(INBOX)], fails = {} }: { found?: ItemRef[]; fails?: Record<string, Error> } = {},
) {
  const done: string[] = [];
  const mailbox = {
    id: 'alice',
    folders: async () => FOLDERS,
    move: async (from: string, item: string, to: string) => {
      if (fails[item]) throw fails[item];
      done.push(`${item} from ${from} to ${to}`);
    },
  } as never;
  const deps = {
    conversations: async (_: unknown, id: string) => (/^0*$/.test(id) ? [] : found),
    rules: { set: async (...rule: string[]) => void done.push(rule.join(' ')) },
  };
  const asked = { ConversationId: ID, DstFldId: 'mine', Options: ALWAYS, ...value } as MoveConversation;
  try {
    await moveConversation(deps, bareContext({ mailbox }), asked);
    return { status: 1, done };
  } catch (error) {
    if (error instanceof OperationFailed) return { status: error.status, done };
    throw error;
  }
}

describe('moving a conversation always', () => {
  test('is a rule for what arrives, and then moves what is there [MS-ASCON R215]', async () => {
    const found = [at(INBOX, 'a'), at(TRASH, 'b')];
    expect(await move({}, { found })).toEqual({
      status: 1,
      done: [`alice ${HEX} mine`, `a from ${INBOX} to mine`, `b from ${TRASH} to mine`],
    });
  });

  test('leaves what was sent, what is being written, and what is there already', async () => {
    const found = [at('sent'), at('drafts'), at('outbox'), at('mine'), at(INBOX, 'a')];
    const { done } = await move({}, { found });
    expect(done.slice(1)).toEqual([`a from ${INBOX} to mine`]);
  });

  test.each<[string, Partial<MoveConversation>, number]>([
    ['without saying always [MS-ASCMD R3475]', { Options: {} }, 155],
    ['without options', { Options: undefined }, 155],
    ['with another option', { Options: { ...ALWAYS, Range: '0-1' } }, 2],
    ['with another option that is not said', { Options: { ...ALWAYS, Range: undefined } }, 1],
    ['without a conversation', { ConversationId: new Uint8Array() }, 2],
    ['of an id that is too short', { ConversationId: ID.subarray(1) }, 6],
    ['of an id that is too long', { ConversationId: Buffer.concat([ID, ID.subarray(0, 1)]) }, 6],
    ['of a conversation that is not there', { ConversationId: Buffer.alloc(16) }, 6],
    ['to a folder that is not there', { DstFldId: 'nowhere' }, 6],
    ['to a folder whose name is none', { DstFldId: 'a:b' }, 6],
    ['to the recipients', { DstFldId: 'RI' }, 105],
    ['to a calendar', { DstFldId: 'calendar' }, 156],
    ['to the outbox', { DstFldId: 'outbox' }, 156],
    ['to the deleted items [MS-ASCON R213]', { DstFldId: TRASH }, 1],
  ])('%s is status', async (_, value, status) => {
    const told = await move(value);
    expect(told.status).toBe(status);
    if (status !== 1) expect(told.done).toEqual([]);
  });

  test('goes past what somebody else moved meanwhile; is done in part where the folder is gone or full [MS-ASCMD R4168]', async () => {
    const found = [at(INBOX, 'a'), at(INBOX, 'b')];
    const gone = await move({}, { found, fails: { a: new NoItem('a' as never) } });
    expect(gone).toMatchObject({ status: 1, done: [expect.anything(), `b from ${INBOX} to mine`] });
    const lost = await move({}, { found, fails: { b: new NoFolder('mine' as FolderId) } });
    expect(lost).toMatchObject({ status: 17, done: { length: 2 } });
    const full = await move({}, { found, fails: { b: new QuotaExceeded('folderItems') } });
    expect(full).toMatchObject({ status: 17, done: { length: 2 } });
    await expect(move({}, { found, fails: { a: new TypeError('bug') } })).rejects.toThrow(TypeError);
  });
});
