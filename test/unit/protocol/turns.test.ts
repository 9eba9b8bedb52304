import { describe, expect, it } from 'vitest';
import type { EasResponse } from '../../../lib/http/types.ts';
import { document } from '../../../lib/protocol/command.ts';
import { settle } from '../../support/fake-clock.ts';
import { fails, Harness, post, QUERY } from './harness.ts';

const FOREVER = new AbortController().signal;

/** A server that works on `atOnce` requests, and commands that end when they are told to. */
function world(atOnce: number) {
  const harness = new Harness();
  harness.overrides = { limits: { atOnce } };
  const running: { name: string; end(): void }[] = [];
  const begun: string[] = [];
  harness.folderSync = ({ device }) => {
    begun.push(device.id);
    return new Promise((resolve) => {
      running.push({ name: device.id, end: () => resolve(document({ Status: 1 })) });
    });
  };
  const { handler } = harness;
  const ask = (name: string, signal = FOREVER, body?: AsyncIterable<Uint8Array>) => {
    const query = QUERY.replace('Dev1', name);
    return handler(post({ query, ...(body && { body }) }), signal) as Promise<EasResponse>;
  };
  return { harness, handler, ask, running, begun };
}

describe('requests that come all at once', () => {
  it('are worked on as many at a time as the limit says, and in the order in which they came', async () => {
    const { ask, running, begun } = world(2);
    const answers = ['a', 'b', 'c', 'd', 'e'].map((name) => ask(name));
    for (const expected of ['ab', 'abc', 'abcd', 'abcde', 'abcde', 'abcde']) {
      await settle();
      expect(begun.join('')).toBe(expected);
      expect(running.length).toBeLessThanOrEqual(2);
      running.shift()?.end();
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  const breaks = () => Promise.reject(new Error('unforeseen'));
  it.each<readonly [string, Partial<Harness>]>([
    ['is answered', { folderSync: () => document({ Status: 1 }) }],
    ['fails', { folderSync: fails(111) }],
    ['breaks', { folderSync: breaks }],
    ['is not let in', { device: { blocked: true } }],
    ['breaks before it is let in', { overrides: { limits: { atOnce: 1 }, policyGate: { check: breaks } } }],
  ])('get the turn of one that %s', async (_, way) => {
    const { harness } = world(1);
    Object.assign(harness, way);
    const { handler } = harness;
    for (let n = 0; n < 5; n++) {
      const answer = await handler(post(), FOREVER);
      expect('kind' in answer).toBe(false);
    }
  });

  it('get the turn of one that is held', async () => {
    const { harness, handler } = world(1);
    harness.ping = () => ({
      kind: 'held',
      hold: { deadline: 1, answer: async () => document({ Status: 1 }) } as never,
    });
    const query = QUERY.replace('FolderSync', 'Ping');
    for (let n = 0; n < 5; n++)
      expect(await handler(post({ query, body: new Uint8Array(0) }), FOREVER)).toHaveProperty('kind', 'held');
  });

  it('get the turn of one that takes too long', async () => {
    const { harness, ask, begun } = world(1);
    const first = ask('slow');
    const second = ask('next');
    await settle();
    expect(begun).toEqual(['slow']);
    await harness.clock.advance(60_000);
    expect((await first).status).toBe(200);
    await settle();
    expect(begun).toEqual(['slow', 'next']);
    await harness.clock.advance(60_000);
    await second;
  });

  it('wait for nobody who is still sending his body', async () => {
    const { ask, running } = world(1);
    let send = () => {};
    async function* body() {
      await new Promise<void>((resolve) => {
        send = resolve;
      });
      yield new Uint8Array(post().body as Uint8Array);
    }
    const slow = ask('slow', FOREVER, body());
    const quick = ask('quick');
    await settle();
    expect(running.map(({ name }) => name)).toEqual(['quick']);
    running.shift()!.end();
    expect((await quick).status).toBe(200);
    send();
    await settle();
    running.shift()!.end();
    expect((await slow).status).toBe(200);
  });

  it('are forgotten when their client goes while they wait', async () => {
    const { ask, running, begun } = world(1);
    const first = ask('first');
    const gone = new AbortController();
    const second = ask('gone', gone.signal);
    const third = ask('third');
    await settle();
    gone.abort(new Error('client gone'));
    running.shift()!.end();
    await Promise.all([first, second]);
    await settle();
    running.shift()!.end();
    await third;
    expect(begun).toEqual(['first', 'third']);
  });
});
