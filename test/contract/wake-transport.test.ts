import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/ops/clock.ts';
import type { DeviceId, FolderId, MailboxId } from '../../lib/ops/ids.ts';
import { publish, withdraw } from '../../lib/push/direct/address.ts';
import { type DirectListener, listenDirect } from '../../lib/push/direct/listener.ts';
import { createDirectTransport } from '../../lib/push/direct/transport.ts';
import type { TaskMessage, Wake, WakeTransport } from '../../lib/push/types.ts';
import { connected, disconnected } from '../../lib/push/websocket/connections.ts';
import { dialer } from '../../lib/push/websocket/dial.ts';
import { createSocketTransport } from '../../lib/push/websocket/transport.ts';
import { type SocketApi, startSocketApi } from '../cloud/support/socket-api.ts';
import { createInProcessTransport } from '../support/in-process-transport.ts';
import { MemoryTable } from '../support/memory-table.ts';

/** A transport, and tasks that come and go as their processes would. */
interface World {
  readonly transport: WakeTransport;
  /** A process of this task begins to listen; it may take the place of an earlier one. */
  appear(task: string, receive: (message: TaskMessage) => void): Promise<Task>;
  close(): Promise<void>;
}
interface Task {
  /** Leaves in order. */
  leave(): Promise<void>;
  /** Dies without a word. */
  die(): Promise<void>;
}

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };

async function socketWorld(): Promise<World & { readonly api: SocketApi }> {
  const table = new MemoryTable();
  const api = await startSocketApi(async ({ requestContext: { routeKey, connectionId }, queryStringParameters }) => {
    if (routeKey === '$connect') await connected(table, queryStringParameters?.task, connectionId, Date.now());
    else await disconnected(table, connectionId);
    return { statusCode: 200 };
  });
  const transport = createSocketTransport({ table, endpoint: api.managementUrl, region: 'eu-north-1', credentials });
  return {
    api,
    transport,
    async appear(task, receive) {
      const dial = dialer({ url: api.url, region: 'eu-north-1', credentials, task, clock: systemClock });
      const { unpackMessage } = await import('../../lib/push/task-message.ts');
      const before = new Set(api.connections.keys());
      const wire = await dial();
      const [id] = [...api.connections.keys()].filter((one) => !before.has(one));
      wire.listen({
        message: (text) => {
          const message = unpackMessage(text);
          if (message) receive(message);
        },
        pong() {},
        close() {},
      });
      return {
        async leave() {
          wire.close();
          await until(() => !api.connections.has(id!));
        },
        async die() {
          api.cut(id!, 'lost');
          await until(() => !api.connections.has(id!));
        },
      };
    },
    async close() {
      transport.close();
      await api.stop();
    },
  };
}

async function directWorld(): Promise<World> {
  const table = new MemoryTable();
  const transport = createDirectTransport({ table, clock: systemClock, timeoutMs: 500 });
  const listeners = new Set<DirectListener>();
  let keys = 0;
  return {
    transport,
    async appear(task, receive) {
      const key = `key-${++keys}`;
      const listener = await listenDirect({ clock: systemClock, task, key, port: 0, host: '127.0.0.1', receive });
      listeners.add(listener);
      const address = { url: `http://127.0.0.1:${listener.port}`, key };
      await publish(table, task, address, Date.now());
      return {
        async leave() {
          await withdraw(table, task, address);
          await listener.close();
        },
        die: () => listener.close(),
      };
    },
    async close() {
      transport.close();
      await Promise.all([...listeners].map((listener) => listener.close()));
    },
  };
}

async function inProcessWorld(): Promise<World> {
  const transport = createInProcessTransport();
  return {
    transport,
    async appear(task, receive) {
      const detach = transport.attach(task, receive);
      return { leave: async () => detach(), die: async () => detach() };
    },
    close: async () => {},
  };
}

