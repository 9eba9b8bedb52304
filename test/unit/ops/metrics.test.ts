import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../lib/ops/metrics.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function setup() {
  const lines: Record<string, unknown>[] = [];
  const clock = new FakeClock();
  const metrics = createMetrics('Acme', clock, (line) => lines.push(JSON.parse(line)));
  return { lines, clock, metrics };
}

describe('metrics', () => {
  it('are lines of the embedded metric format, with the service as dimension', () => {
    const { lines, clock, metrics } = setup();
    metrics.add('HeldRequests', 12);
    expect(lines).toEqual([]);
    metrics.flush();
    expect(lines).toEqual([
      {
        _aws: {
          Timestamp: clock.now(),
          CloudWatchMetrics: [
            { Namespace: 'DirectPush', Dimensions: [['Service']], Metrics: [{ Name: 'HeldRequests', Unit: 'Count' }] },
          ],
        },
        Service: 'Acme',
        HeldRequests: 12,
      },
    ]);
    metrics.flush();
    expect(lines).toHaveLength(1);
  });

  it('with a dimension of their own are given with it and without it, by its values', () => {
    const { lines, metrics } = setup();
    metrics.add('Commands', 1, 'Sync');
    metrics.add('Commands', 1, 'Ping');
    metrics.add('Commands', 1, 'Sync');
    metrics.flush();
    expect(lines.map(({ Command, Commands }) => [Command, Commands])).toEqual([
      ['Sync', [1, 1]],
      ['Ping', 1],
    ]);
    expect(lines[0]).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Dimensions: [['Service'], ['Service', 'Command']] }] },
    });
  });

  it('go without a dimension that they do not have', () => {
    const { lines, metrics } = setup();
    metrics.add('StaleWaiters', 1, 'x');
    metrics.flush();
    expect(lines[0]).toMatchObject({ _aws: { CloudWatchMetrics: [{ Dimensions: [['Service']] }] } });
  });

  it('are never more than a hundred values in a line, and none is lost', () => {
    const { lines, metrics } = setup();
    for (let n = 1; n <= 250; n++) metrics.add('CommandLatency', n, 'Sync');
    metrics.flush();
    const values = lines.map(({ CommandLatency }) => CommandLatency as number[]);
    expect(values.map((some) => some.length)).toEqual([100, 100, 50]);
    expect(values.flat().reduce((sum, n) => sum + n)).toBe((250 * 251) / 2);
  });

  it('leave out what is no number', () => {
    const { lines, metrics } = setup();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) metrics.add('Heartbeat', value);
    metrics.flush();
    expect(lines).toEqual([]);
  });

  it('take bounded memory, whatever the dimension holds', () => {
    const { lines, metrics } = setup();
    for (let n = 0; n < 1000; n++) metrics.add('Failures', 1, `failure-${n}`);
    expect(lines.length).toBeGreaterThan(900);
  });
});
