import { describe, expect, it } from 'vitest';
import { createBouncer } from '../../../lib/cloud/bouncer.ts';
import { arrivalsOf } from '../../../lib/cloud/inbound-queue.ts';
import { type IngestDeps, ingestQueue, type Refused } from '../../../lib/cloud/ingest.ts';
import { type Delivered, MovedAway, NoRecipient, NotAllowed } from '../../../lib/delivery/deliver.ts';
import type { IncomingMessage } from '../../../lib/delivery/message.ts';
import { QuotaExceeded } from '../../../lib/mailbox/quota.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { createMetrics } from '../../../lib/ops/metrics.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { message } from '../../cloud/support/messages.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** As S3 tells the queue of objects that somebody put. */
const put = (...keys: string[]) => JSON.stringify({ Records: keys.map((key) => ({ s3: { object: { key } } })) });

interface Told {
  readonly from?: string;
  readonly to?: readonly string[];
  readonly verdicts?: Readonly<Partial<Record<'spf' | 'dmarc' | 'spam' | 'virus', string>>>;
}

/** As SES tells the queue of a message that it put into the bucket. */
const received = (objectKey: string, { from = 'alex@sender.test', to = ['kim@acme.test'], verdicts = {} }: Told) =>
  JSON.stringify({
    notificationType: 'Received',
    mail: { source: from, destination: ['kim@acme.test'], commonHeaders: { to: ['kim@acme.test'] } },
    receipt: {
      recipients: to,
      ...Object.fromEntries(Object.entries(verdicts).map(([name, status]) => [`${name}Verdict`, { status }])),
      action: { type: 'S3', bucketName: 'inbound', objectKey },
    },
  });