const wake = (n: number): Wake => ({
  mailbox: `m${n}` as MailboxId,
  folder: '5' as FolderId,
  seq: n,
  added: n,
  at: 1_700_000_000_000 + n,
});
const supersede = {
  mailbox: 'm1' as MailboxId,
  device: 'd1' as DeviceId,
  kind: 'ping',
  folders: ['5', '6'] as FolderId[],
  by: 'epoch-7',
  at: 1_700_000_000_001,
} as const;

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('it never came');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.each([
  ['in-process', inProcessWorld],
  ['websocket', socketWorld],
  ['direct', directWorld],
] as const)('%s', (_, open) => {
  let world: World;
  let task: string;
  let count = 0;
  beforeAll(async () => {
    world = await open();
  });
  afterAll(() => world.close());
  beforeEach(() => {
    task = `task-${++count}`;
  });

  it('brings a message to the task as it was sent', async () => {
    const got: TaskMessage[] = [];
    await world.appear(task, (message) => got.push(message));
    const message: TaskMessage = {
      wakes: [wake(1), { mailbox: wake(2).mailbox }],
      supersedes: [supersede],
      cause: 'feed',
    };
    expect(await world.transport.send(task, message)).toBe('delivered');
    await until(() => got.length > 0);
    expect(got).toEqual([message]);
  });

  it('brings all wakes of a message that is far too long for one frame', async () => {
    const got: Wake[] = [];
    await world.appear(task, ({ wakes }) => got.push(...wakes));
    const wakes = Array.from({ length: 3000 }, (_unused, n) => wake(n));
    expect(await world.transport.send(task, { wakes })).toBe('delivered');
    await until(() => got.length >= wakes.length);
    expect(got).toEqual(wakes);
  });

  it('knows that a task is gone: one that never was, one that left, one that died', async () => {
    const message = { wakes: [wake(1)] };
    expect(await world.transport.send('nobody', message)).toBe('gone');
    const left = await world.appear(task, () => {});
    expect(await world.transport.send(task, message)).toBe('delivered');
    await left.leave();
    expect(await world.transport.send(task, message)).toBe('gone');
    const dead = await world.appear(`${task}b`, () => {});
    expect(await world.transport.send(`${task}b`, message)).toBe('delivered');
    await dead.die();
    expect(await world.transport.send(`${task}b`, message)).toBe('gone');
    expect(await world.transport.send(`${task}b`, message)).toBe('gone');
  });

  it('follows a task to its new address, whether the old one ended in order or not', async () => {
    const got: string[] = [];
    const first = await world.appear(task, () => got.push('first'));
    await world.transport.send(task, { wakes: [wake(1)] });
    await until(() => got.length === 1);
    await world.appear(task, () => got.push('second'));
    await first.die();
    expect(await world.transport.send(task, { wakes: [wake(2)] })).toBe('delivered');
    await until(() => got.length === 2);
    expect(got).toEqual(['first', 'second']);
  });

  it('leaves the new address alone when the old one leaves late', async () => {
    const got: string[] = [];
    const first = await world.appear(task, () => {});
    await world.appear(task, () => got.push('second'));
    await first.leave();
    expect(await world.transport.send(task, { wakes: [wake(1)] })).toBe('delivered');
    await until(() => got.length === 1);
  });

  it('keeps tasks apart', async () => {
    const got: string[] = [];
    await world.appear(task, () => got.push('mine'));
    await world.appear(`${task}b`, () => got.push('yours'));
    await world.transport.send(`${task}b`, { wakes: [wake(1)] });
    await until(() => got.length > 0);
    expect(got).toEqual(['yours']);
  });
});

