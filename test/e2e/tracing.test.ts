import { describe, expect, it } from 'vitest';
import type { LogFields } from '../../lib/ops/log.ts';
import type { SpanName, Tracer } from '../../lib/ops/tracer.ts';
import { PASSWORD, startServer } from './harness.ts';

function recorder() {
  const spans: { readonly name: SpanName; fields: LogFields; ended: boolean }[] = [];
  const tracer: Tracer = {
    async run(name, work) {
      const span = { name, fields: {}, ended: false };
      spans.push(span);
      try {
        return await work({
          set: (fields) => {
            span.fields = { ...span.fields, ...fields };
          },
        });
      } finally {
        span.ended = true;
      }
    },
  };
  return { tracer, spans };
}

describe('a server with a tracer', () => {
  it('has a span for each request and for each look, and none for waiting', async () => {
    const { tracer, spans } = recorder();
    const server = await startServer({}, { tracer });
    const phone = server.phone();
    await phone.start();
    await phone.drain(phone.inbox);
    await phone.drain(phone.inbox);
    const before = spans.length;
    const ping = phone.ping([phone.inbox]);
    while (server.holder.held === 0) await new Promise((resolve) => setImmediate(resolve));
    while (!spans.slice(before).some(({ name, ended }) => name === 'look' && ended)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const waiting = spans.slice(before);
    expect(waiting.find(({ name }) => name === 'request')).toMatchObject({
      ended: true,
      fields: { command: 'Ping', status: 'held' },
    });
    // Everything has ended while the phone still waits.
    expect(waiting.filter(({ ended }) => !ended)).toEqual([]);
    await server.send({ subject: 'a secret subject' });
    expect((await ping).document?.Status).toBe(2);
    expect(spans.filter(({ fields }) => fields.command === 'Sync').map(({ fields }) => fields.status)).toContain(200);
  });

  it('says nothing of it that the log would not say', async () => {
    const { tracer, spans } = recorder();
    const server = await startServer({}, { tracer });
    const phone = server.phone();
    await phone.start();
    await server.send({ subject: 'a secret subject', text: 'a secret text' });
    await phone.drain(phone.inbox);
    await server.phone({ password: 'a wrong one' }).client.discover();
    const said = JSON.stringify(spans);
    expect(spans.length).toBeGreaterThan(5);
    for (const secret of ['secret', 'kim@', 'alex@', 'wrong one', PASSWORD]) expect(said).not.toContain(secret);
  });
});
