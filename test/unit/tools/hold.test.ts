import { describe, expect, it } from 'vitest';
import { holdMany, lineOf, type Standing } from '../../../tools/hold.ts';
import { until } from '../../cloud/support/until.ts';
import { PASSWORD, startServer } from '../../e2e/harness.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const USER = 'kim@example.test';

describe('the probe that holds many Pings', () => {
  it('holds as many as it was told, through a message, until its time is over', async () => {
    const server = await startServer();
    const clock = new FakeClock();
    const told: Standing[] = [];
    const count = 12;
    const order = { url: server.url, user: USER, password: PASSWORD, count, seconds: 60, clock };
    const holding = holdMany(order, (standing) => told.push(standing));
    const all = () => until(() => server.holder.held === count);
    await all();
    await server.deliver(USER, 'Subject: x\r\n\r\nx\r\n');
    const twos = () => told.at(-1)?.ends.get('status 2') ?? 0;
    for (let n = 0; n < 5 && twos() < count; n++) {
      await all();
      await clock.advance(10_000);
    }
    await clock.advance(60_000);
    const { ends } = await holding;
    expect([...ends]).toEqual([['status 2', count]]);
    await until(() => server.holder.held === 0);
  });

  it('says what went wrong, by kind', async () => {
    const server = await startServer();
    const clock = new FakeClock();
    const order = { url: server.url, user: USER, password: 'not it', count: 3, seconds: 60, clock };
    const holding = holdMany(order, () => {});
    await clock.advance(60_000);
    const { held, ends } = await holding;
    expect([held, [...ends.values()].reduce((sum, n) => sum + n, 0)]).toEqual([0, 3]);
    expect(lineOf({ held: 5, ends: new Map([['HTTP 502', 2]]) })).toBe('held 5, HTTP 502: 2');
  });
});
