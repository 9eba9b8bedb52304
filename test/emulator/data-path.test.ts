import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openAdministration } from '../../lib/cloud/admin.ts';
import { readStack } from '../../lib/cloud/stack.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { ADDRESS, type Cloud, PASSWORD, startCloud, until } from '../cloud/support/cloud.ts';
import { message } from '../cloud/support/messages.ts';
import { waitersOf } from '../cloud/support/waiters.ts';
import { synthApp } from '../infra/support.ts';
import type { Phone } from '../support/client/phone.ts';
import { CREDENTIALS, deploy, ENDPOINT, REGION } from './deploy.ts';

describe('the data stack in the emulator', () => {
  const stack = `DirectPush-Data-${Date.now()}`;
  const where = { region: REGION, endpoint: ENDPOINT };

  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
    return () => vi.unstubAllEnvs();
  });

  it('is made by CloudFormation, and its outputs name its tables and its bucket', async () => {
    expect(await deploy(stack, synthApp().dataTemplate.toJSON())).toBe('CREATE_COMPLETE');
    // Not every emulator makes secrets.
    const { recoverySecret: _, ...deployed } = await readStack(stack, where);
    expect(new Set(Object.values(deployed)).size).toBe(5);
  });

  it('is worked on by the command line: an account, a message, a look at all of it', async () => {
    const { domain, scan, close } = await openAdministration(stack, where, { clock: systemClock, log: silentLog });
    try {
      await domain.accounts.create({ address: ADDRESS, name: 'Kim', password: PASSWORD });
      const large = Buffer.from(`${message(ADDRESS, 'large')}${'x'.repeat(300_000)}\r\n`);
      await domain.delivery.deliver(ADDRESS, large, { from: '', arrival: 'live' });
      const blobs: string[] = [];
      for await (const key of domain.store.blobs.list('')) blobs.push(key);
      expect(blobs.length).toBeGreaterThan(0);
      expect((await domain.store.blobs.get(blobs[0]!))!.length).toBeGreaterThan(250_000);
      let rows = 0;
      for await (const page of scan('mailboxes')) rows += page.length;
      expect(rows).toBeGreaterThan(10);
    } finally {
      await close();
    }
  });

  it('that is not there is said in a sentence', async () => {
    await expect(readStack('Nowhere', where)).rejects.toThrow('there is no stack Nowhere in us-east-1');
  });
});

/** Bundled functions and holder against the emulator's DynamoDB, Streams and S3; the load balancer is a test's own. */
describe('the data path through the emulator', () => {
  let cloud: Cloud;
  let phone: Phone;
  let mailbox: Parameters<typeof waitersOf>[1];

  beforeAll(async () => {
    cloud = await startCloud({ dynamo: 'endpoint', bare: true, over: { drainSeconds: '4' } });
    ({ id: mailbox } = await cloud.accounts.create({ address: ADDRESS, name: 'Kim', password: PASSWORD }));
    await cloud.addHolder();
    phone = cloud.phone('phone1');
    await phone.start();
    await phone.drain(phone.inbox);
  });
  afterAll(() => cloud?.stop());

  const held = () => until(async () => (await waitersOf(cloud.store, mailbox)).length > 0, 30_000);

  it('a message that is put into the bucket completes the held Ping, and the Sync has it', async () => {
    const waiting = phone.ping([phone.inbox]);
    await held();
    await cloud.put(`emulated-${Date.now()}`, message(ADDRESS, 'by the fast path'));
    expect((await waiting).document?.Status).toBe(2);
    const { added } = await phone.drain(phone.inbox);
    expect(added.map((id) => phone.inbox.items.get(id)?.Subject)).toEqual(['by the fast path']);
    await phone.drain(phone.inbox);
  });

  it('the stream wakes alone where the writer cannot', async () => {
    await until(async () => (await waitersOf(cloud.store, mailbox)).length === 0, 30_000);
    const waiting = phone.ping([phone.inbox]);
    await held();
    cloud.wire.refuse(500, 4);
    await cloud.receive(`emulated-${Date.now()}`, message(ADDRESS, 'by the stream'), { to: [ADDRESS] });
    expect((await waiting).document?.Status).toBe(2);
    expect(cloud.lambdas.wake.output()).toContain('CommitToWake');
  });
});