describe('the websocket transport', () => {
  it('waits out throttling, and rejects where it lasts', async () => {
    const world = await socketWorld();
    const got: TaskMessage[] = [];
    await world.appear('t', (message) => got.push(message));
    world.api.refuse(429, 1);
    expect(await world.transport.send('t', { wakes: [wake(1)] })).toBe('delivered');
    await until(() => got.length === 1);
    world.api.refuse(429, 4);
    await expect(world.transport.send('t', { wakes: [wake(2)] })).rejects.toMatchObject({
      name: 'LimitExceededException',
    });
    await world.close();
  });

  it('posts nothing that is larger than a frame', async () => {
    const world = await socketWorld();
    await world.appear('t', () => {});
    await world.transport.send('t', { wakes: Array.from({ length: 2000 }, (_unused, n) => wake(n)) });
    expect(Math.max(...world.api.posts.map(({ body }) => body.length))).toBeLessThanOrEqual(32 * 1024);
    expect(world.api.posts.length).toBeGreaterThan(1);
    await world.close();
  });

  it('is refused a connection without a signature or a name', async () => {
    const world = await socketWorld();
    const unsigned = dialer({
      url: world.api.url,
      region: 'eu-north-1',
      credentials,
      task: 'a task with blanks',
      clock: systemClock,
    });
    await expect(unsigned()).rejects.toThrow('502');
    const { WebSocket } = await import('ws');
    const plain = new WebSocket(`${world.api.url}?task=t`);
    await expect(new Promise((_resolve, reject) => plain.once('error', reject))).rejects.toThrow('403');
    await world.close();
  });
});

describe('the direct transport', () => {
  it('posts again on a new connection when one that it kept turns out to be dead', async () => {
    const table = new MemoryTable();
    const transport = createDirectTransport({ table, clock: systemClock, timeoutMs: 5000 });
    const connections = new Set<object>();
    let posts = 0;
    const server = createServer((req, res) => {
      // A task that forgot the connection, or a network that did.
      if (connections.has(req.socket)) return void req.socket.destroy();
      connections.add(req.socket);
      req.resume();
      posts++;
      res.writeHead(204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await publish(table, 't', { url: `http://127.0.0.1:${port}`, key: 'k' }, Date.now());
    for (let n = 1; n <= 3; n++) expect(await transport.send('t', { wakes: [wake(n)] })).toBe('delivered');
    expect(posts).toBe(3);
    expect(connections.size).toBe(3);
    transport.close();
    server.closeAllConnections();
    server.close();
  });

  it('takes no message under another key, for another task, or from another time', async () => {
    const { seal, SEAL_HEADER, SEAL_MS } = await import('../../lib/push/direct/seal.ts');
    const got: TaskMessage[] = [];
    const receive = (message: TaskMessage) => void got.push(message);
    const listener = await listenDirect({
      clock: systemClock,
      task: 't',
      key: 'k',
      port: 0,
      host: '127.0.0.1',
      receive,
    });
    const body = Buffer.from(JSON.stringify({ v: 1, w: [wake(1)] }));
    const post = async (sealed?: string, path = '/wake', sent: Uint8Array = body) => {
      const headers = sealed === undefined ? undefined : { [SEAL_HEADER]: sealed };
      return (
        await fetch(`http://127.0.0.1:${listener.port}${path}`, { method: 'POST', body: Buffer.from(sent), headers })
      ).status;
    };
    const now = Date.now();
    expect(await post()).toBe(401);
    expect(await post(seal('other', 't', body, now))).toBe(401);
    expect(await post(seal('k', 'other', body, now))).toBe(401);
    expect(await post(seal('k', 't', body, now - SEAL_MS - 1000))).toBe(401);
    expect(await post(seal('k', 't', Buffer.from('{}'), now))).toBe(401);
    expect(await post(seal('k', 't', Buffer.from('{}'), now), '/wake', Buffer.from('{}'))).toBe(400);
    expect(await post(seal('k', 't', body, now), '/other')).toBe(404);
    expect(await post(seal('k', 't', new Uint8Array(300_000), now), '/wake', new Uint8Array(300_000))).toBe(413);
    expect(got).toEqual([]);
    expect(await post(seal('k', 't', body, now))).toBe(204);
    expect(got).toHaveLength(1);
    await listener.close();
  });
});
