/**
 * What goes wrong on AWS, by both transports. After every fault: what was committed is told to whoever waits for it,
 * each message comes once, and no Ping is answered with an error, which would make its phone stay away.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HOLD_DEFAULTS } from '../../lib/push/options.ts';
import { missing } from '../support/servers/dynamodb.ts';
import { s3Missing } from '../support/servers/s3.ts';
import { PASSWORD, until } from './support/cloud.ts';
import { FAULTS } from './support/faults.ts';
import { synthesised } from './support/template.ts';
import { waitersOf } from './support/waiters.ts';
import { outcome, told, World } from './support/world.ts';

const missingParts = (missing('dynoxide') ?? s3Missing()) !== undefined;

describe.skipIf(missingParts).each(['websocket', 'direct'] as const)('with the transport %s', (transport) => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({ transport });
  }, 120_000);
  afterAll(() => world?.stop());
  afterEach(() => world.calm());

  describe('the phone is told although', () => {
    const mine = FAULTS.filter(({ on = transport }) => on === transport);
    it.each(mine.map((fault) => [fault.name, fault] as const))(
      '%s',
      async (_, { early, begin, end }) => {
        const { phone } = world;
        if (early) await begin(world);
        const waiting = world.ping();
        await world.held(1);
        if (!early) await begin(world);
        const subject = end ? await world.delivered() : await world.deliver();
        await end?.(world);
        expect(outcome(await waiting)).toEqual(told(phone));
        expect(await world.arrivals()).toEqual([subject]);
        expect(world.cloud.source.dropped).toEqual([]);
      },
      60_000,
    );
  });

  it('records of two mailboxes come in another order and twice: both are told, each message comes once', async () => {
    const address = `lee-${transport}@acme.test`;
    const { id: lees } = await world.cloud.accounts.create({ address, name: 'Lee', password: PASSWORD });
    const lee = world.cloud.phone('phone-lee', { user: address });
    await world.begin(lee);
    const pings = [world.ping(), world.ping(lee)] as const;
    await world.held(1);
    await world.held(1, lees);
    Object.assign(world.cloud.source, { twice: true, shuffleMs: 500 });
    if (transport === 'websocket') world.cloud.wire.refuse(500, 8);
    const kims = [await world.deliver()];
    const others = [await world.deliver(address)];
    kims.push(await world.deliver());
    others.push(await world.deliver(address));
    expect(outcome(await pings[0])).toEqual(told(world.phone));
    expect(outcome(await pings[1])).toEqual(told(lee));
    await until(() => world.deliveries >= 4);
    const both = async (phone = world.phone) => {
      const seen: (string | undefined)[] = [];
      await until(async () => seen.push(...(await world.arrivals(phone))) >= 2);
      return seen.sort();
    };
    expect(await both()).toEqual(kims.sort());
    expect(await both(lee)).toEqual(others.sort());
  }, 60_000);

  it('the bucket tells of a message twice, and the message is put there twice: it comes once', async () => {
    const subject = await world.delivered();
    expect(await world.arrivals()).toEqual([subject]);
    const waiting = world.ping();
    await world.held(1);
    await world.again(subject);
    const other = await world.deliver();
    expect(outcome(await waiting)).toEqual(told(world.phone));
    expect(await world.arrivals()).toEqual([other]);
  }, 40_000);

  it('the answers to a Ping and to the Sync after it are lost: both come again when the phone asks again', async () => {
    const { balancer } = world.cloud;
    const waiting = expect(world.ping()).rejects.toThrow();
    await world.held(1);
    balancer.lose = 1;
    const subject = await world.deliver();
    await waiting;
    expect(outcome(await world.ping())).toEqual(told(world.phone));
    balancer.lose = 1;
    await expect(world.phone.sync(world.phone.inbox)).rejects.toThrow();
    // Under the key that it had.
    expect(await world.arrivals()).toEqual([subject]);
  }, 40_000);

  it('the load balancer gives up an idle connection: the task forgets the Ping, the next one is told what it missed', async () => {
    const { balancer, store } = world.cloud;
    const idle = balancer.idleMs;
    balancer.idleMs = 1000;
    const waiting = world.ping();
    await world.held(1);
    balancer.idleMs = idle;
    expect((await waiting).status).toBe(504);
    await until(async () => (await waitersOf(store, world.mailbox)).length === 0);
    const subject = await world.delivered();
    expect(outcome(await world.ping())).toEqual(told(world.phone));
    expect(await world.arrivals()).toEqual([subject]);
    // Which is why it must not happen to any heartbeat.
    const longest = Number(synthesised(transport).environment('holder').DIRECT_PUSH_MAX_HEARTBEAT);
    expect(idle).toBeGreaterThan(longest * 1000 + 60_000 + HOLD_DEFAULTS.graceMs);
  }, 40_000);

  it('a Sync that cannot end in time is answered 503 with Retry-After, and the Ping waits on and is told', async () => {
    const { tables, lambdas } = world.cloud;
    const waiting = world.ping();
    await world.held(1);
    const { timeoutMs } = lambdas.sync;
    lambdas.sync.timeoutMs = 3000;
    tables.others.behave = () => 'hang';
    const { status, headers } = await world.phone.client.raw('Sync', Buffer.alloc(0));
    expect([status, headers['retry-after']]).toEqual([503, '30']);
    tables.others.behave = () => 'pass';
    lambdas.sync.timeoutMs = timeoutMs;
    const subject = await world.deliver();
    expect(outcome(await waiting)).toEqual(told(world.phone));
    expect(await world.arrivals()).toEqual([subject]);
  }, 60_000);

  it('two devices of a mailbox, on two tasks: one message is told to both', async () => {
    const { cloud } = world;
    const tablet = await world.another('tablet');
    await cloud.addHolder();
    const pings = [world.ping(), world.ping(tablet)];
    await world.held(2);
    const tasks = (await waitersOf(cloud.store, world.mailbox)).map(({ task }) => task);
    expect(new Set(tasks)).toEqual(new Set(cloud.holders.map(({ task }) => task)));
    const subject = await world.deliver();
    for (const [at, phone] of [world.phone, tablet].entries()) {
      expect(outcome(await pings[at]!)).toEqual(told(phone));
      expect(await world.arrivals(phone)).toEqual([subject]);
    }
  }, 40_000);

  it('a device moves between two tasks: its older Ping ends, the newer one is told', async () => {
    expect(world.cloud.holders).toHaveLength(2);
    const older = world.ping();
    await world.held(1);
    const newer = world.ping();
    expect(outcome(await older)).toEqual([200, { Status: 1 }]);
    await world.held(1);
    const subject = await world.deliver();
    expect(outcome(await newer)).toEqual(told(world.phone));
    expect(await world.arrivals()).toEqual([subject]);
  }, 40_000);

  it('a task is to stop: what it holds is answered before its connections are cut, and what still comes is not refused', async () => {
    const { cloud } = world;
    const [leaving, staying] = cloud.holders;
    cloud.balancer.holders = [leaving!.url];
    const waiting = world.ping();
    await world.held(1);
    leaving!.wantStop();
    const cut = cloud.balancer.deregister(leaving!.url);
    expect(outcome(await waiting)).toEqual([200, { Status: 1 }]);
    expect(cut()).toBe(0);
    // A request that was on its way meanwhile.
    cloud.balancer.holders = [leaving!.url];
    const health = await fetch(leaving!.url + synthesised(transport).healthPath);
    expect(health.status).toBe(503);
    expect(outcome(await world.ping())).toEqual([200, { Status: 1 }]);
    const subject = await world.delivered();
    cloud.balancer.holders = [staying!.url];
    expect(outcome(await world.ping())).toEqual(told(world.phone));
    expect(await leaving!.stop()).toBe(0);
    expect(await world.arrivals()).toEqual([subject]);
  }, 60_000);
});
