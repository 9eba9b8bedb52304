import { describe, expect, it } from 'vitest';
import { type OtelSpan, type OtelTracer, openTelemetryTracer } from '../../../lib/ops/open-telemetry.ts';
import { traced } from '../../../lib/ops/tracer.ts';

/** OpenTelemetry's tracer as far as it is used, with what it was told. */
function recorder() {
  const spans: { name: string; attributes: Record<string, unknown>; status?: number; ended: number }[] = [];
  const tracer: OtelTracer = {
    startActiveSpan<F extends (span: OtelSpan) => unknown>(name: string, work: F): ReturnType<F> {
      const record: (typeof spans)[number] = { name, attributes: {}, ended: 0 };
      spans.push(record);
      return work({
        setAttribute: (key, value) => {
          record.attributes[key] = value;
        },
        setStatus: ({ code }) => {
          record.status = code;
        },
        end: () => {
          record.ended++;
        },
      }) as ReturnType<F>;
    },
  };
  return { tracer: openTelemetryTracer(tracer), spans };
}

describe('spans by OpenTelemetry', () => {
  it('have a name of the product, attributes, and an end', async () => {
    const { tracer, spans } = recorder();
    expect(await traced(tracer, 'request', async (span) => span.set({ command: 'Sync', ms: 3 }) ?? 'done')).toBe(
      'done',
    );
    expect(spans).toEqual([
      { name: 'direct-push.request', attributes: { 'direct_push.command': 'Sync', 'direct_push.ms': 3 }, ended: 1 },
    ]);
  });

  it('leave out what is absent', async () => {
    const { tracer, spans } = recorder();
    await traced(tracer, 'wake', async (span) => span.set({ cause: undefined, task: null }));
    expect(spans[0]!.attributes).toEqual({});
  });

  it('of a failure have its class and not its words, and end once', async () => {
    const { tracer, spans } = recorder();
    await expect(traced(tracer, 'look', () => Promise.reject(new RangeError('a subject')))).rejects.toThrow(
      'a subject',
    );
    expect(spans).toEqual([
      { name: 'direct-push.look', attributes: { 'error.type': 'RangeError' }, status: 2, ended: 1 },
    ]);
  });
});

it('without a tracer the work is called, and its result is what comes', async () => {
  expect(await traced(undefined, 'request', async (span) => span.set({ a: 1 }) ?? 7)).toBe(7);
  await expect(traced(undefined, 'look', () => Promise.reject(new Error('x')))).rejects.toThrow('x');
});
