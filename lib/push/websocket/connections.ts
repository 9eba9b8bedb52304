import type { Key, Row, Table } from '../../store/ports.ts';
import { keys } from '../../store/schema.ts';
import { clearAddress, ROW_S } from '../task-address.ts';

/** Attribute of a task's row. */
const CONNECTION = 'connection';
/** What a task may be called: it becomes a key. */
const TASK = /^[\w.:/-]{1,200}$/;

export const connectionOf = (row: Row): string | undefined =>
  typeof row[CONNECTION] === 'string' ? row[CONNECTION] : undefined;

/** Whose a connection is: the gateway says it when connecting and never again. No task is called like this. */
const ownerKey = (connection: string): Key => keys.task(`@${connection}`);

/**
 * A task connected: wakes go to this connection from now on. Durable before the task's own handshake ends.
 * @throws RangeError for a name that cannot be a task's
 */
export async function connected(
  table: Pick<Table, 'transact'>,
  task: string | undefined,
  connection: string,
  now: number,
): Promise<void> {
  if (task === undefined || !TASK.test(task)) throw new RangeError('no task of this name');
  const ttl = Math.floor(now / 1000) + ROW_S;
  const owner = ownerKey(connection);
  await table.transact([
    { op: 'update', key: keys.task(task), set: { [CONNECTION]: connection, ttl } },
    { op: 'put', table: owner.table, row: { pk: owner.pk, sk: owner.sk, task, ttl } },
  ]);
}

/** A connection ended. The one that its task swapped it for stays. */
export async function disconnected(table: Pick<Table, 'get' | 'transact'>, connection: string): Promise<void> {
  const owner = ownerKey(connection);
  const task = (await table.get(owner, 'strong'))?.task;
  if (typeof task !== 'string') return;
  await clearAddress(table, task, { [CONNECTION]: connection }, [CONNECTION]);
  await table.transact([{ op: 'delete', key: owner }]);
}
