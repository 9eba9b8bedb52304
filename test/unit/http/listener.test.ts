import { afterEach, describe, expect, it } from 'vitest';
import { listenHybrid } from '../../../lib/http/hybrid.ts';
import type { Listener, ListenOptions } from '../../../lib/http/listener.ts';
import { listenNode } from '../../../lib/http/node.ts';
import type { EasRequest, EasResponse, Handler, Held } from '../../../lib/http/types.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { RawClient, rawRequest } from '../../support/raw-http.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function text(body: string, status = 200): EasResponse {
  const bytes = Buffer.from(body);
  return { status, headers: { 'Content-Length': `${bytes.length}` }, body: bytes };
}

async function bodyOf(request: EasRequest): Promise<string> {
  if (request.body instanceof Uint8Array) return Buffer.from(request.body).toString('latin1');
  const chunks: Uint8Array[] = [];
  for await (const chunk of request.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

const echo: Handler = async (request) => {
  const { method, path, query, headers, source, origin } = request;
  return text(JSON.stringify({ method, path, query, headers, source, origin, body: await bodyOf(request) }));
};

/** A Held as the holder makes them, ended by the test. */
class TestHeld implements Held {
  readonly kind = 'held';
  readonly key = 'k';
  readonly deadline = 0;
  readonly abandoned = new Promise<void>((resolve) => {
    this.abandon = resolve;
  });
  declare abandon: () => void;
  sink: ((response: EasResponse) => void) | undefined;
  complete(sink: (response: EasResponse) => void): void {
    this.sink = sink;
  }
}

/** Promises that the test waits for instead of the clock. */
function signalled<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((given) => {
    resolve = given;
  });
  return { promise, resolve };
}

const PING = rawRequest('/Microsoft-Server-ActiveSync?Cmd=Ping', 'abc');
const ODD = { 'X-Odd': 'a', Connection: 'keep-alive, x-odd' };

describe.each([
  ['node', listenNode],
  ['hybrid', listenHybrid],
] as const)('the %s listener', (_, listen) => {
  async function start(handler: Handler, options: Partial<ListenOptions> = {}): Promise<Listener> {
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

  it('gives the handler the request as it was sent', async () => {
    const client = await open(await start(echo));
    await client.write(rawRequest('/Path%20x?Cmd=a%2Bb+c', '\0\xff', { 'X-One': ' Two ' }));
    const answer = await client.answer();
    expect(answer).toMatchObject({ status: 200, reason: 'OK', headers: { connection: 'keep-alive' } });
    expect(JSON.parse(`${answer?.body}`)).toEqual({
      method: 'POST',
      path: '/Path%20x',
      query: 'Cmd=a%2Bb+c',
      headers: { host: 'mail.example.com', 'content-length': '2', 'x-one': 'Two' },
      source: '127.0.0.1',
      origin: 'http://mail.example.com',
      body: '\0\xff',
    });
  });

  it('serves one request after the other on a connection, plain ones and others', async () => {
    const client = await open(await start(echo));
    for (const request of [PING, PING, rawRequest('/', 'x', ODD), PING, rawRequest('/', '', {}, 'PUT')]) {
      await client.write(request);
      expect((await client.answer())?.status).toBe(200);
    }
  });

  it('serves requests that were sent ahead in their order', async () => {
    const client = await open(await start(echo));
    await client.write(Buffer.concat([rawRequest('/1'), rawRequest('/2', 'b'), rawRequest('/3', '', ODD)]));
    for (const path of ['/1', '/2', '/3']) expect(JSON.parse(`${(await client.answer())?.body}`).path).toBe(path);
  });

  it('serves a request byte by byte', async () => {
    const client = await open(await start(echo));
    for (const byte of PING) await client.write(Uint8Array.of(byte));
    expect(JSON.parse(`${(await client.answer())?.body}`).body).toBe('abc');
  });

  it('answers Expect: 100-continue before the body is sent', async () => {
    const client = await open(await start(echo));
    const whole = rawRequest('/', 'abc', { Expect: '100-continue' });
    await client.write(whole.subarray(0, whole.length - 3));
    expect((await client.answer())?.status).toBe(100);
    await client.write('abc');
    expect(JSON.parse(`${(await client.answer())?.body}`).body).toBe('abc');
  });

  it('reads chunked and large bodies', async () => {
    const client = await open(await start(echo));
    const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n';
    await client.write(chunked);
    expect(JSON.parse(`${(await client.answer())?.body}`).body).toBe('abcde');
    await client.write(rawRequest('/', 'z'.repeat(100_000)));
    expect(JSON.parse(`${(await client.answer())?.body}`).body).toHaveLength(100_000);
  });

  it('answers over a body that the handler did not read, and closes', async () => {
    const client = await open(await start(async () => text('too large', 413)));
    const whole = rawRequest('/', 'z'.repeat(200_000));
    await client.write(whole.subarray(0, 1000));
    const answer = await client.answer();
    expect(answer).toMatchObject({ status: 413, headers: { connection: 'close' } });
    await client.closed();
  });

  it('writes the reasons that only this protocol knows', async () => {
    const client = await open(await start(async () => text('', 449)));
    await client.write(PING);
    expect(await client.answer()).toMatchObject({ status: 449, reason: 'Retry With' });
  });

  it('writes a body that comes in pieces', async () => {
    const pieces = async function* () {
      for (let n = 0; n < 50; n++) yield Buffer.alloc(10_000, n);
    };
    const handler: Handler = async () => ({ status: 200, headers: { 'Content-Length': '500000' }, body: pieces() });
    const client = await open(await start(handler));
    for (let repeat = 0; repeat < 2; repeat++) {
      await client.write(PING);
      const answer = await client.answer();
      expect(answer?.body).toHaveLength(500_000);
      expect(answer?.body[499_999]).toBe(49);
    }
  });

  it('says 503 for a handler that rejects, and goes on', async () => {
    const client = await open(await start(() => Promise.reject(new Error('bug'))));
    await client.write(PING);
    expect((await client.answer())?.status).toBe(503);
    await client.write(PING);
    expect((await client.answer())?.status).toBe(503);
  });

  it('closes rather than write a header that ends its line', async () => {
    const client = await open(await start(async () => ({ ...text(''), headers: { 'X-A': 'b\r\nX-C: d' } })));
    await client.write(PING);
    expect(await client.answer()).toBeUndefined();
  });

  describe('with a held request', () => {
    async function held(options: Partial<ListenOptions> = {}) {
      const waiting = signalled<TestHeld>();
      const handler: Handler = async (request, signal) => {
        if (!request.query.includes('Ping')) return echo(request, signal);
        const one = new TestHeld();
        setImmediate(() => waiting.resolve(one));
        return one;
      };
      const listener = await start(handler, options);
      const client = await open(listener);
      await client.write(PING);
      return { listener, client, one: await waiting.promise };
    }

    it('sends the answer when it comes, and serves the next request', async () => {
      const { client, one } = await held();
      one.sink?.(text('news'));
      expect(`${(await client.answer())?.body}`).toBe('news');
      await client.write(rawRequest('/next'));
      expect(JSON.parse(`${(await client.answer())?.body}`).path).toBe('/next');
    });

    it('forgets it when the client goes away', async () => {
      const { client, one } = await held();
      client.close();
      await one.abandoned;
      one.sink?.(text('too late'));
    });

    it('forgets it when the client ends its side', async () => {
      const { client, one } = await held();
      client.socket.end();
      await one.abandoned;
      await client.closed();
    });

    it('keeps what is sent ahead until it is answered', async () => {
      const { client, one } = await held();
      await client.write(rawRequest('/ahead'));
      await client.write(rawRequest('/further', 'x'.repeat(50_000)));
      one.sink?.(text('news'));
      expect(`${(await client.answer())?.body}`).toBe('news');
      expect(JSON.parse(`${(await client.answer())?.body}`).path).toBe('/ahead');
      expect(JSON.parse(`${(await client.answer())?.body}`).path).toBe('/further');
    });

    it('takes a synchronous answer', async () => {
      const handler: Handler = async () => {
        const one = new TestHeld();
        one.complete = (sink) => sink(text('at once'));
        return one;
      };
      const client = await open(await start(handler));
      await client.write(PING);
      expect(`${(await client.answer())?.body}`).toBe('at once');
    });

    it('drains: no new connection, the answer closes the old one, nothing held is cut', async () => {
      const { listener, client, one } = await held();
      const idle = await open(listener);
      await idle.write(rawRequest('/'));
      await idle.answer();
      listener.drain();
      await idle.closed();
      await expect(RawClient.open(listener.port)).rejects.toThrow();
      one.sink?.(text('bye'));
      expect(await client.answer()).toMatchObject({ status: 200, headers: { connection: 'close' } });
      await client.closed();
    });

    it('drains and still answers what a load balancer sends until it has understood', async () => {
      const { listener, client, one } = await held();
      const idle = await open(listener);
      await idle.write(rawRequest('/'));
      await idle.answer();
      listener.drain('accepting');
      const late = await open(listener);
      await late.write(rawRequest('/health', '', {}, 'GET'));
      expect(await late.answer()).toMatchObject({ status: 503, body: Buffer.from('draining\n') });
      await late.closed();
      await idle.write(rawRequest('/'));
      expect(await idle.answer()).toMatchObject({ status: 200, headers: { connection: 'close' } });
      await idle.closed();
      one.sink?.(text('bye'));
      expect(await client.answer()).toMatchObject({ status: 200, headers: { connection: 'close' } });
      listener.drain();
      await expect(RawClient.open(listener.port)).rejects.toThrow();
    });
  });

  it('tells the handler when the client goes away', async () => {
    const began = signalled<void>();
    const aborted = signalled<void>();
    const listener = await start((_request, signal) => {
      began.resolve();
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.resolve();
          reject(signal.reason);
        });
      });
    });
    const client = await open(listener);
    await client.write(PING);
    await began.promise;
    client.close();
    await aborted.promise;
  });

  it('abandons what is held for a client that is already gone', async () => {
    const began = signalled<void>();
    const answer = signalled<Held>();
    const aborted = signalled<void>();
    const listener = await start((_request, signal) => {
      began.resolve();
      signal.addEventListener('abort', () => aborted.resolve());
      return answer.promise;
    });
    const client = await open(listener);
    await client.write(PING);
    await began.promise;
    client.close();
    await aborted.promise;
    const one = new TestHeld();
    answer.resolve(one);
    await one.abandoned;
    expect(one.sink).toBeTypeOf('function');
  });

  describe('asked for its health', () => {
    const health = (method = 'GET') => rawRequest('/healthz', '', {}, method);

    it('is well, until it drains', async () => {
      const release = signalled<EasResponse>();
      const began = signalled<void>();
      const listener = await start(() => {
        began.resolve();
        return release.promise;
      });
      const client = await open(listener);
      await client.write(health());
      expect(await client.answer()).toMatchObject({ status: 200, body: Buffer.from('ok\n') });
      // Busy with a request, so that draining leaves the connection; what was sent ahead is still answered.
      await client.write(PING);
      await began.promise;
      listener.drain();
      release.resolve(text('done'));
      expect(await client.answer()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    });

    it('takes GET and HEAD alone', async () => {
      const client = await open(await start(echo));
      await client.write(health('POST'));
      expect((await client.answer())?.status).toBe(405);
    });
  });

  it('serves pages beside the protocol', async () => {
    const pages = (request: EasRequest) => (request.path === '/ca.crt' ? text('certificate') : undefined);
    const client = await open(await start(echo, { pages }));
    await client.write(rawRequest('/ca.crt', '', {}, 'GET'));
    expect(`${(await client.answer())?.body}`).toBe('certificate');
  });

  it('believes as many proxies as it is told', async () => {
    const client = await open(await start(echo, { trustedHops: 1 }));
    await client.write(
      rawRequest('/', '', { 'X-Forwarded-For': '6.6.6.6, 203.0.113.9', 'X-Forwarded-Proto': 'https' }),
    );
    const seen = JSON.parse(`${(await client.answer())?.body}`);
    expect([seen.source, seen.origin]).toEqual(['203.0.113.9', 'https://mail.example.com']);
  });

  it('refuses a port that is taken', async () => {
    const { port } = await start(echo);
    await expect(start(echo, { port })).rejects.toThrow('EADDRINUSE');
  });

  it('refuses options that cannot be', async () => {
    await expect(start(echo, { trustedHops: Number.NaN })).rejects.toThrow(RangeError);
    await expect(start(echo, { timeouts: { head: 0 } })).rejects.toThrow(RangeError);
    await expect(start(echo, { timeouts: { keepAlive: Number.NaN } })).rejects.toThrow(RangeError);
  });
});
