/** Whether there is room: what all folders hold, added up from the rows that every change of a folder writes anyway. */
import type { FolderId, ItemId } from '../ops/ids.ts';
import { ConditionFailed, type Write } from '../store/ports.ts';
import { keys, mailboxPartition } from '../store/schema.ts';
import type { MailboxContext } from './context.ts';
import { page } from './items.ts';
import {
  type Addition,
  checkFolder,
  checkMailbox,
  fullness,
  isNear,
  itemBytes,
  limitsMailbox,
  type Quota,
  type Usage,
  WARN_AGAIN_BELOW,
  WARN_FROM,
} from './quota.ts';
import { folderOf, type StoredFolder } from './rows.ts';

/** Room that was found for an addition. */
export interface Room {
  /** What there is after the addition, where the mailbox as a whole has a limit. */
  readonly used?: Usage;
  /** Goes into the transaction of the addition: without it the room may be gone by then. */
  readonly writes: readonly Write[];
}

/**
 * Refuses an addition that would break a limit. No row holds the sum: two additions to different folders at once never
 * meet. Near the limit of the mailbox they must, or would go over it together: there each addition counts up one row on
 * condition that it is as it was before the sum was read. @throws QuotaExceeded
 */
export async function makeRoom(context: MailboxContext, head: StoredFolder, addition: Addition): Promise<Room> {
  const quota = await limitsOf(context);
  checkFolder(quota, head.count, addition);
  if (!limitsMailbox(quota)) return { writes: [] };
  const first = roomAfter(quota, await used(context), addition);
  if (!isNear(quota, first)) return { used: first, writes: [] };
  const writes = [await nextAddition(context)];
  return { used: roomAfter(quota, await used(context), addition), writes };
}

/** @throws QuotaExceeded */
function roomAfter(quota: Quota, before: Pick<Usage, 'bytes' | 'items'>, addition: Addition): Usage {
  checkMailbox(quota, before, addition);
  return { bytes: before.bytes + addition.bytes, items: before.items + addition.items, quota };
}

/** Fails when another addition near the limit commits between now and then. */
async function nextAddition({ table, id }: MailboxContext): Promise<Write> {
  const key = keys.roomTaken(id);
  const row = await table.get(key, 'strong');
  const n = row?.n as number | undefined;
  return n === undefined
    ? { op: 'update', key, set: { n: 1 }, when: { row: 'absent' } }
    : { op: 'update', key, set: { n: n + 1 }, when: { equals: { n } } };
}

export const limitsOf = ({ quotas, id, account }: MailboxContext): Promise<Quota> => quotas.limits(id, account);

export async function usage(context: MailboxContext): Promise<Usage> {
  return { ...(await used(context)), quota: await limitsOf(context) };
}

/** After an addition: tells whoever wants to know that the mailbox is nearly full, once until there was room again. */
export async function tellFullness(context: MailboxContext, now: Usage): Promise<void> {
  const { nearlyFull, quotas, id } = context;
  const full = fullness(now.quota, now);
  if (!nearlyFull || (full >= WARN_AGAIN_BELOW && full < WARN_FROM)) return;
  const warned = await quotas.warned(id);
  if (warned === full >= WARN_FROM) return;
  quotas.setWarned(id, !warned);
  if (warned) await context.table.transact([{ op: 'delete', key: keys.quotaWarned(id) }]);
  else await nearlyFull(id, now);
}

async function used(context: MailboxContext): Promise<Pick<Usage, 'bytes' | 'items'>> {
  const rows = await context.table.query({
    table: 'mailboxes',
    pk: mailboxPartition(context.id),
    prefix: 'F#',
    consistency: 'strong',
  });
  let bytes = 0;
  let items = 0;
  for (const folder of rows.map(folderOf)) {
    if (folder.hidden) continue;
    items += folder.count;
    bytes += folder.bytes ?? (await counted(context, folder.id));
  }
  return { bytes, items };
}

const PAGE = 100;
const TRIES = 5;

/** The bytes of a folder that was written before they were counted. From now on its row has them. */
async function counted(context: MailboxContext, id: FolderId): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const row = await context.table.get(keys.folder(context.id, id), 'strong');
    if (!row) return 0;
    const head = folderOf(row);
    if (head.bytes !== undefined) return head.bytes;
    const bytes = await weigh(context, id);
    try {
      const when = { equals: { seq: head.seq } };
      await context.table.transact([{ op: 'update', key: keys.folder(context.id, id), set: { bytes }, when }]);
      return bytes;
    } catch (error) {
      // Somebody changed the folder meanwhile. What was counted is near enough for now.
      if (!(error instanceof ConditionFailed)) throw error;
      if (attempt === TRIES) return bytes;
    }
  }
}

async function weigh(context: MailboxContext, folder: FolderId): Promise<number> {
  let bytes = 0;
  for (let below: ItemId | undefined; ; ) {
    const items = await page(context, folder, { below, limit: PAGE });
    for (const { content } of items) bytes += itemBytes(content);
    if (items.length < PAGE) return bytes;
    below = items.at(-1)!.id;
  }
}
