import type { Clock } from '../../ops/clock.ts';
import type { MailboxId } from '../../ops/ids.ts';
import { ulidTime } from '../../ops/ids.ts';
import type { Blobs, Table } from '../../store/ports.ts';
import { outboundPartition } from '../../store/schema.ts';
import { blobPrefix, queuedOf, SHARDS } from './row.ts';

/** A request that has put its blob commits within a minute, or never. */
const GRACE_MS = 86_400_000;
const ID = /^[0-9A-HJKMNP-TV-Z]{26}(?=\/)/;
const PAGE = 500;

export interface ReapServices {
  readonly table: Pick<Table, 'query'>;
  readonly blobs: Pick<Blobs, 'list' | 'delete'>;
  readonly clock: Clock;
}

/**
 * Removes messages that were stored for the queue of a mailbox and never committed: the answer to the commit was lost, or
 * the process ended between the two. @returns how many blobs it removed
 */
export async function reapOutbound({ table, blobs, clock }: ReapServices, mailbox: MailboxId): Promise<number> {
  const prefix = blobPrefix(mailbox);
  const young = ulidTime(clock.now() - GRACE_MS);
  const old = new Set<string>();
  for await (const key of blobs.list(prefix)) {
    const id = ID.exec(key.slice(prefix.length))?.[0];
    if (id !== undefined && id < young) old.add(key);
  }
  // Few mailboxes have any, so the queue is hardly ever read.
  if (old.size === 0) return 0;
  for (let shard = 0; shard < SHARDS; shard++) await spareQueued(table, shard, old);
  if (old.size > 0) await blobs.delete([...old]);
  return old.size;
}

/** A row only ever moves to a later time, so reading on finds it in its old place or in the new one. */
async function spareQueued(table: ReapServices['table'], shard: number, old: Set<string>): Promise<void> {
  const pk = outboundPartition(shard);
  let from = '';
  for (;;) {
    const rows = await table.query({ table: 'devices', pk, from, limit: PAGE, consistency: 'strong' });
    for (const { blob } of rows.map(queuedOf)) if (blob !== undefined) old.delete(blob);
    if (rows.length < PAGE) return;
    from = `${rows.at(-1)!.sk} `;
  }
}
