import type { Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { albFunction, type LambdaHost } from '../../../lib/cloud/lambda-alb.ts';
import type { AlbResult } from '../../../lib/http/alb.ts';
import type { EasResponse, Handler, Held } from '../../../lib/http/types.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { albEvent } from '../../cloud/support/alb-event.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function setup(handler: Handler) {
  const added: unknown[][] = [];
  let flushes = 0;
  const host: LambdaHost = {
    clock: new FakeClock(),
    log: silentLog,
    metrics: { add: (...given) => void added.push(given), flush: () => void flushes++ },
    handler,
  };
  const run = albFunction(Promise.resolve(host));
  const event = albEvent({ method: 'POST', target: '/x?Cmd=Sync', headers: { host: 'h' }, body: Buffer.from('q') });
  const invoke = (remaining = 30_000) =>
    run(event, { getRemainingTimeInMillis: () => remaining } as Context) as Promise<AlbResult>;
  return { invoke, added, flushes: () => flushes };
}

const ok = (text: string): EasResponse => ({ status: 200, headers: {}, body: Buffer.from(text) });
const bodyOf = ({ body }: AlbResult) => Buffer.from(body, 'base64').toString();

describe('a function behind the load balancer', () => {
  it('answers, and writes its metrics', async () => {
    const { invoke, flushes } = setup(async ({ query, body }) => ok(`${query} ${Buffer.from(body as Uint8Array)}`));
    const result = await invoke();
    expect(result.statusCode).toBe(200);
    expect(bodyOf(result)).toBe('Cmd=Sync q');
    expect(flushes()).toBe(1);
  });

  it('waits for what is held for a moment', async () => {
    const held: Held = {
      kind: 'held',
      key: 'k',
      deadline: 0,
      complete: (sink) => setImmediate(() => sink(ok('late'))),
      abandon() {},
    };
    expect(bodyOf(await setup(async () => held).invoke())).toBe('late');
  });

  it('answers 503 where it fails, never 500 or 502', async () => {
    const { invoke, added, flushes } = setup(async () => {
      throw new TypeError('a bug');
    });
    expect(await invoke()).toMatchObject({ statusCode: 503, multiValueHeaders: { 'Retry-After': ['30'] } });
    expect(added).toEqual([['Failures', 1, 'unexpected']]);
    expect(flushes()).toBe(1);
  });

  it('answers 503 before its time is over, and ends what it was doing', async () => {
    let aborted = false;
    const { invoke } = setup((_, signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    expect((await invoke(1520)).statusCode).toBe(503);
    expect(aborted).toBe(true);
  });

  it('counts an answer that is too large and goes to the other lane', async () => {
    const { invoke, added } = setup(async () => ({ ...ok(''), body: new Uint8Array(2_000_000) }));
    expect((await invoke()).statusCode).toBe(503);
    expect(added).toEqual([['LaneChanges', 1]]);
  });
});
