import { describe, expect, test } from 'vitest';
import { reapOutbound } from '../../../../lib/delivery/outbound/reap.ts';
import type { MailboxId } from '../../../../lib/ops/ids.ts';
import { STORES } from '../../../support/make-store.ts';
import { openSendWorld, type SendWorld } from '../../../support/send-world.ts';

const DAY = 86_400_000;
const ANN = 'ann' as MailboxId;
const envelope = {
  mailbox: ANN,
  from: 'ann@example.net',
  to: [{ address: 'carl@else.test', route: 'relay' as const }],
};
const raw = Buffer.from('From: ann@example.net\r\n\r\nHello\r\n');

async function kept(world: SendWorld): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const key of world.store.blobs.list('ann/')) keys.push(key);
  return keys;
}
const reap = ({ table, store, clock }: SendWorld, mailbox = ANN) =>
  reapOutbound({ table, blobs: store.blobs, clock }, mailbox);

describe.each(STORES)('a message that was stored for the queue on %s', (kind) => {
  test('and never committed goes after a day', async () => {
    const world = await openSendWorld({ kind, outbound: { inlineBytes: 1 } });
    await world.outbound.prepare(envelope, raw);
    await world.clock.advance(DAY);
    expect(await reap(world)).toBe(0);
    expect(await kept(world)).toHaveLength(1);
    await world.clock.advance(1);
    expect(await reap(world, 'an' as MailboxId)).toBe(0);
    expect(await reap(world)).toBe(1);
    expect(await kept(world)).toEqual([]);
  });

  test('and is in the queue stays for as long as it is there', async () => {
    const world = await openSendWorld({ kind, outbound: { inlineBytes: 1 } });
    const { writes } = await world.outbound.prepare(envelope, raw);
    await world.table.transact(writes);
    await world.outbound.prepare(envelope, raw);
    await world.clock.advance(DAY + 1);
    expect(await reap(world)).toBe(1);
    expect(await reap(world)).toBe(0);
    expect(await kept(world)).toHaveLength(1);
    await world.outbound.poll();
    expect(world.relay.messages.map((message) => message.raw)).toEqual([raw.toString()]);
  });

  test('is told from other blobs of the mailbox', async () => {
    const world = await openSendWorld({ kind, outbound: { inlineBytes: 1 } });
    const others = ['ann/out-notanid/mime', 'ann/0123/mime', `ann/out${'0'.repeat(26)}/mime`];
    for (const key of others) await world.store.blobs.put(key, raw);
    await world.clock.advance(DAY + 1);
    expect(await reap(world)).toBe(0);
    expect([...(await kept(world))].sort()).toEqual([...others].sort());
  });

  test('is found to be there behind many others', async () => {
    const world = await openSendWorld({ kind, outbound: { inlineBytes: 1 } });
    const { writes } = await world.outbound.prepare(envelope, raw);
    const [put] = writes;
    if (put?.op !== 'put') throw new Error('no put');
    const before = Array.from({ length: 501 }, (_, n) => ({
      ...put,
      row: { ...put.row, blob: 'ann/other', sk: `0#${String(n).padStart(4, '0')}` },
    }));
    for (let n = 0; n < before.length; n += 100) await world.table.transact(before.slice(n, n + 100));
    await world.table.transact(writes);
    await world.clock.advance(DAY + 1);
    expect(await reap(world)).toBe(0);
    expect(await kept(world)).toHaveLength(1);
  });
});
