import { describe, expect, it } from 'vitest';
import { createBouncer } from '../../../lib/cloud/bouncer.ts';
import { ingestObjects } from '../../../lib/cloud/ingest.ts';
import { type Delivered, NoRecipient } from '../../../lib/delivery/deliver.ts';
import type { IncomingMessage } from '../../../lib/delivery/message.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { createMetrics } from '../../../lib/ops/metrics.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { message } from '../../cloud/support/messages.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function setup(objects: Record<string, string>, metadata: Record<string, string> = {}) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const delivered: string[] = [];
  const bounced: string[][] = [];
  const known = new Set(['kim@acme.test', 'lee@acme.test']);
  const broken = new Set<string>();
  const metrics = createMetrics('t', clock, (line) => lines.push(line));
  const run = (...keys: string[]) =>
    ingestObjects(
      { Records: keys.map((key) => ({ s3: { object: { key } } })) },
      {
        clock,
        log: silentLog,
        metrics,
        domains: ['acme.test'],
        read: async (key) => (objects[key] === undefined ? undefined : { raw: Buffer.from(objects[key]), metadata }),
        delivery: {
          read: async (raw, envelope) => ({ raw, parsed: envelope }) as unknown as IncomingMessage,
          deliverTo: async (address) => {
            if (broken.has(address)) throw new StoreUnavailable('no');
            if (!known.has(address)) throw new NoRecipient();
            delivered.push(address);
            return {} as Delivered;
          },
        },
        bounce: async ({ from }, unknown) => void bounced.push([from, ...unknown]),
      },
    );
  return { run, delivered, bounced, broken, metrics, lines, clock };
}

describe('ingest', () => {
  it('delivers to every recipient, under keys as a form encodes them', async () => {
    const { run, delivered } = setup({ 'in/a b+c': message('kim@acme.test, lee@acme.test', 'x') });
    await run('in/a+b%2Bc');
    expect(delivered).toEqual(['kim@acme.test', 'lee@acme.test']);
  });

  it('goes on past a message that cannot be delivered, and fails in the end so that the event comes again', async () => {
    const { run, delivered, broken } = setup({
      a: message('lee@acme.test, kim@acme.test', 'a'),
      b: message('kim@acme.test', 'b'),
    });
    broken.add('lee@acme.test');
    await expect(run('a', 'b')).rejects.toThrow('1 of 2');
    expect(delivered).toEqual(['kim@acme.test', 'kim@acme.test']);
  });

  it('passes over objects that are gone, and the note that SES leaves', async () => {
    const { run, delivered } = setup({ 'ses/AMAZON_SES_SETUP_NOTIFICATION': message('kim@acme.test', 'x') });
    await run('gone', 'ses/AMAZON_SES_SETUP_NOTIFICATION');
    expect(delivered).toEqual([]);
  });

  it('tells the sender of unknown recipients, after the others got theirs', async () => {
    const { run, bounced, delivered, metrics, lines } = setup(
      { a: message('x', 'a') },
      { 'mail-from': 'alex@sender.test', 'rcpt-to': 'no@acme.test,kim@acme.test' },
    );
    await run('a');
    expect(delivered).toEqual(['kim@acme.test']);
    expect(bounced).toEqual([['alex@sender.test', 'no@acme.test']]);
    metrics.flush();
    expect(lines.join()).toContain('"MailUnknownRecipient":1');
  });

  it.each([
    ['has no sender', '', { 'rcpt-to': 'no@acme.test' }],
    ['is automatic', 'Auto-Submitted: auto-replied\r\n', { 'mail-from': 'a@b.test', 'rcpt-to': 'no@acme.test' }],
    ['is of a list', 'List-Id: <l.test>\r\n', { 'mail-from': 'a@b.test', 'rcpt-to': 'no@acme.test' }],
  ])('tells nobody where the message %s', async (_, line, metadata) => {
    const { run, bounced } = setup({ a: line + message('x', 'a') }, metadata as Record<string, string>);
    await run('a');
    expect(bounced).toEqual([]);
  });
});

describe('the report to a sender', () => {
  it('goes to the sender alone, from nobody, and says who is unknown', async () => {
    const sent: { from: string; to: readonly string[]; raw: string }[] = [];
    const relay = {
      send: async (from: string, to: readonly string[], raw: Uint8Array) => {
        sent.push({ from, to, raw: Buffer.from(raw).toString() });
        return [{ kind: 'sent' as const }];
      },
      close() {},
    };
    const bounce = createBouncer(relay, 'eas.acme.test', { clock: new FakeClock(), log: silentLog });
    const raw = Buffer.from(message('no@acme.test', 'Secret plan'));
    await bounce({ from: 'alex@sender.test', to: ['no@acme.test'], trace: '', raw, automatic: false }, [
      'no@acme.test',
    ]);
    expect(sent).toMatchObject([{ from: '', to: ['alex@sender.test'] }]);
    expect(sent[0]!.raw).toContain('Final-Recipient: rfc822; no@acme.test');
    expect(sent[0]!.raw).toContain('Auto-Submitted: auto-replied');
    expect(sent[0]!.raw).not.toContain('Hello.');
  });
});
