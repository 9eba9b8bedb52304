import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { FolderSyncRequest } from '../../../lib/documents/folder-sync.ts';
import type { EasResponse } from '../../../lib/http/types.ts';
import { document } from '../../../lib/protocol/command.ts';
import { encode } from '../../../lib/wbxml/index.ts';
import { settle } from '../../support/fake-clock.ts';
import { bytesOf, FOLDER_SYNC, folderSyncOf, Harness, HEADERS, named, pingOf, post, QUERY } from './harness.ts';

const withHeaders = (headers: Record<string, string>) => ({ headers: { ...HEADERS, ...headers } });

async function* pieces(bytes: Uint8Array, size = 3): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function small(bodyBytes: number): Harness {
  const harness = new Harness();
  harness.overrides = { limits: { bodyBytes, bodyMs: 1000 } };
  return harness;
}

describe('reading a body', () => {
  it('puts its pieces together', async () => {
    expect((await new Harness().send({ body: pieces(FOLDER_SYNC) })).status).toBe(200);
    expect(folderSyncOf(await new Harness().send({ body: pieces(FOLDER_SYNC, 99) })).Status).toBe(1);
  });

  it.each(['gzip', 'x-gzip', 'GZIP'])('takes it in %s', async (coding) => {
    const body = gzipSync(FOLDER_SYNC);
    expect((await new Harness().send({ body, ...withHeaders({ 'content-encoding': coding }) })).status).toBe(200);
  });

  it.each(['identity', ' Identity ', ''])('takes it in %j, as it is', async (coding) => {
    expect((await new Harness().send(withHeaders({ 'content-encoding': coding }))).status).toBe(200);
  });

  it('takes nothing for nothing, also where it says that it is gzip', async () => {
    const harness = new Harness();
    const query = QUERY.replace('FolderSync', 'Ping');
    for (const body of [new Uint8Array(0), pieces(new Uint8Array(0))]) {
      const response = await harness.send({ query, body, ...withHeaders({ 'content-encoding': 'gzip' }) });
      expect(pingOf(response).Status).toBe(1);
    }
  });

  it.each(['br', 'deflate', 'gzip, gzip'])('refuses %s with 415 and says what it takes', async (coding) => {
    const response = await new Harness().send(withHeaders({ 'content-encoding': coding }));
    expect([response.status, response.headers['Accept-Encoding']]).toEqual([415, 'gzip']);
  });

  it.each([
    ['no gzip', FOLDER_SYNC],
    ['gzip that ends early', gzipSync(FOLDER_SYNC).subarray(0, 20)],
  ])('refuses %s with 400', async (_, body) => {
    expect((await new Harness().send({ body, ...withHeaders({ 'content-encoding': 'gzip' }) })).status).toBe(400);
  });

  it('refuses a body over the limit: announced, whole, in pieces, or once it is inflated', async () => {
    const big = Buffer.alloc(2000);
    const harness = small(1000);
    expect((await harness.send({ ...withHeaders({ 'content-length': '1001' }) })).status).toBe(413);
    expect((await harness.send({ body: big })).status).toBe(413);
    expect((await harness.send({ body: pieces(big, 100) })).status).toBe(413);
    const bomb = gzipSync(big);
    expect(bomb.length).toBeLessThan(1000);
    expect((await harness.send({ body: bomb, ...withHeaders({ 'content-encoding': 'gzip' }) })).status).toBe(413);
    expect((await harness.send({ ...withHeaders({ 'content-length': '1000' }) })).status).toBe(200);
    const whole = small(FOLDER_SYNC.length);
    expect((await whole.send()).status).toBe(200);
    expect((await whole.send({ body: pieces(FOLDER_SYNC) })).status).toBe(200);
  });

  it('stops reading at the limit', async () => {
    let read = 0;
    let returned = false;
    async function* endless() {
      try {
        while (true) {
          read++;
          yield Buffer.alloc(100);
        }
      } finally {
        returned = true;
      }
    }
    expect((await small(1000).send({ body: endless() })).status).toBe(413);
    expect([read, returned]).toEqual([11, true]);
  });

  it('ends nothing that ended by itself', async () => {
    const harness = small(1000);
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const left = [FOLDER_SYNC];
    let returned = false;
    const iterator: AsyncIterator<Uint8Array> = {
      next: async () => ({ done: left.length === 0, value: left.shift()! }),
      return: async () => {
        returned = true;
        return { done: true, value: undefined };
      },
    };
    const body = { [Symbol.asyncIterator]: () => iterator };
    expect((await harness.handler(post({ body }), controller.signal)) as EasResponse).toMatchObject({ status: 200 });
    expect(returned).toBe(false);
    expect(new Set(removed.mock.calls.map(([name]) => name))).toEqual(new Set(['abort']));
  });

  it('waits no longer than the limit for one that stalls', async () => {
    const harness = small(1000);
    const body = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<Uint8Array>>(() => {}) }),
    };
    const answer = harness.send({ body });
    await harness.clock.advance(1000);
    expect((await answer).status).toBe(408);
    expect(harness.clock.pending).toBe(0);
  });

  it('ends when the client goes away', async () => {
    const harness = small(1000);
    const controller = new AbortController();
    const body = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<Uint8Array>>(() => {}) }),
    };
    const answer = harness.handler(post({ body }), controller.signal);
    await settle();
    controller.abort(named('AbortError'));
    await answer;
    expect(harness.clock.pending).toBe(0);
  });
});

