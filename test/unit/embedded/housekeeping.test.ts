import { describe, expect, it } from 'vitest';
import { queuedMessage } from '../../../lib/delivery/outbound/enqueue.ts';
import { openDomain } from '../../../lib/embedded/domain.ts';
import { keepHouse } from '../../../lib/embedded/housekeeping.ts';
import { readOptions } from '../../../lib/embedded/options.ts';
import { FolderType, ROOT } from '../../../lib/mailbox/types.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { keys, mailboxPartition } from '../../../lib/store/schema.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { temporaryFolder } from '../../support/make-store.ts';

async function withHouse() {
  const clock = new FakeClock();
  const domain = await openDomain(readOptions({ dataDir: await temporaryFolder() }), clock, silentLog);
  const { id } = await domain.accounts.create({ address: 'kim@example.test' });
  return { clock, domain, id, mailbox: domain.mailboxes.open(id), close: () => domain.close() };
}

/** Moves time on until `check` holds; the store works on real input and output, which no clock moves. */
async function until(clock: FakeClock, check: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await check()) return;
    await clock.advance(20);
  }
  expect.fail('did not happen');
}

describe('housekeeping', () => {
  it('removes the rows of a deleted folder soon after, and only those', async () => {
    const { clock, domain, id, mailbox, close } = await withHouse();
    const stop = keepHouse(domain);
    const kept = await mailbox.createFolder({ name: 'Kept', parent: ROOT, type: FolderType.UserMail });
    const gone = await mailbox.createFolder({ name: 'Gone', parent: ROOT, type: FolderType.UserMail });
    await mailbox.deleteFolder(gone.id);
    expect(await domain.store.table.get(keys.folder(id, gone.id))).toBeDefined();
    await clock.advance(6_000);
    await until(clock, async () => (await domain.store.table.get(keys.folder(id, gone.id))) === undefined);
    expect(await mailbox.folder(kept.id)).toMatchObject({ name: 'Kept' });
    stop();
    await close();
  });

  it('removes the blobs of deleted mail in its rounds, after the hour of grace', async () => {
    const { clock, domain, id, mailbox, close } = await withHouse();
    const stop = keepHouse(domain);
    const raw = Buffer.from('Subject: bye\r\n\r\nbody\r\n');
    const { folder, item } = await domain.delivery.deliver('kim@example.test', raw, { from: '', arrival: 'live' });
    const blobs = async () => {
      const found = [];
      for await (const key of domain.store.blobs.list(`${id}/`)) found.push(key);
      return found.length;
    };
    await mailbox.remove(folder, [item]);
    await clock.advance(61_000);
    expect(await blobs()).toBeGreaterThan(0);
    await clock.advance(2 * 3_600_000);
    const garbage = { table: 'mailboxes', pk: mailboxPartition(id), prefix: 'G#' } as const;
    await until(clock, async () => (await domain.store.table.query(garbage)).length === 0);
    expect(await blobs()).toBe(0);
    stop();
    await close();
  });

  it('removes messages of the queue that were never committed, a day after', async () => {
    const { clock, domain, id, close } = await withHouse();
    const stop = keepHouse(domain);
    const envelope = { mailbox: id, from: 'kim@example.test', to: [] };
    const { blob } = await queuedMessage({ blobs: domain.store.blobs, clock }, envelope, Buffer.alloc(100), 1);
    await clock.advance(61_000);
    expect(await domain.store.blobs.get(blob!)).toBeDefined();
    await clock.advance(86_400_000);
    await until(clock, async () => (await domain.store.blobs.get(blob!)) === undefined);
    stop();
    await close();
  });

  it('leaves no timer behind when it is stopped', async () => {
    const { clock, domain, mailbox, close } = await withHouse();
    const before = clock.pending;
    const stop = keepHouse(domain);
    await mailbox.raise('policyEpoch');
    await clock.advance(0);
    expect(clock.pending).toBeGreaterThan(before);
    stop();
    expect(clock.pending).toBe(before);
    await close();
  });
});
