import { describe, expect, it } from 'vitest';
import { createBouncer } from '../../../lib/cloud/bouncer.ts';
import { ingestObjects, type Refused } from '../../../lib/cloud/ingest.ts';
import { type Delivered, MovedAway, NoRecipient, NotAllowed } from '../../../lib/delivery/deliver.ts';
import type { IncomingMessage } from '../../../lib/delivery/message.ts';
import { QuotaExceeded } from '../../../lib/mailbox/quota.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { createMetrics } from '../../../lib/ops/metrics.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { message } from '../../cloud/support/messages.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function setup(objects: Record<string, string>, metadata: Record<string, string> = {}) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const delivered: string[] = [];
  const bounced: (string | Refused)[][] = [];
  const known = new Set(['kim@acme.test', 'lee@acme.test']);
  const broken = new Set<string>();
  const refusals = new Map<string, Error>();
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
            const refusal = refusals.get(address);
            if (refusal) throw refusal;
            if (!known.has(address)) throw new NoRecipient();
            delivered.push(address);
            return {} as Delivered;
          },
        },
        bounce: async ({ from }, unknown) => void bounced.push([from, ...unknown]),
      },
    );
  return { run, delivered, bounced, broken, refusals, metrics, lines, clock };
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
    expect(bounced).toEqual([['alex@sender.test', { address: 'no@acme.test', reason: 'unknown' }]]);
    metrics.flush();
    expect(lines.join()).toContain('"MailUnknownRecipient":1');
  });

  it.each([
    ['a full mailbox', new QuotaExceeded('bytes'), 'full'],
    ['one with a full folder', new QuotaExceeded('folderItems'), 'full'],
    ['one that never takes such a message', new QuotaExceeded('itemBytes'), 'never-fits'],
    ['one that is on another server', new MovedAway(), 'moved'],
    ['one that takes nothing from this sender', new NotAllowed(), 'refused'],
  ] as const)('%s is no trouble: its sender is told, and the event does not come again', async (_, refusal, reason) => {
    const { run, bounced, delivered, refusals, metrics, lines } = setup(
      { a: message('x', 'a') },
      { 'mail-from': 'alex@sender.test', 'rcpt-to': 'lee@acme.test,kim@acme.test' },
    );
    refusals.set('lee@acme.test', refusal);
    await run('a');
    expect(delivered).toEqual(['kim@acme.test']);
    expect(bounced).toEqual([['alex@sender.test', { address: 'lee@acme.test', reason }]]);
    metrics.flush();
    expect(lines.join()).toContain('"MailRefused":1');
    expect(lines.join()).toContain(`"Reason":"${reason}"`);
    expect(lines.join()).not.toContain('MailUnknownRecipient');
  });

  it('with trouble beside tells nobody before the trouble is over', async () => {
    const { run, bounced, broken, refusals } = setup(
      { a: message('x', 'a') },
      { 'mail-from': 'alex@sender.test', 'rcpt-to': 'lee@acme.test,kim@acme.test' },
    );
    refusals.set('lee@acme.test', new QuotaExceeded('bytes'));
    broken.add('kim@acme.test');
    await expect(run('a')).rejects.toThrow('1 of 1');
    expect(bounced).toEqual([]);
    broken.clear();
    await run('a');
    expect(bounced).toHaveLength(1);
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
    const refused = [
      { address: 'no@acme.test', reason: 'unknown' },
      { address: 'full@acme.test', reason: 'full' },
      { address: 'far@acme.test', reason: 'moved' },
    ] as const;
    const to = refused.map(({ address }) => address);
    await bounce({ from: 'alex@sender.test', to, trace: '', raw, automatic: false }, refused);
    expect(sent).toMatchObject([{ from: '', to: ['alex@sender.test'] }]);
    const said = (field: string) =>
      [...sent[0]!.raw.matchAll(new RegExp(`^${field}: (.+)\\r$`, 'gm'))].map(([, v]) => v);
    expect(said('Final-Recipient')).toEqual(to.map((address) => `rfc822; ${address}`));
    // Nobody tries again: a full mailbox is as final as the others.
    expect(said('Status')).toEqual(['5.1.1', '5.2.2', '5.1.6']);
    expect(said('Diagnostic-Code')[1]).toBe('smtp; 552 5.2.2 Mailbox full');
    expect(sent[0]!.raw).toContain('Auto-Submitted: auto-replied');
    expect(sent[0]!.raw).not.toContain('Hello.');
  });
});