describe('the memory of all bodies', () => {
  const syncOf = (size: number) => encode(FolderSyncRequest, { SyncKey: 'k'.repeat(size) }, 141);
  const large = syncOf(150_000);
  const little = syncOf(60_000);

  /** A server with room for two large bodies, whose commands go on until they are let go. */
  function busy() {
    const harness = new Harness();
    harness.overrides = { limits: { bodyBytes: 200_000, bodiesBytes: 320_000 } };
    const waiting: (() => void)[] = [];
    harness.folderSync = () =>
      new Promise((resolve) => waiting.push(() => resolve(document({ Status: 1, SyncKey: '1' }))));
    const { handler } = harness;
    const send = async (parts: Parameters<typeof post>[0]) =>
      (await handler(post(parts), new AbortController().signal)) as EasResponse;
    const end = () => {
      for (const go of waiting.splice(0)) go();
    };
    return { send, end, running: () => vi.waitFor(() => expect(waiting).toHaveLength(2)), waiting };
  }
  const packed = { body: gzipSync(large), ...withHeaders({ 'content-encoding': 'gzip' }) };

  it.each<[string, () => Parameters<typeof post>[0]]>([
    ['whole', () => ({ body: large })],
    ['in pieces', () => ({ body: pieces(large, 10_000) })],
    ['inflated from a few bytes', () => packed],
  ])('has an end, past which a body %s is told to come again, until there is room', async (_, body) => {
    const { send, end, running } = busy();
    const first = [send(body()), send(body())];
    await running();
    for (let n = 0; n < 3; n++) {
      const refused = await send(body());
      expect([refused.status, refused.headers['Retry-After']]).toEqual([503, '10']);
    }
    end();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    const again = [send(body()), send(body())];
    await running();
    end();
    expect((await Promise.all(again)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('is nothing that small bodies wait for, packed or not', async () => {
    const { send, end, running, waiting } = busy();
    const first = [send({ body: large }), send({ body: large })];
    await running();
    const small = [{ body: little }, { ...packed, body: gzipSync(little) }, { body: pieces(little, 7000) }].map(send);
    await vi.waitFor(() => expect(waiting).toHaveLength(5));
    end();
    expect((await Promise.all([...first, ...small])).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  it('comes back from what is refused, broken or breaks off', async () => {
    const { send, end, running } = busy();
    const bad = { ...packed, body: gzipSync(large, { level: 0 }).subarray(0, 140_000) };
    for (let n = 0; n < 3; n++) {
      expect((await send({ body: Buffer.alloc(150_000, 0xff) })).status).not.toBe(503);
      expect((await send(bad)).status).toBe(400);
      expect((await send({ ...packed, body: gzipSync(Buffer.alloc(300_000)) })).status).toBe(413);
    }
    const good = [send({ body: large }), send({ body: large })];
    await running();
    end();
    expect((await Promise.all(good)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('holds one body at least', () => {
    const harness = new Harness();
    harness.overrides = { limits: { bodyBytes: 2000, bodiesBytes: 1999 } };
    expect(() => harness.handler).toThrow('bodiesBytes');
  });
});

describe('compressing an answer', () => {
  const long = 'word '.repeat(1000);
  const answering = (SyncKey: string) => {
    const harness = new Harness();
    harness.folderSync = () => document({ Status: 1, SyncKey });
    return harness;
  };

  it('happens where the client takes gzip and it is worth it [MS-ASHTTP R197 R214]', async () => {
    const response = await answering(long).send(withHeaders({ 'accept-encoding': 'gzip, deflate' }));
    expect(response.headers['Content-Encoding']).toBe('gzip');
    expect(response.headers['Content-Length']).toBe(`${bytesOf(response).length}`);
    expect(response.headers['Content-Type']).toBe('application/vnd.ms-sync.wbxml');
    expect(folderSyncOf({ ...response, body: gunzipSync(bytesOf(response)) }).SyncKey).toBe(long);
  });

  it('happens beside the event loop for a large one', async () => {
    const huge = long.repeat(20);
    const response = await answering(huge).send(withHeaders({ 'accept-encoding': 'gzip' }));
    expect(folderSyncOf({ ...response, body: gunzipSync(bytesOf(response)) }).SyncKey).toBe(huge);
  });

  it.each(['', 'identity', 'gzip;q=0', 'gzip; q=0.000', 'br', '*;q=0'])(
    'does not happen for Accept-Encoding %j [MS-ASHTTP R215 R412]',
    async (accept) => {
      const response = await answering(long).send(withHeaders({ 'accept-encoding': accept }));
      expect(response.headers).not.toHaveProperty('Content-Encoding');
      expect(folderSyncOf(response).SyncKey).toBe(long);
    },
  );

  it.each(['GZIP', 'br, gzip;q=0.1', '*', 'x-gzip'])('happens for Accept-Encoding %j', async (accept) => {
    const response = await answering(long).send(withHeaders({ 'accept-encoding': accept }));
    expect(response.headers['Content-Encoding']).toBe('gzip');
  });

  it('never happens to a small answer', async () => {
    const small = await answering('a').send(withHeaders({ 'accept-encoding': 'gzip' }));
    expect(small.headers).not.toHaveProperty('Content-Encoding');
  });
});
