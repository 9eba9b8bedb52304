import { rm } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { keepHouseInTurns } from '../../../lib/cloud/housekeeping.ts';
import { createOutbound } from '../../../lib/delivery/outbound/outbound.ts';
import { openDomain } from '../../../lib/embedded/domain.ts';
import type { House } from '../../../lib/embedded/housekeeping.ts';
import { readOptions } from '../../../lib/embedded/options.ts';
import { createAccounts } from '../../../lib/identity/accounts.ts';
import { TableMailboxes } from '../../../lib/mailbox/mailboxes.ts';
import { FolderType, type Mailboxes, ROOT } from '../../../lib/mailbox/types.ts';
import { sleep } from '../../../lib/ops/clock.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { openS3Blobs } from '../../../lib/store/s3/blobs.ts';
import { keys } from '../../../lib/store/schema.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { missing } from '../../support/servers/dynamodb.ts';
import { s3Missing, startS3 } from '../../support/servers/s3.ts';
import { openTestStore, temporaryFolder } from '../../support/stores.ts';

const [MINUTE, DAY] = [60_000, 86_400_000];
const PEOPLE = ['ann', 'bob', 'cleo'];

/** Moves time on until `check` holds; the store works on real input and output, which no clock moves. */
async function until(clock: FakeClock, check: () => boolean | Promise<boolean>, stepMs = 20): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if (await check()) return;
    await clock.advance(stepMs);
  }
  expect.fail('did not happen');
}

/** Three mailboxes, and tasks that say whose they tidied. */
async function town() {
  const clock = new FakeClock();
  const dataDir = await temporaryFolder();
  const domain = await openDomain(readOptions({ dataDir }), clock, silentLog);
  onTestFinished(async () => {
    await domain.close();
    await rm(dataDir, { recursive: true });
  });
  const names = new Map<MailboxId, string>();
  for (const name of PEOPLE) names.set((await domain.accounts.create({ address: `${name}@example.test` })).id, name);
  const tidied: string[] = [];
  const warned: unknown[] = [];
  const log = { ...silentLog, warn: (_event: string, fields?: object) => void warned.push(fields) };
  const task = (name: string, instead?: (mailbox: string) => Promise<void>) => {
    const reap: Mailboxes['reap'] = async (id) => {
      await instead?.(names.get(id)!);
      tidied.push(`${name} ${names.get(id)}`);
      return await domain.mailboxes.reap(id);
    };
    const mailboxes: Mailboxes = Object.assign(Object.create(domain.mailboxes) as Mailboxes, { reap });
    return keepHouseInTurns({ ...domain, mailboxes, log });
  };
  const row = () => domain.store.table.get(keys.housekeeping(), 'strong');
  const done = async () => (await row())?.after === '' && ((await row())?.until as number) > clock.now() + DAY / 2;
  return { clock, domain, task, tidied, warned, row, done };
}

