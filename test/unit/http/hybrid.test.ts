import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureTls, type TlsFiles } from '../../../lib/embedded/tls.ts';
import { listenHybrid } from '../../../lib/http/hybrid.ts';
import type { Listener, ListenOptions } from '../../../lib/http/listener.ts';
import { listenNode } from '../../../lib/http/node.ts';
import type { EasRequest, EasResponse, Handler, Held } from '../../../lib/http/types.ts';
import { systemClock } from '../../../lib/ops/clock.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { RawClient, rawRequest } from '../../support/raw-http.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const say = (text: string): EasResponse => ({
  status: 200,
  headers: { 'Content-Length': `${text.length}` },
  body: Buffer.from(text),
});
const PING = rawRequest('/Microsoft-Server-ActiveSync?Cmd=Ping', 'abc');

/** Tells which listener served: node:http streams a body, the cheap one has it whole. */
const which: Handler = async (request: EasRequest) => {
  if (request.body instanceof Uint8Array) return say('plain');
  for await (const _ of request.body);
  return say('ordinary');
};

async function start(handler: Handler, options: Partial<ListenOptions> = {}, listen = listenHybrid): Promise<Listener> {
  const base = { handler, clock: new FakeClock(), log: silentLog, port: 0, host: '127.0.0.1' };
  const listener = await listen({ ...base, ...options });
  cleanups.push(() => listener.close());
  return listener;
}

async function open(listener: Listener): Promise<RawClient> {
  const client = await RawClient.open(listener.port);
  cleanups.push(() => client.close());
  return client;
}

/** A handler whose first Ping waits until the test answers it. */
function holding() {
  let sink: ((response: EasResponse) => void) | undefined;
  let wake: () => void = () => {};
  const waits = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const handler: Handler = async (request, signal) => {
    if (sink) return which(request, signal);
    const held: Held = {
      kind: 'held',
      key: 'k',
      deadline: 0,
      complete(given) {
        sink = given;
        wake();
      },
      abandon() {},
    };
    return held;
  };
  return { handler, waits, answer: (text: string) => sink?.(say(text)) };
}

describe('the hybrid listener', () => {
  it('serves plain requests itself, and a connection that once sent another through node:http for good', async () => {
    const client = await open(await start(which));
    const seen: string[] = [];
    const odd = rawRequest('/', 'abc', { Connection: 'keep-alive, x-odd' });
    for (const request of [PING, rawRequest('/?Cmd=Sync', 'abc'), odd, PING]) {
      await client.write(request);
      seen.push(`${(await client.answer())?.body}`);
    }
    expect(seen).toEqual(['plain', 'plain', 'ordinary', 'ordinary']);
  });

  it('serves itself what follows the answer to a Ping', async () => {
    const { handler, waits, answer } = holding();
    const client = await open(await start(handler));
    await client.write(PING);
    await waits;
    answer('news');
    expect(`${(await client.answer())?.body}`).toBe('news');
    await client.write(PING);
    expect(`${(await client.answer())?.body}`).toBe('plain');
  });

  it('leaves to node:http what does not come whole in time', async () => {
    const clock = new FakeClock();
    const timers = vi.spyOn(clock, 'after');
    const client = await open(await start(which, { clock }));
    await client.write(PING.subarray(0, 40));
    while (timers.mock.calls.length < 2) await settle();
    expect(timers.mock.lastCall![0]).toBe(30_000);
    await clock.advance(30_000);
    await client.write(PING.subarray(40));
    expect(`${(await client.answer())?.body}`).toBe('ordinary');
  });

  it('leaves no timer behind a request that came in two pieces, but the one of the idle connection', async () => {
    const clock = new FakeClock();
    const timers = vi.spyOn(clock, 'after');
    const client = await open(await start(which, { clock, timeouts: { keepAlive: 7_200_000 } }));
    await client.write(PING.subarray(0, 40));
    while (timers.mock.calls.length < 2) await settle();
    await client.write(PING.subarray(40));
    expect(`${(await client.answer())?.body}`).toBe('plain');
    expect(clock.pending).toBe(1);
    await clock.advance(7_199_999);
    await settle();
    expect(client.ended).toBe(false);
    await clock.advance(1);
    await client.closed();
    expect(clock.pending).toBe(0);
  });

  it('lets a large request that is sent ahead wait in the kernel, and serves it whole', async () => {
    const { handler, waits, answer } = holding();
    const client = await open(await start(handler));
    await client.write(PING);
    await waits;
    const large = client.write(rawRequest('/', 'x'.repeat(8_000_000)));
    // Time for the listener to read all that it will.
    for (let turn = 0; turn < 20; turn++) await settle();
    answer('news');
    expect(`${(await client.answer())?.body}`).toBe('news');
    expect(`${(await client.answer())?.body}`).toBe('ordinary');
    await large;
  });

  it('times out a head that never ends, in node:http', async () => {
    const client = await open(await start(which, { clock: systemClock, timeouts: { head: 200 } }));
    await client.write('POST / HTTP/1.1\r\nHost: a\r\n');
    expect((await client.answer())?.status).toBe(408);
    await client.closed();
  });

  it('closes a connection that stays idle', async () => {
    const clock = new FakeClock();
    const client = await open(await start(which, { clock, timeouts: { keepAlive: 50_000 } }));
    await client.write(PING);
    await client.answer();
    await clock.advance(50_000);
    await client.closed();
  });

  it('closes one that never said anything, and not one that is in the middle of its head', async () => {
    const clock = new FakeClock();
    const timers = vi.spyOn(clock, 'after');
    const listener = await start(which, { clock, timeouts: { keepAlive: 50_000, head: 40_000 } });
    const [silent, late] = [await open(listener), await open(listener)];
    while (timers.mock.calls.length < 2) await settle();
    await clock.advance(49_000);
    await late.write(PING.subarray(0, 40));
    while (timers.mock.calls.length < 3) await settle();
    await clock.advance(1_000);
    await silent.closed();
    await late.write(PING.subarray(40));
    expect(`${(await late.answer())?.body}`).toBe('plain');
  });

  it('never closes a held one for being idle', async () => {
    const { handler, waits, answer } = holding();
    const clock = new FakeClock();
    const listener = await start(handler, { clock, timeouts: { keepAlive: 250_000 } });
    const held = await open(listener);
    await held.write(PING);
    await waits;
    const idle = await open(listener);
    while (clock.pending === 0) await settle();
    await clock.advance(250_000);
    await idle.closed();
    expect(clock.pending).toBe(0);
    answer('news');
    expect(`${(await held.answer())?.body}`).toBe('news');
  });
});

