import { systemClock } from '../../../lib/ops/clock.ts';
import type { DeviceId, MailboxId } from '../../../lib/ops/ids.ts';
import { Waiters } from '../../../lib/push/waiters.ts';
import { type Cloud, PASSWORD, startCloud, until } from '../../cloud/support/cloud.ts';
import { copyDevice, copyPhone, pool } from '../../cloud/support/fleet.ts';
import type { Phone } from '../../support/client/phone.ts';
import type { Figure } from '../figures.ts';
import { say } from './say.ts';

export interface DrainOrder {
  readonly mailboxes: number;
  /** Of each mailbox. */
  readonly devices: number;
  readonly drainSeconds: number;
}

/** A task with all these Pings is sent SIGTERM, in real time. The phones are connected to it, not to the balancer. */
export async function drains({ mailboxes, devices, drainSeconds }: DrainOrder): Promise<Figure[]> {
  const cloud = await startCloud({ bare: true, over: { drainSeconds: String(drainSeconds) } });
  try {
    const holder = await cloud.addHolder();
    const phones: Phone[] = [];
    const ids: MailboxId[] = [];
    say('the services run');
    await pool([...new Array(mailboxes).keys()], 3, async (n) => {
      const user = `owner${n}@acme.test`;
      const { id } = await cloud.accounts.create({ address: user, name: user, password: PASSWORD });
      const model = cloud.phone('model', { user, url: holder.url });
      await model.start();
      await model.drain(model.inbox);
      const names = Array.from({ length: devices }, (_, device) => `device${device}`);
      ids.push(id);
      await copyDevice(cloud.store.table, id, 'model' as DeviceId, names as DeviceId[]);
      phones.push(...names.map((name) => copyPhone(model, name)));
    });
    say(`${phones.length} phones are set up`);
    const answers: { at: number; good: boolean }[] = [];
    const sent = performance.now();
    const pings = phones.map(async (phone) => {
      const { status, document } = await phone
        .ping([phone.inbox], 3540)
        .catch(() => ({ status: 0, document: undefined }));
      answers.push({ at: performance.now(), good: status === 200 && document?.Status === 1 });
    });
    await until(() => registered(cloud.store.table, ids, phones.length), 600_000);
    const gathered = (performance.now() - sent) / 1000;
    const peak = (await holder.peakBytes()) / 2 ** 20;
    const early = answers.length;
    say('all Pings are held');
    const began = performance.now();
    const exited = holder.stop();
    await Promise.all(pings);
    const lasted = Math.max(...answers.map(({ at }) => at)) - began;
    const code = await exited;
    const ended = performance.now() - began;
    const seconds = new Map<number, number>();
    for (const { at } of answers) seconds.set(Math.floor(at / 1000), (seconds.get(Math.floor(at / 1000)) ?? 0) + 1);
    return [
      { name: 'Pings sent at once', value: phones.length, unit: '' },
      { name: 'answered instead of being held', value: early, unit: '', target: { atMost: 0 } },
      { name: 'until all are held and counted', value: gathered, unit: 's' },
      { name: 'memory of the task, most', value: peak, unit: 'MB', target: { atMost: 512 } },
      { name: 'SIGTERM to the last answer', value: lasted / 1000, unit: 's', target: { atMost: 90 } },
      { name: 'SIGTERM to the end of the process', value: ended / 1000, unit: 's', target: { atMost: 120 } },
      { name: 'errors', value: answers.filter(({ good }) => !good).length, unit: '', target: { atMost: 0 } },
      { name: 'exit code', value: code ?? -1, unit: '', target: { atMost: 0 } },
      { name: 'answers in the busiest second', value: Math.max(...seconds.values()), unit: '' },
    ];
  } finally {
    await cloud.stop();
  }
}

/** As the tasks' metric does not tell in time: rows of all mailboxes, counted. */
async function registered(
  table: Cloud['store']['table'],
  mailboxes: readonly MailboxId[],
  count: number,
): Promise<boolean> {
  const waiters = new Waiters({ table, clock: systemClock });
  let rows = 0;
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (const mailbox of mailboxes) rows += (await waiters.of(mailbox)).length;
  return rows >= count;
}