describe('tasks that tidy up after deletions', () => {
  test('go through every mailbox, one of them, once a day', async () => {
    const { clock, task, tidied, done } = await town();
    const stops = [task('first'), task('second'), task('third')];
    await clock.advance(MINUTE);
    await until(clock, done);
    const [who] = tidied[0]!.split(' ');
    expect(tidied).toEqual(PEOPLE.map((name) => `${who} ${name}`));
    await clock.advance(DAY - 2 * MINUTE);
    expect(tidied).toHaveLength(3);
    await clock.advance(60 * MINUTE);
    await until(clock, () => tidied.length === 6);
    await until(clock, done);
    expect(tidied.slice(3).map((one) => one.split(' ')[1])).toEqual(PEOPLE);
    for (const stop of stops) stop();
  });

  test('go on where one of them ended', async () => {
    const { clock, task, tidied, row, done } = await town();
    // It takes longer than half of its lease, so it says how far it is.
    const stopFirst = task('first', async (name) => {
      if (name === 'ann') await sleep(clock, 6 * MINUTE);
      if (name === 'bob') stopFirst();
    });
    await until(clock, () => tidied.length === 2, 1000);
    expect(await row()).toMatchObject({ after: 'ann@example.test' });
    const stop = task('second');
    await clock.advance(MINUTE);
    // The other one could still be at it.
    expect(tidied).toEqual(['first ann', 'first bob']);
    await clock.advance(60 * MINUTE);
    await until(clock, done);
    expect(tidied).toEqual(['first ann', 'first bob', 'second bob', 'second cleo']);
    stop();
  });

  test('leave the rest to another that took over meanwhile', async () => {
    const { clock, domain, task, tidied, row } = await town();
    const pending = clock.pending + 1;
    const stop = task('slow', async (name) => {
      if (name !== 'ann') return;
      await sleep(clock, 30 * MINUTE);
      const before = (await row())!;
      await domain.store.table.transact([
        { op: 'put', table: 'devices', row: { ...before, until: clock.now() + 10 * MINUTE } },
      ]);
    });
    await until(clock, () => tidied.length === 1, MINUTE);
    await clock.advance(9 * MINUTE);
    await until(clock, () => pending === clock.pending);
    expect(tidied).toEqual(['slow ann']);
    stop();
  });

  test('pass by a mailbox that has a fault of its own', async () => {
    const { clock, task, tidied, warned, done } = await town();
    const stop = task('first', async (name) => {
      if (name === 'bob') throw new TypeError('odd');
    });
    await clock.advance(MINUTE);
    await until(clock, done);
    expect(tidied).toEqual(['first ann', 'first cleo']);
    expect(warned).toEqual([expect.objectContaining({ mailbox: expect.any(String), error: 'TypeError' })]);
    stop();
  });

  test('wait while the store does not answer, and go on', async () => {
    const { clock, task, tidied, warned, done } = await town();
    let away = true;
    const stop = task('first', async (name) => {
      if (name === 'bob' && away) throw new StoreUnavailable('away');
    });
    await clock.advance(MINUTE);
    await until(clock, () => warned.length === 1);
    expect(tidied).toEqual(['first ann']);
    away = false;
    await clock.advance(60 * MINUTE);
    await until(clock, done);
    expect(tidied.slice(1)).toEqual(PEOPLE.map((name) => `first ${name}`));
    stop();
  });

  test('have no timer when they are stopped', async () => {
    const { clock, task, tidied } = await town();
    const before = clock.pending;
    const stop = task('first');
    await clock.advance(MINUTE);
    await until(clock, () => tidied.length === 1);
    stop();
    await clock.advance(DAY);
    expect([clock.pending, tidied]).toEqual([before, ['first ann']]);
  });
});

describe.skipIf((missing('dynoxide') ?? s3Missing()) !== undefined)('on tables and a bucket', () => {
  test('two tasks remove messages that were never committed, a day after, and none that is in the queue', async () => {
    const clock = new FakeClock(Date.now());
    const s3 = await startS3(['blobs']);
    const blobs = openS3Blobs({ ...s3, bucket: 'blobs', region: 'us-east-1', pathStyle: true });
    onTestFinished(async () => {
      blobs.close();
      await s3.stop();
    });
    const { table, feed, close } = await openTestStore('dynamo', { clock: new FakeClock() });
    const store = { table, feed, blobs, close };
    const mailboxes = new TableMailboxes({ table, blobs, clock });
    const accounts = createAccounts({ table, clock, mailboxes });
    const house: House = { accounts, mailboxes, store, clock, log: silentLog };
    const { id } = await accounts.create({ address: 'kim@example.test' });
    const mailbox = mailboxes.open(id);
    const gone = await mailbox.createFolder({ name: 'Gone', parent: ROOT, type: FolderType.UserMail });
    await mailbox.deleteFolder(gone.id);
    const queue = createOutbound(
      { delivery: {} as never, directory: accounts, table, blobs, clock, log: silentLog },
      { inlineBytes: 1 },
    );
    const envelope = { mailbox: id, from: 'kim@example.test', to: [] };
    const kept = async () => {
      const found: string[] = [];
      for await (const key of blobs.list(`${id}/out-`)) found.push(key);
      return found.sort();
    };
    await queue.prepare(envelope, Buffer.from('lost'));
    await table.transact((await queue.prepare(envelope, Buffer.from('queued'))).writes);
    const stops = [keepHouseInTurns(house), keepHouseInTurns(house)];
    await clock.advance(MINUTE);
    await until(clock, async () => (await table.get(keys.folder(id, gone.id))) === undefined);
    await until(clock, async () => (await table.get(keys.housekeeping()))?.after === '');
    expect(await kept()).toHaveLength(2);
    // Another that is on its way while the old one goes.
    await clock.advance(DAY - 10 * MINUTE);
    const { writes } = await queue.prepare(envelope, Buffer.from('young'));
    await clock.advance(70 * MINUTE);
    await until(clock, async () => (await kept()).length === 2);
    for (const stop of stops) stop();
    // Its row comes late, and finds what it names.
    await table.transact(writes);
    const rows = await Promise.all([0, 1, 2, 3].map((n) => table.query({ table: 'devices', pk: `Q#${n}` })));
    const named = rows.flat().map((row) => row.blob);
    expect([...named].sort()).toEqual(await kept());
    expect(named).toHaveLength(2);
  });
});
