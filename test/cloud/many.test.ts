/** Tasks that hold many Pings and end, one by the kernel and one in order. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Phone } from '../../lib/client/phone.ts';
import type { DeviceId, MailboxId } from '../../lib/ops/ids.ts';
import { missing } from '../support/servers/dynamodb.ts';
import { s3Missing } from '../support/servers/s3.ts';
import { PASSWORD, until } from './support/cloud.ts';
import { copyDevice, copyPhone, pool } from './support/fleet.ts';
import { waitersOf } from './support/waiters.ts';
import { outcome, told, World } from './support/world.ts';

const MAILBOXES = 10;
const DEVICES = 50;
const missingParts = (missing('dynoxide') ?? s3Missing()) !== undefined;

interface Owner {
  readonly address: string;
  readonly mailbox: MailboxId;
  readonly phones: readonly Phone[];
}

describe.skipIf(missingParts).each(['websocket', 'direct'] as const)('500 Pings, %s', (transport) => {
  let world: World;
  const owners: Owner[] = [];
  let phones: readonly Phone[] = [];

  beforeAll(async () => {
    world = await World.start({ transport, bare: true });
    const { accounts, store } = world.cloud;
    await pool([...new Array(MAILBOXES).keys()], 3, async (n) => {
      const address = `owner${n}@acme.test`;
      const { id: mailbox } = await accounts.create({ address, name: `Owner ${n}`, password: PASSWORD });
      const model = world.cloud.phone('model', { user: address });
      await world.begin(model);
      const names = Array.from({ length: DEVICES }, (_, device) => `device${n}x${device}`);
      await copyDevice(store.table, mailbox, 'model' as DeviceId, names as DeviceId[]);
      owners.push({ address, mailbox, phones: names.map((name) => copyPhone(model, name)) });
    });
    phones = owners.flatMap((owner) => owner.phones);
  }, 300_000);
  afterAll(() => world?.stop());

  const waiting = async () => {
    const rows = await Promise.all(owners.map(({ mailbox }) => waitersOf(world.cloud.store, mailbox)));
    return rows.flat();
  };
  /** Until they are registered with this task. */
  const hold = async (task: string, some: readonly Phone[]) => {
    // A row whose removal failed stays until its time is over, and means nothing.
    const before = new Set((await waiting()).map(({ request }) => request));
    const held = async () => (await waiting()).filter((row) => row.task === task && !before.has(row.request)).length;
    const pings: ReturnType<World['ping']>[] = [];
    let early: unknown;
    for (let start = 0; start < some.length; start += DEVICES) {
      // What is tested begins when all are held: until then no more come at once than a task takes in.
      const more = some.slice(start, start + DEVICES).map((phone) => world.ping(phone));
      pings.push(...more);
      for (const ping of more) ping.then(outcome, (error) => error).then((answer) => (early ??= answer));
      await until(async () => early !== undefined || (await held()) === pings.length, 100_000, 50);
      if (early !== undefined) throw new Error('a Ping was not held', { cause: early });
    }
    return pings;
  };
  const messages = async (to = owners) => {
    const before = world.deliveries;
    await pool(to, 2, ({ address }) => world.deliver(address));
    await until(() => world.deliveries === before + to.length, 60_000);
  };
  const synchronise = (some: readonly Phone[]) =>
    pool(some, 4, async (phone) => expect(await world.arrivals(phone)).toHaveLength(1));

  /** They ask again, as many at a time as come back in a moment; each is told at once. */
  const comeBack = async (some = phones) => {
    const answers = new Map<Phone, Awaited<ReturnType<World['ping']>>>();
    await pool(some, 25, async (phone) => answers.set(phone, await world.ping(phone)));
    return some.map((phone) => answers.get(phone)!);
  };

  it('a task is deployed anew: every Ping is answered with status 1, and nothing is lost', async () => {
    const [leaving] = world.cloud.holders;
    const pings = await hold(leaving!.task, phones);
    await world.cloud.addHolder();
    world.cloud.balancer.holders = world.cloud.holders.slice(1).map(({ url }) => url);
    const code = leaving!.stop();
    const answers = await Promise.all(pings);
    expect(answers.map(outcome)).toEqual(phones.map(() => [200, { Status: 1 }]));
    expect(await code).toBe(0);
    expect((await waiting()).filter(({ task }) => task === leaving!.task)).toEqual([]);
    // The phones of these have news when they come back; the others begin the next test by coming back to wait.
    const some = owners.slice(0, MAILBOXES / 5);
    await messages(some);
    const theirs = some.flatMap((owner) => owner.phones);
    expect((await comeBack(theirs)).map(outcome)).toEqual(theirs.map(told));
    await synchronise(theirs);
  }, 600_000);

  it('a task is killed: each phone comes back to another task and is told what was committed meanwhile', async () => {
    const [first] = world.cloud.holders;
    const pings = await hold(first!.task, phones);
    const second = await world.cloud.addHolder();
    await first!.kill();
    const answers = await Promise.all(pings);
    // The load balancer's word, once for each: nobody else is left to say anything.
    expect(answers.map(({ status }) => status)).toEqual(phones.map(() => 502));
    await messages();
    const again = await comeBack();
    expect(again.map(outcome)).toEqual(phones.map(told));
    // And what comes after that by a wake, although rows of the dead task are still there.
    const owner = owners.at(-1);
    await synchronise(owner!.phones);
    const next = await hold(second.task, owner!.phones);
    await messages();
    expect((await Promise.all(next)).map(outcome)).toEqual(owner!.phones.map(told));
  }, 600_000);
});
