import { describe, expect, it } from 'vitest';
import type { SyncRequest, SyncResponse } from '../../../lib/documents/sync.ts';
import type { DeviceId } from '../../../lib/ops/ids.ts';
import { countingTable } from '../../support/counting-table.ts';
import { email, INBOX } from '../../support/mailboxes.ts';
import { exchange, openSyncWorld, type SyncWorld } from '../../support/sync-world.ts';

const PHONE = 'phone' as DeviceId;
const BULK = 45;

async function append(world: SyncWorld, from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n += BULK) {
    const some = Array.from({ length: Math.min(BULK, from + count - n) }, (_, i) => n + i);
    await world.mailbox.append(
      INBOX,
      some.map((i) => email(`m${i}`, { received: Date.UTC(2026, 0, 1) + i * 1000 })),
    );
  }
}

/** Rows that a Sync of these changes reads from a mailbox of that many messages. */
async function rowsRead(messages: number, change: (world: SyncWorld) => Promise<void>): Promise<number> {
  let rows = () => 0;
  const world = await openSyncWorld({
    wrap: (inner) => {
      const counting = countingTable(inner);
      rows = counting.rows;
      return counting.table;
    },
  });
  await world.makeDevice(PHONE);
  await append(world, 0, messages);
  let key = '0';
  const sync = async () => {
    const collection = { SyncKey: key, CollectionId: INBOX, WindowSize: 512 };
    const request = { Collections: { Collection: [collection] } } as SyncRequest;
    const sent = await exchange(world.command, world.context(PHONE), request);
    if (sent === 'empty') return 0;
    const [answered] = (sent as SyncResponse).Collections!.Collection;
    key = answered!.SyncKey!;
    return answered!.Commands?.length ?? 0;
  };
  await sync();
  while ((await sync()) > 0);
  await change(world);
  const before = rows();
  await sync();
  return rows() - before;
}

describe('a Sync reads as many rows of a large mailbox as of a small one', () => {
  it.each([
    ['ten additions', (from: number) => (world: SyncWorld) => append(world, from, 10)],
    ['nothing new', () => async () => {}],
  ])('%s', async (_, change) => {
    const [few, many] = [await rowsRead(100, change(100)), await rowsRead(2000, change(2000))];
    expect(many).toBe(few);
    expect(few).toBeLessThan(50);
  });
});
