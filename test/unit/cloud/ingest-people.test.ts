import { describe, expect, it } from 'vitest';
import { type IngestDeps, ingestQueue } from '../../../lib/cloud/ingest.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { createMetrics } from '../../../lib/ops/metrics.ts';
import { openPeopleWorld, type PeopleWorld } from '../../support/people-world.ts';
import { eachStore } from '../../support/stores.ts';

const KIM = 'kim@example.test';
/** What SES writes in front of a message that it puts into the bucket. */
const fromSes = (raw: string, from = 'alex@sender.test') =>
  `Return-Path: <${from}>\r\nReceived: from mail.sender.test by inbound-smtp.eu-west-1.amazonaws.com\r\n with SMTP id x for <${KIM}>;\r\n` +
  ` Mon, 01 Jun 2026 12:00:00 +0000 (UTC)\r\nX-SES-RECEIPT: abc\r\n${raw}`;

interface Told {
  readonly to?: string;
  readonly from?: string;
  readonly spam?: boolean;
  readonly key?: string;
  readonly bounce?: IngestDeps['bounce'];
}

/** As SES tells the queue of a message that it put into the bucket. */
async function ingest(world: PeopleWorld, raw: string, told: Told = {}) {
  const { clock, delivery } = world;
  const { to = KIM, from = 'alex@sender.test', spam = false, key = 'ses/1', bounce } = told;
  const receipt = {
    ...{ recipients: [to], spfVerdict: { status: 'PASS' }, spamVerdict: { status: spam ? 'FAIL' : 'PASS' } },
    action: { type: 'S3', objectKey: key },
  };
  const answer = await ingestQueue(
    {
      Records: [
        { messageId: '1', body: JSON.stringify({ notificationType: 'Received', mail: { source: from }, receipt }) },
      ],
    },
    {
      ...{ clock, log: silentLog, delivery, domains: ['example.test'] },
      metrics: createMetrics('t', clock, () => {}),
      read: async () => ({ raw: Buffer.from(raw), metadata: {} }),
      bounce,
    },
  );
  expect(answer).toEqual({ batchItemFailures: [] });
}

eachStore(
  (_open, kind) => {
    describe('mail out of the bucket', () => {
      it('to somebody who is away is answered once, by the task that works the queue off', async () => {
        const world = await openPeopleWorld({ kind });
        const kim = await world.person(KIM, 'Kim');
        await world.oof.set(kim.id, { state: 1, messages: { unknown: { enabled: true, text: 'away', html: false } } });
        const raw = fromSes(world.letter('alex@sender.test', KIM).toString());
        // The queue tells of a message more than once.
        await Promise.all([ingest(world, raw), ingest(world, raw)]);
        await ingest(world, fromSes(world.letter('alex@sender.test', KIM).toString()));
        expect(world.relay.messages).toEqual([]);
        expect(await world.queued()).toBe(1);
        const task = world.process();
        await task.outbound.poll();
        expect(world.relay.messages.map(({ from, to }) => [from, ...to])).toEqual([['', 'alex@sender.test']]);
        expect(world.relay.messages[0]!.raw).toContain('Auto-Submitted: auto-replied');
        expect(await world.inbox(KIM)).toEqual(['Hi', 'Hi']);
      });

      it('that is the same each time, without Message-ID and Date, is there once for each time that it came', async () => {
        const world = await openPeopleWorld({ kind });
        await world.person(KIM);
        const alert = fromSes(`From: <alex@sender.test>\r\nTo: <${KIM}>\r\nSubject: Disk full\r\n\r\n90 %\r\n`);
        for (const key of ['ses/1', 'ses/1', 'ses/2', 'ses/1', 'ses/2']) await ingest(world, alert, { key });
        expect(await world.inbox(KIM)).toEqual(['Disk full', 'Disk full']);
      });

      it('without a sender, or that is spam, is not answered', async () => {
        const world = await openPeopleWorld({ kind });
        const kim = await world.person(KIM, 'Kim');
        await world.oof.set(kim.id, { state: 1, messages: { unknown: { enabled: true, text: 'away', html: false } } });
        await ingest(world, fromSes(world.letter('alex@sender.test', KIM).toString(), ''), { from: '' });
        // Whoever sent that is not whom it names.
        await ingest(world, fromSes(world.letter('alex@sender.test', KIM).toString()), { spam: true });
        expect(await world.inbox(KIM)).toEqual(['Hi', 'Hi']);
        expect(await world.queued()).toBe(0);
      });

      it('to a mailbox that is full or elsewhere is told to its sender, and not tried again', async () => {
        const world = await openPeopleWorld({ kind });
        const kim = await world.person(KIM);
        const raw = fromSes(world.letter('alex@sender.test', KIM).toString());
        for (const change of [{ quota: { items: 0 } }, { quota: {}, home: 'https://west.example.test' }]) {
          await world.accounts.update(kim.id, change);
          const told: unknown[] = [];
          await ingest(world, raw, { bounce: async (_, refused) => void told.push(...refused) });
          expect(told).toEqual([{ address: KIM, reason: 'home' in change ? 'moved' : 'full' }]);
        }
        expect(await world.inbox(KIM)).toEqual([]);
        // Who dropped them may have them back: the object is in the bucket still.
        await world.accounts.update(kim.id, { home: null });
        await ingest(world, raw);
        expect(await world.inbox(KIM)).toEqual(['Hi']);
      });

      it('to a group is with everybody in it', async () => {
        const world = await openPeopleWorld({ kind });
        await world.person(KIM);
        await world.groups.create({ address: 'team@example.test', members: [KIM, 'out@side.test'] });
        const raw = world.letter('alex@sender.test', 'team@example.test').toString();
        await ingest(world, fromSes(raw), { to: 'team@example.test' });
        await world.outbound.poll();
        expect(await world.inbox(KIM)).toEqual(['Hi']);
        expect(world.relay.messages.map(({ to }) => to)).toEqual([['out@side.test']]);
      });
    });
  },
  ['sqlite', 'dynamo'],
);
