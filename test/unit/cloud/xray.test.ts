import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { xrayTracer } from '../../../lib/cloud/xray.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const TRACE = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';

function traced(header: string | undefined) {
  const sent: string[] = [];
  const clock = new FakeClock(1_700_000_000_000);
  const env = { _X_AMZN_TRACE_ID: header } as NodeJS.ProcessEnv;
  return { clock, env, sent, tracer: xrayTracer(clock, env, (datagram) => void sent.push(datagram)) };
}

const bodyOf = (datagram: string) => JSON.parse(datagram.split('\n')[1]!) as Record<string, unknown>;

describe('spans as X-Ray subsegments', () => {
  it('belong to the trace of the invocation, with times in seconds', async () => {
    const { tracer, sent, clock } = traced(TRACE);
    const result = await tracer.run('request', async (span) => {
      span.set({ command: 'Sync', status: 200, failure: undefined, gone: null });
      await clock.advance(1500);
      return 'answer';
    });
    expect(result).toBe('answer');
    expect(sent).toHaveLength(1);
    expect(sent[0]!.split('\n')[0]).toBe('{"format":"json","version":1}');
    expect(bodyOf(sent[0]!)).toEqual({
      type: 'subsegment',
      name: 'request',
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      trace_id: '1-5759e988-bd862e3fe1be46a994272793',
      parent_id: '53995c3f42cd8ad8',
      start_time: 1_700_000_000,
      end_time: 1_700_000_001.5,
      annotations: { command: 'Sync', status: 200 },
    });
  });

  it('of a failure are faults, and it is thrown on without its words', async () => {
    const { tracer, sent } = traced(TRACE);
    await expect(tracer.run('wake', () => Promise.reject(new Error('a subject')))).rejects.toThrow('a subject');
    expect(bodyOf(sent[0]!)).toMatchObject({ name: 'wake', fault: true });
    expect(sent[0]).not.toContain('subject');
  });

  it.each([undefined, '', 'Root=1-a-b', 'nonsense', TRACE.replace('Sampled=1', 'Sampled=0')])(
    'are none in an invocation with %j',
    async (header) => {
      const { tracer, sent } = traced(header);
      expect(await tracer.run('look', async (span) => span.set({ x: 1 }) ?? 'seen')).toBe('seen');
      expect(sent).toEqual([]);
    },
  );

  it('follow the environment, which names another trace for every invocation', async () => {
    const { tracer, sent, env } = traced(TRACE);
    await tracer.run('request', async () => {});
    env._X_AMZN_TRACE_ID = TRACE.replace('Root=1', 'Root=2');
    await tracer.run('request', async () => {});
    expect(sent.map((one) => bodyOf(one).trace_id)).toEqual([
      '1-5759e988-bd862e3fe1be46a994272793',
      '2-5759e988-bd862e3fe1be46a994272793',
    ]);
  });

  it.each(['%', 'tcp:127.0.0.1:1 udp:%'])('go to the daemon at %s', async (place) => {
    const daemon = createSocket('udp4');
    onTestFinished(() => void daemon.close());
    await new Promise<void>((resolve) => daemon.bind(0, '127.0.0.1', resolve));
    const address = place.replace('%', `127.0.0.1:${(daemon.address() as AddressInfo).port}`);
    const heard = new Promise<string>((resolve) => daemon.once('message', (bytes) => resolve(bytes.toString())));
    const env = { _X_AMZN_TRACE_ID: TRACE, AWS_XRAY_DAEMON_ADDRESS: address } as NodeJS.ProcessEnv;
    await xrayTracer(new FakeClock(0), env).run('look', async () => {});
    expect(bodyOf(await heard).name).toBe('look');
  });
});
