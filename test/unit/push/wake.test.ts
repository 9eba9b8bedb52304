import { describe, expect, it } from 'vitest';
import type { FolderId, MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import type { TaskMessage, WakeTransport } from '../../../lib/push/types.ts';
import { Waiters } from '../../../lib/push/waiters.ts';
import { followFeed, Waker, wakesOf } from '../../../lib/push/wake.ts';
import type { FeedRecord } from '../../../lib/store/ports.ts';
import { settle } from '../../support/fake-clock.ts';
import { createInProcessTransport } from '../../support/in-process-transport.ts';
import { openTestStore } from '../../support/stores.ts';
import { found, inbox, mailbox, World } from './support.ts';

const record = (sk: string, attributes?: Record<string, number>, pk = 'U#anna'): FeedRecord => ({
  pk,
  sk,
  ...(attributes ? { row: { pk, sk, ...attributes } } : {}),
});

describe('records of the feed', () => {
  it.each([
    ['a head', record('F#inbox', { seq: 7, added: 5 }), [{ mailbox, folder: inbox, seq: 7, added: 5 }]],
    ['a folder that is gone', record('F#inbox'), [{ mailbox, folder: inbox }]],
    ['the state', record('STATE', { hierarchy: 2 }), [{ mailbox }]],
    ['an item', record('M#inbox#1', { seq: 7 }), []],
    ['a log row', record('L#inbox#000000000007#0000'), []],
    ['another partition', record('F#inbox', { seq: 7 }, 'T#task'), []],
  ])('%s', (_, given, wakes) => {
    expect(wakesOf([given]).map((wake) => JSON.parse(JSON.stringify(wake)))).toEqual(wakes);
  });

  it('of one folder are one wake with the highest numbers, in whatever order they come', () => {
    const records = [5, 7, 6].map((seq) => record('F#inbox', { seq, added: seq - 2 }));
    expect(wakesOf(records)).toEqual([{ mailbox, folder: inbox, seq: 7, added: 5 }]);
    expect(wakesOf([...records, record('F#inbox')])[0]).toEqual({ mailbox, folder: inbox });
    expect(wakesOf([record('F#inbox'), ...records])[0]).toEqual({ mailbox, folder: inbox });
  });

  it('of different folders and mailboxes stay apart', () => {
    const records = [
      record('F#a', { seq: 1, added: 1 }),
      record('F#b', { seq: 2, added: 1 }),
      record('F#a', { seq: 3, added: 1 }, 'U#berta'),
    ];
    expect(wakesOf(records)).toHaveLength(3);
  });

  it('wake the holder of the same process', async () => {
    const world = new World();
    let listener = (_: readonly FeedRecord[]) => {};
    const subscribe = (to: typeof listener) => {
      listener = to;
      return () => {};
    };
    followFeed({ subscribe }, world.holder);
    const probe = await world.waiting();
    probe.sight = found(inbox);
    listener([record('M#inbox#1', { seq: 1 })]);
    await settle();
    expect(probe.outcomes).toEqual([]);
    listener([record('F#inbox', { seq: 1, added: 1 })]);
    await settle();
    expect(probe.outcomes).toHaveLength(1);
  });
});

interface Sent {
  readonly task: string;
  readonly message: TaskMessage;
}

async function cloud(answer: (task: string, nth: number) => 'delivered' | 'gone' = () => 'delivered') {
  const { table } = await openTestStore();
  const world = new World();
  const waiters = new Waiters({ table, clock: world.clock });
  const sent: Sent[] = [];
  const transport: WakeTransport = {
    async send(task, message) {
      sent.push({ task, message });
      return answer(task, sent.filter((one) => one.task === task).length);
    },
  };
  const register = (of: string, task: string, epoch = 'boot1', request = `${epoch}-${of}`) => {
    const at = world.clock.now();
    const device = `${of}-phone` as never;
    return waiters.register({
      mailbox: of as MailboxId,
      device,
      request,
      kind: 'ping',
      task,
      epoch,
      at,
      until: at + 60_000,
    });
  };
  return { world, waiters, sent, waker: new Waker({ waiters, transport, log: silentLog }), register };
}
const wakeOf = (of: string, folder = 'inbox') => ({
  mailbox: of as MailboxId,
  folder: folder as FolderId,
  seq: 1,
  added: 1,
});

describe('the waker', () => {
  it('sends one message to each task, with the wakes of its mailboxes and no others', async () => {
    const { sent, waker, register } = await cloud();
    await register('anna', 'task1');
    await register('anna', 'task1', 'boot1', 'boot1-second');
    await register('berta', 'task1');
    await register('carla', 'task2');
    const reached = await waker.wake([
      wakeOf('anna'),
      wakeOf('anna', 'sent'),
      wakeOf('berta'),
      wakeOf('carla'),
      wakeOf('dora'),
    ]);
    expect(reached).toBe(2);
    expect(sent).toEqual([
      { task: 'task1', message: { wakes: [wakeOf('anna'), wakeOf('anna', 'sent'), wakeOf('berta')] } },
      { task: 'task2', message: { wakes: [wakeOf('carla')] } },
    ]);
  });

  it('does not call on waiters whose time is over', async () => {
    const { sent, waker, register, world } = await cloud();
    await register('anna', 'task1');
    await world.clock.advance(60_000);
    await waker.wake([wakeOf('anna')]);
    expect(sent).toEqual([]);
  });

  it('removes the waiters of a process that is gone', async () => {
    const { waiters, waker, register } = await cloud(() => 'gone');
    await register('anna', 'task1', 'boot1');
    await waiters.announce('task1', 'boot2', 60_000);
    expect(await waker.wake([wakeOf('anna')])).toBe(0);
    expect(await waiters.of('anna' as MailboxId)).toEqual([]);
  });

  it('removes nothing of a process that lives behind a dead socket, and tries its new address once', async () => {
    const { sent, waiters, waker, register } = await cloud((_, nth) => (nth === 1 ? 'gone' : 'delivered'));
    await register('anna', 'task1', 'boot1');
    await register('anna', 'task1', 'boot0');
    await waiters.announce('task1', 'boot1', 60_000);
    expect(await waker.wake([wakeOf('anna')])).toBe(1);
    expect(sent).toHaveLength(2);
    expect((await waiters.of('anna' as MailboxId)).map(({ epoch }) => epoch)).toEqual(['boot1']);
  });

  it('takes a task that has not been heard of for long as gone', async () => {
    const { waiters, waker, register, world } = await cloud(() => 'gone');
    await waiters.announce('task1', 'boot1', 30_000);
    await register('anna', 'task1', 'boot1');
    await world.clock.advance(30_001);
    await waker.wake([wakeOf('anna')]);
    expect(await waiters.of('anna' as MailboxId)).toEqual([]);
  });

  it('does not let the trouble of one task keep the wakes from another', async () => {
    const { sent, waker, register } = await cloud((task) => {
      if (task === 'task1') throw new Error('throttled');
      return 'delivered';
    });
    await register('anna', 'task1');
    await register('berta', 'task2');
    expect(await waker.wake([wakeOf('anna'), wakeOf('berta')])).toBe(1);
    expect(sent.map(({ task }) => task)).toEqual(['task1', 'task2']);
  });

  it('reads the waiters of many mailboxes at once, but not of all, and tells in the order of the wakes', async () => {
    const { waiters, waker, register, sent } = await cloud();
    const names = Array.from({ length: 100 }, (_, n) => `m${n}`);
    for (const name of names) await register(name, 'task1');
    let [running, most] = [0, 0];
    const of = waiters.of.bind(waiters);
    waiters.of = async (...given) => {
      most = Math.max(most, ++running);
      const found = await of(...given);
      running--;
      return found;
    };
    await waker.wake(names.map((name) => wakeOf(name)));
    expect(most).toBeGreaterThan(8);
    expect(most).toBeLessThanOrEqual(32);
    expect(sent.map(({ message }) => message.wakes.map(({ mailbox }) => mailbox))).toEqual([names]);
  });

  it('never rejects, also when the waiters cannot be read', async () => {
    const { waiters, waker } = await cloud();
    waiters.of = () => Promise.reject(new Error('away'));
    expect(await waker.wake([wakeOf('anna')])).toBe(0);
  });
});

describe('the registrations', () => {
  it('of one device are those of that device, also where another one begins with the same letters', async () => {
    const { waiters, world } = await cloud();
    const at = world.clock.now();
    const base = { mailbox, kind: 'ping' as const, task: 't', epoch: 'e', at, until: at + 1000 };
    await waiters.register({ ...base, device: 'a' as never, request: 'e-1' });
    await waiters.register({ ...base, device: 'ab' as never, request: 'e-2' });
    expect(await waiters.of(mailbox, 'a' as never)).toEqual([{ ...base, device: 'a', request: 'e-1' }]);
    expect(await waiters.of(mailbox)).toHaveLength(2);
  });

  it('are never removed in the name of an older one', async () => {
    const { waiters, register, world } = await cloud();
    await register('anna', 'task1', 'boot1', 'boot1-1');
    await world.clock.advance(10);
    await register('anna', 'task1', 'boot2', 'boot2-1');
    await waiters.unregister({ mailbox, device: 'anna-phone' as never, request: 'boot1-1' });
    expect((await waiters.of(mailbox)).map(({ request }) => request)).toEqual(['boot2-1']);
  });

  it('live no longer than the request and its lease, for the store to remove', async () => {
    const world = new World();
    await world.waiting({ heartbeatMs: 600_000 });
    const [row] = world.table.rows('W#');
    expect(row!.until).toBe(world.clock.now() + 630_000);
    expect(row!.ttl).toBe(Math.ceil((row!.until as number) / 1000));
  });
});

describe('the in-process transport', () => {
  it('reaches the task that is attached, and says when there is none', async () => {
    const transport = createInProcessTransport();
    const received: TaskMessage[] = [];
    const detach = transport.attach('a', (message) => received.push(message));
    const later = transport.attach('a', (message) => received.push(message));
    detach();
    expect(await transport.send('a', { wakes: [{ mailbox }] })).toBe('delivered');
    expect(await transport.send('b', { wakes: [{ mailbox }] })).toBe('gone');
    later();
    expect(await transport.send('a', { wakes: [{ mailbox }] })).toBe('gone');
    expect(received).toEqual([{ wakes: [{ mailbox }] }]);
  });
});
