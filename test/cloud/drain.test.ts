/** The task itself, with 5,000 Pings on real sockets and time that the test makes pass. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { noInlet } from '../../lib/cloud/inlet.ts';
import { startTask, TASK_CONFIG } from '../../lib/cloud/task.ts';
import { openDomain } from '../../lib/embedded/domain.ts';
import { readOptions } from '../../lib/embedded/options.ts';
import { readConfig } from '../../lib/ops/config.ts';
import type { DeviceId } from '../../lib/ops/ids.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { noMetrics } from '../../lib/ops/metrics.ts';
import { Phone } from '../support/client/phone.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { copyDevice, copyPhone } from './support/fleet.ts';
import { filledIn, synthesised } from './support/template.ts';
import { until } from './support/until.ts';
import { waitersOf } from './support/waiters.ts';
import { outcome } from './support/world.ts';

const MAILBOXES = 50;
const DEVICES = 100;
const HELD = MAILBOXES * DEVICES;
/** Nothing takes as long; what hangs is ended. */
const HANG_MS = 240_000;
const password = 'correct horse battery staple';
const hashCost = { memory: 64, passes: 1, parallelism: 1 };

async function setUp() {
  const clock = new FakeClock();
  const dataDir = mkdtempSync(path.join(tmpdir(), 'dp-'));
  const domain = await openDomain(readOptions({ dataDir }), clock, silentLog, { hashCost });
  const env = { ...synthesised().environment('holder'), ...filledIn({ mailDomains: 'acme.test', service: 'test' }) };
  const named = filledIn({ mailboxesTable: 'm', devicesTable: 'd', directoryTable: 'n', blobBucket: 'b' });
  const config = readConfig(TASK_CONFIG, {
    ...env,
    ...named,
    ...filledIn({ outbound: 'none', wakeTransport: 'none' }),
  });
  const task = await startTask(
    { ...config, port: 0 },
    {
      clock,
      log: silentLog,
      metrics: noMetrics,
      identity: { task: 'task1', address: undefined },
      inlet: noInlet,
      host: '127.0.0.1',
      hashCost,
      open: async (over) => {
        over(domain.store.table);
        return domain;
      },
    },
  );
  const phones: Phone[] = [];
  const mailboxes = [];
  for (let n = 0; n < MAILBOXES; n++) {
    const user = `owner${n}@acme.test`;
    const { id } = await domain.accounts.create({ address: user, name: user, password });
    const model = new Phone({ url: task.url, user, password, deviceId: 'model' });
    await model.start();
    await model.drain(model.inbox);
    const names = Array.from({ length: DEVICES }, (_, device) => `device${device}`);
    await copyDevice(domain.store.table, id, 'model' as DeviceId, names as DeviceId[]);
    phones.push(...names.map((name) => copyPhone(model, name)));
    mailboxes.push(id);
  }
  return { clock, dataDir, domain, task, phones, mailboxes, drainMs: config.drainSeconds * 1000 };
}

it('a task with 5,000 Pings is deployed anew: all are answered with status 1, evenly, within 90 seconds', async () => {
  const { clock, dataDir, domain, task, phones, mailboxes, drainMs } = await setUp();
  const answeredAt: number[] = [];
  const pings = phones.map(async (phone) => {
    const answer = await phone.ping([phone.inbox], 3540);
    answeredAt.push(clock.now());
    return answer;
  });
  await until(() => task.holder.held === HELD, HANG_MS);
  for (const mailbox of mailboxes) {
    await until(async () => (await waitersOf(domain.store, mailbox, clock)).length === DEVICES, HANG_MS);
  }
  const began = clock.now();
  const drained = task.drain();
  let done = false;
  void drained.then(() => {
    done = true;
  });
  while (!done && clock.now() - began < drainMs) {
    await clock.advance(1000);
    // The answers go over real sockets, in no time of the test's.
    await until(() => answeredAt.length === HELD - task.holder.held, HANG_MS);
  }
  await drained;
  const answers = await Promise.all(pings);
  expect(answers.map(outcome)).toEqual(phones.map(() => [200, { Status: 1 }]));
  expect(new Set(answers.map(({ headers }) => headers.connection))).toEqual(new Set(['close']));
  expect(Math.max(...answeredAt) - began).toBeLessThanOrEqual(90_000);
  // Phones come back at once: a ninth of the time must not bring a quarter of them.
  const windows = new Array<number>(10).fill(0);
  for (const at of answeredAt) windows[Math.floor((at - began) / 10_000)]!++;
  expect(Math.max(...windows)).toBeLessThan(HELD / 4);
  for (const mailbox of mailboxes) {
    await until(async () => (await waitersOf(domain.store, mailbox, clock)).length === 0, HANG_MS);
  }
  await task.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 600_000);