/** Of the kernel's sockets on a port: what their timers are for, and when they ring, milliseconds. */
function timersOf(port: number): readonly (readonly [kind: string, ms: number])[] {
  const local = port.toString(16).toUpperCase().padStart(4, '0');
  const ESTABLISHED = '01';
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, at = '', , state]) => at.endsWith(`:${local}`) && state === ESTABLISHED)
    .map(([, , , , , timer = '']) => [timer.slice(0, 2), Number.parseInt(timer.slice(3), 16) * 10] as const);
}

describe.skipIf(!existsSync('/proc/net/tcp'))('a connection that says nothing', () => {
  const KEEPALIVE = '02';

  it.each([
    ['hybrid', listenHybrid],
    ['node', listenNode],
  ] as const)('is probed by the kernel after a minute, before anything between forgets it: %s', async (_, listen) => {
    const { handler, waits, answer } = holding();
    const listener = await start(handler, {}, listen);
    const client = await open(listener);
    await client.write(PING);
    await waits;
    await expect.poll(() => timersOf(listener.port).map(([kind]) => kind)).toEqual([KEEPALIVE]);
    const [[, ms] = ['', Number.NaN]] = timersOf(listener.port);
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThanOrEqual(60_000);
    answer('news');
    await client.answer();
  });
});

describe.each([
  ['node', listenNode],
  ['hybrid', listenHybrid],
] as const)('the %s listener with TLS', (name, listen) => {
  let files: TlsFiles;
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'tls-'));
    files = await ensureTls(dir, ['localhost'], systemClock);
  });
  afterAll(() => rm(dir, { recursive: true }));

  async function secure(handler: Handler): Promise<RawClient> {
    const listener = await start(handler, { tls: { cert: files.cert, key: files.key } }, listen);
    expect(listener.url).toBe(`https://127.0.0.1:${listener.port}`);
    const client = await RawClient.open(listener.port, { ca: files.ca, servername: 'localhost' });
    cleanups.push(() => client.close());
    return client;
  }

  it('serves requests of either kind and says https', async () => {
    const client = await secure(async (request) => {
      const kind = await which(request, new AbortController().signal);
      return 'kind' in kind ? kind : say(`${Buffer.from(kind.body as Uint8Array)} ${request.origin}`);
    });
    await client.write(PING);
    const first = name === 'node' ? 'ordinary' : 'plain';
    expect(`${(await client.answer())?.body}`).toBe(`${first} https://mail.example.com`);
    await client.write(rawRequest('/', 'x'.repeat(100_000)));
    expect(`${(await client.answer())?.body}`).toBe('ordinary https://mail.example.com');
  });

  it('holds a request', async () => {
    const { handler, waits, answer } = holding();
    const client = await secure(handler);
    await client.write(PING);
    await waits;
    answer('news');
    expect(`${(await client.answer())?.body}`).toBe('news');
  });

  it('closes though clients have not finished a handshake, or have said nothing since', async () => {
    const listener = await start(which, { tls: { cert: files.cert, key: files.key } }, listen);
    const silent = net.connect(listener.port, '127.0.0.1');
    const shaken = tls.connect({ port: listener.port, host: '127.0.0.1', ca: files.ca, servername: 'localhost' });
    const half = net.connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true }, () => half.end());
    for (const socket of [silent, shaken, half]) socket.on('error', () => {});
    await Promise.all([once(silent, 'connect'), once(shaken, 'secureConnect'), once(half, 'connect')]);
    const gone = Promise.all([once(silent, 'close'), once(shaken, 'close')]);
    await listener.close();
    await gone;
    half.destroy();
  });
});
