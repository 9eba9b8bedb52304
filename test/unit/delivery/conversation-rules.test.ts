import { expect, test } from 'vitest';
import { conversationFolder, conversationRules } from '../../../lib/delivery/conversation-rules.ts';
import type { FolderId } from '../../../lib/ops/ids.ts';
import { ALICE } from '../../support/mailboxes.ts';
import { openTestStore } from '../../support/stores.ts';

test('a conversation that is to be moved always has a folder, and the last wish counts', async () => {
  const { table } = await openTestStore();
  const rules = conversationRules(table);
  expect(await conversationFolder(table, ALICE, 'aa')).toBeUndefined();
  await rules.set(ALICE, 'aa', 'trash' as FolderId);
  await rules.set(ALICE, 'aa', 'archive' as FolderId);
  expect(await conversationFolder(table, ALICE, 'aa')).toBe('archive');
  expect(await conversationFolder(table, ALICE, 'bb')).toBeUndefined();
});
