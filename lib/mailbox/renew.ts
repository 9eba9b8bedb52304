import { type MailboxId, randomToken } from '../ops/ids.ts';
import type { Table } from '../store/ports.ts';
import { keys } from '../store/schema.ts';

/**
 * Gives a mailbox a new incarnation: no device's state of it is worth anything any more, and each synchronises anew, as
 * after a restore. For whoever took the tables back to an earlier moment by other means: devices have seen changes that
 * are not there, under numbers that will be given to others.
 * @throws ConditionFailed when there is no such mailbox
 */
export async function renewIncarnation(table: Pick<Table, 'transact'>, mailbox: MailboxId): Promise<void> {
  const set = { incarnation: randomToken(9) };
  await table.transact([{ op: 'update', key: keys.state(mailbox), set, when: { row: 'present' } }]);
}