function setup(
  objects: Record<string, string>,
  metadata: Record<string, string> = {},
  options: Partial<Pick<IngestDeps, 'harmful'>> = {},
) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const delivered: string[] = [];
  const bounced: (string | Refused)[][] = [];
  const known = new Set(['kim@acme.test', 'lee@acme.test']);
  const broken = new Set<string>();
  const refusals = new Map<string, Error>();
  const metrics = createMetrics('t', clock, (line) => lines.push(line));
  const unanswered: boolean[] = [];
  const tell = (...bodies: string[]) =>
    ingestQueue(
      { Records: bodies.map((body, n) => ({ messageId: `${n}`, body })) },
      {
        ...options,
        clock,
        log: silentLog,
        metrics,
        domains: ['acme.test'],
        read: async (key) => (objects[key] === undefined ? undefined : { raw: Buffer.from(objects[key]), metadata }),
        delivery: {
          read: async (raw, envelope) => {
            unanswered.push(envelope.unanswered === true);
            return { raw, parsed: envelope } as unknown as IncomingMessage;
          },
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
  /** @throws Error where some come again */
  const run = async (...keys: string[]) => {
    const { batchItemFailures: again } = await tell(...keys.map((key) => put(key)));
    if (again.length > 0) throw new Error(`${again.length} of ${keys.length}`);
  };
  return { run, tell, unanswered, delivered, bounced, broken, refusals, metrics, lines, clock };
}

describe('ingest', () => {
  it('delivers to every recipient, under keys as a form encodes them', async () => {
    const { run, delivered } = setup({ 'in/a b+c': message('kim@acme.test, lee@acme.test', 'x') });
    await run('in/a+b%2Bc');
    expect(delivered).toEqual(['kim@acme.test', 'lee@acme.test']);
  });

  it('goes on past a message that cannot be delivered, which comes again alone', async () => {
    const { tell, delivered, broken } = setup({
      a: message('lee@acme.test, kim@acme.test', 'a'),
      b: message('kim@acme.test', 'b'),
    });
    broken.add('lee@acme.test');
    expect(await tell(put('a'), put('b'))).toEqual({ batchItemFailures: [{ itemIdentifier: '0' }] });
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

describe('what SES received', () => {
  it('goes to whom the envelope names, blind recipients and a list too, and to nobody whom a header names', async () => {
    const { tell, delivered } = setup({ 'ses/1': message('everybody@list.test, kim@acme.test', 'x') });
    const bodies = [
      received('ses/1', { to: ['LEE@acme.test'] }),
      received('ses/1', { to: ['kim@acme.test', 'lee@acme.test'] }),
    ];
    expect(await tell(...bodies)).toEqual({ batchItemFailures: [] });
    expect(delivered).toEqual(['lee@acme.test', 'kim@acme.test', 'lee@acme.test']);
  });

  it('that other systems put under one key again and again are told apart by what S3 says of each', () => {
    const body = (sequencer: string) => JSON.stringify({ Records: [{ s3: { object: { key: 'in/a+b', sequencer } } }] });
    const [first, again, second] = ['1', '1', '2'].map((sequencer) => arrivalsOf(body(sequencer))[0]!);
    expect(first).toMatchObject({ key: 'in/a b' });
    expect(first!.once).toBe(again!.once);
    expect(first!.once).not.toBe(second!.once);
  });

  it.each([
    ['the word of S3 that it may write', JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'b' })],
    ['the word of SES that it may publish', 'Successfully validated SNS topic'],
    ['another notification', JSON.stringify({ notificationType: 'AmazonSnsSubscriptionSucceeded' })],
    ['no object', 'null'],
  ])('%s tells of no message', async (_, body) => {
    const { tell, delivered } = setup({});
    expect(await tell(body)).toEqual({ batchItemFailures: [] });
    expect(delivered).toEqual([]);
  });

  it.each([
    ['names no object', { notificationType: 'Received', mail: { source: 'a@b.test' }, receipt: { recipients: [] } }],
    ['has no envelope', { notificationType: 'Received', receipt: { action: { objectKey: 'ses/1' } } }],
    ['is of S3 and names no object', { Records: [{ s3: {} }] }],
  ])('but what tells of a message and %s is kept, to be looked at', async (_, body) => {
    const { tell } = setup({ 'ses/1': message('kim@acme.test', 'x') });
    expect((await tell(JSON.stringify(body))).batchItemFailures).toHaveLength(1);
  });

  it.each([
    ['SPF passes', 'alex@sender.test', { spf: 'PASS', dmarc: 'FAIL' }, true],
    ['DMARC passes for the domain of both senders', 'alex@sender.test', { spf: 'FAIL', dmarc: 'PASS' }, true],
    ['DMARC passes for another domain than the envelope’s', 'victim@other.test', { spf: 'FAIL', dmarc: 'PASS' }, false],
    ['nothing is known', 'alex@sender.test', { spf: 'GRAY', dmarc: 'GRAY' }, false],
    ['nothing was checked', 'alex@sender.test', {}, false],
    ['the checks fail', 'alex@sender.test', { spf: 'FAIL', dmarc: 'FAIL' }, false],
    ['it is spam', 'alex@sender.test', { spf: 'PASS', dmarc: 'PASS', spam: 'FAIL' }, false],
    ['it carries a virus', 'alex@sender.test', { spf: 'PASS', virus: 'FAIL' }, false],
  ])('and nobody takes bounces to a proven sender alone: where %s', async (_, from, verdicts, told) => {
    const { tell, bounced, metrics, lines } = setup({ 'ses/1': message('no@acme.test', 'x') });
    await tell(received('ses/1', { from, to: ['no@acme.test'], verdicts }));
    expect(bounced).toEqual(told ? [[from, { address: 'no@acme.test', reason: 'unknown' }]] : []);
    metrics.flush();
    expect(lines.join()).toContain('"MailUnknownRecipient":1');
    expect(lines.join().includes('"MailDropped":1')).toBe(!told);
  });

  it.each(['spam', 'virus'] as const)(
    'with %s is delivered unanswered, or dropped where that is wanted',
    async (found) => {
      const objects = { 'ses/1': message('kim@acme.test', 'x') };
      const body = received('ses/1', { verdicts: { spf: 'PASS', [found]: 'FAIL' } });
      const taken = setup(objects);
      await taken.tell(body);
      expect([taken.delivered, taken.unanswered]).toEqual([['kim@acme.test'], [true]]);
      const dropped = setup(objects, {}, { harmful: 'drop' });
      await dropped.tell(body);
      expect(dropped.delivered).toEqual([]);
      dropped.metrics.flush();
      expect(dropped.lines.join()).toContain(`"Reason":"${found}"`);
    },
  );

  it('and a sender whom only a field of the message names is not told', async () => {
    const { run, bounced } = setup(
      { a: `Return-Path: <victim@other.test>\r\n${message('x', 'a')}` },
      { 'rcpt-to': 'no@acme.test' },
    );
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
    const names = { hostName: 'eas.phones.test', domains: ['other.test', 'acme.test'] };
    const bounce = createBouncer(relay, names, { clock: new FakeClock(), log: silentLog });
    const raw = Buffer.from(message('no@acme.test', 'Secret plan'));
    const refused = [
      { address: 'no@acme.test', reason: 'unknown' },
      { address: 'full@acme.test', reason: 'full' },
      { address: 'far@acme.test', reason: 'moved' },
    ] as const;
    const to = refused.map(({ address }) => address);
    await bounce({ from: 'alex@sender.test', to, trace: '', raw, automatic: false, proven: true }, refused);
    expect(sent).toMatchObject([{ from: '', to: ['alex@sender.test'] }]);
    const said = (field: string) =>
      [...sent[0]!.raw.matchAll(new RegExp(`^${field}: (.+)\\r$`, 'gm'))].map(([, v]) => v);
    expect(said('Final-Recipient')).toEqual(to.map((address) => `rfc822; ${address}`));
    // As SES sends for the mail domains, and for no host beside them.
    expect(said('From')[0]).toBe('Mail Delivery System <mailer-daemon@acme.test>');
    expect(said('Reporting-MTA')).toEqual(['dns; eas.phones.test']);
    // Nobody tries again: a full mailbox is as final as the others.
    expect(said('Status')).toEqual(['5.1.1', '5.2.2', '5.1.6']);
    expect(said('Diagnostic-Code')[1]).toBe('smtp; 552 5.2.2 Mailbox full');
    expect(sent[0]!.raw).toContain('Auto-Submitted: auto-replied');
    expect(sent[0]!.raw).not.toContain('Hello.');
  });
});
