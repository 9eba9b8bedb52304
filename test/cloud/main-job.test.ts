import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MailboxId } from '../../lib/ops/ids.ts';
import { missing } from '../support/servers/dynamodb.ts';
import { s3Missing } from '../support/servers/s3.ts';
import { ADDRESS, type Cloud, PASSWORD, startCloud, until } from './support/cloud.ts';
import { waitersOf } from './support/waiters.ts';

const mail = (subject: string, id = subject) =>
  [
    'From: Alex <alex@sender.test>',
    `To: ${ADDRESS}`,
    `Subject: ${subject}`,
    `Message-ID: <${id}@sender.test>`,
    `Date: ${new Date().toUTCString()}`,
    '',
    'Hello.',
    '',
  ].join('\r\n');

describe.skipIf((missing('dynoxide') ?? s3Missing()) !== undefined)('the system on AWS', () => {
  let cloud: Cloud;
  let kim: MailboxId;
  beforeAll(async () => {
    cloud = await startCloud();
    await cloud.addHolder();
    ({ id: kim } = await cloud.accounts.create({ address: ADDRESS, name: 'Kim', password: PASSWORD }));
  }, 120_000);
  afterAll(() => cloud?.stop());

  it('delivers what was put into the bucket, and the Ping that the holder holds hears of it', async () => {
    const phone = cloud.phone();
    await phone.start();
    await phone.drain(phone.inbox);
    const ping = phone.client.ping({ HeartbeatInterval: 480, Folders: { Folder: [{ Id: phone.inbox.id, Class: 'Email' }] } });
    await until(async () => (await waitersOf(cloud.store, kim)).length === 1);
    await cloud.put('ses/one', mail('one'));
    const { document } = await ping;
    expect(document).toEqual({ Status: 2, Folders: { Folder: [phone.inbox.id] } });
    const { added } = await phone.drain(phone.inbox);
    expect(added.map((id) => phone.inbox.items.get(id)!.Subject)).toEqual(['one']);
    expect(new Set(cloud.balancer.lanes)).toEqual(new Set(['provision', 'commands', 'sync', 'holder']));
    expect(cloud.lambdas.wake.invocations).toBeGreaterThan(0);
  }, 60_000);
});
