import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SyncRequest, SyncResponse } from '../../lib/documents/sync.ts';
import type { MailboxId } from '../../lib/ops/ids.ts';
import { decode, encode } from '../../lib/wbxml/index.ts';
import { HOST } from '../infra/support.ts';
import type { Phone } from '../support/client/phone.ts';
import { missing } from '../support/servers/dynamodb.ts';
import { s3Missing } from '../support/servers/s3.ts';
import { ADDRESS, type Cloud, PASSWORD, startCloud, until } from './support/cloud.ts';
import { message } from './support/messages.ts';
import { synthesised } from './support/template.ts';
import { waitersOf } from './support/waiters.ts';

describe.skipIf((missing('dynoxide') ?? s3Missing()) !== undefined)('the system on AWS', () => {
  let cloud: Cloud;
  let kim: MailboxId;
  let phone: Phone;
  let count = 0;

  beforeAll(async () => {
    cloud = await startCloud({ drainSeconds: '4' });
    ({ id: kim } = await cloud.accounts.create({ address: ADDRESS, name: 'Kim', password: PASSWORD }));
    await cloud.addHolder();
    phone = cloud.phone('phone1');
    await phone.start();
    await phone.drain(phone.inbox);
  }, 120_000);
  afterAll(() => cloud?.stop());
  afterEach(async () => {
    await phone.drain(phone.inbox);
  });

  const ping = (one = phone) =>
    one.client.ping({ HeartbeatInterval: 480, Folders: { Folder: [{ Id: one.inbox.id, Class: 'Email' }] } });
  /** Until `n` more requests are registered than there were: rows that a dead process left may still be there. */
  let known = new Set<string>();
  const held = async (n: number) => {
    let rows = await waitersOf(cloud.store, kim);
    await until(async () => {
      rows = await waitersOf(cloud.store, kim);
      return rows.filter(({ request }) => !known.has(request)).length === n;
    });
    known = new Set([...known, ...rows.map(({ request }) => request)]);
  };
  const delivered = (n: number) => until(() => (cloud.lambdas.ingest.output().match(/"delivered"/g) ?? []).length >= n);
  const deliveries = () => (cloud.lambdas.ingest.output().match(/"delivered"/g) ?? []).length;
  const news = { Status: 2, Folders: { Folder: [expect.anything()] } };
  const deliver = () => cloud.put(`ses/fault-${++count}`, message(ADDRESS, `fault ${count}`));
  const socketOf = () => [...cloud.sockets.connections.keys()];

  describe('does its job', () => {
    it('delivers what was put into the bucket, and the Ping that the holder holds hears of it', async () => {
      const waiting = ping();
      await held(1);
      await deliver();
      expect((await waiting).document).toEqual({ Status: 2, Folders: { Folder: [phone.inbox.id] } });
      const { added } = await phone.drain(phone.inbox);
      expect(added.map((id) => phone.inbox.items.get(id)!.Subject)).toEqual([`fault ${count}`]);
      expect(new Set(cloud.balancer.lanes)).toEqual(new Set(['provision', 'commands', 'sync', 'holder']));
    }, 40_000);

    it('wakes by the stream alone where the writer cannot', async () => {
      const waiting = ping();
      await held(1);
      // What the writer posts is refused, all its attempts; the wake function comes later.
      cloud.sockets.refuse(500, 4);
      await deliver();
      expect((await waiting).document).toEqual(news);
      expect(cloud.lambdas.wake.output()).toContain('CommitToWake');
    }, 40_000);

    it('answers OPTIONS and Autodiscover from functions', async () => {
      const { headers } = await phone.client.discover();
      expect(headers['ms-asprotocolversions']).toContain('16.1');
      const url = `${cloud.balancer.url}/autodiscover/autodiscover.json?Email=${ADDRESS}&Protocol=ActiveSync`;
      const found = (await (await fetch(url)).json()) as object;
      expect(found).toEqual({ Protocol: 'ActiveSync', Url: `https://${HOST}/Microsoft-Server-ActiveSync` });
      expect(cloud.balancer.lanes.slice(-2)).toEqual(['provision', 'autodiscover']);
    }, 40_000);

    it.each([
      ['a base64 query', 'default', { query: 'base64' }],
      ['a client that is known to hang on Sync', 'holder', { userAgent: 'Outlook-iOS-Android/1.0' }],
    ] as const)(
      'serves %s from the holder, all of it',
      async (_, lane, options) => {
        const other = cloud.phone(`other-${lane}`, options);
        const before = cloud.balancer.lanes.length;
        await other.start();
        await other.drain(other.inbox);
        const waiting = ping(other);
        await held(1);
        await deliver();
        expect((await waiting).document).toEqual(news);
        expect(new Set(cloud.balancer.lanes.slice(before))).toEqual(new Set([lane]));
      },
      40_000,
    );

    it('steers a hanging Sync to the holder, where it is told as a Ping is', async () => {
      const { inbox } = phone;
      const request: SyncRequest = {
        Collections: { Collection: [{ SyncKey: inbox.syncKey, CollectionId: inbox.id, GetChanges: true }] },
        Wait: 8,
      };
      const body = encode(SyncRequest, request, 161);
      const brief = await phone.client.raw('Sync', body);
      expect(brief).toMatchObject({ status: 200, body: Buffer.alloc(0) });
      const [cookie] = brief.headers['set-cookie']![0]!.split(';');
      const waiting = phone.client.raw('Sync', body, { cookie: cookie! });
      await held(1);
      expect(cloud.balancer.lanes.slice(-2)).toEqual(['sync', 'holder']);
      await deliver();
      const { status, body: told } = await waiting;
      expect(status).toBe(200);
      const [collection] = decode(SyncResponse, told, 161).Collections!.Collection!;
      expect(phone.apply(inbox, collection!).added).toHaveLength(1);
    }, 40_000);

    it('says 200 at the path that the target group asks', async () => {
      expect((await fetch(cloud.balancer.holders[0] + synthesised().healthPath)).status).toBe(200);
    });

    it('takes no mail for strangers, and none that is for nobody here', async () => {
      const runs = cloud.lambdas.ingest.invocations;
      await cloud.put('ses/stranger', message('nobody@acme.test', 'stranger'));
      await cloud.put('ses/elsewhere', message('kim@other.test', 'elsewhere'));
      await cloud.put('ses/AMAZON_SES_SETUP_NOTIFICATION', 'set up');
      const says = (event: string) => cloud.lambdas.ingest.output().includes(event);
      await until(
        () => says('ingest-unknown') && says('ingest-nobody') && cloud.lambdas.ingest.invocations === runs + 3,
      );
      expect((await phone.drain(phone.inbox)).added).toEqual([]);
    }, 40_000);
  });

  // After each fault: no change stays untold, and no Ping is answered with what makes a phone stay away.
  it('the socket of a task is cut: the task connects again, and what was committed meanwhile is told', async () => {
    const waiting = ping();
    await held(1);
    cloud.sockets.closed = true;
    for (const id of socketOf()) cloud.sockets.cut(id);
    await until(() => socketOf().length === 0);
    const before = deliveries();
    await deliver();
    await delivered(before + 1);
    cloud.sockets.closed = false;
    expect((await waiting).document).toEqual(news);
  }, 40_000);

  it('a connection dies without a word: posting to it is answered with 410, and the new one is found', async () => {
    const waiting = ping();
    await held(1);
    for (const id of socketOf()) cloud.sockets.cut(id, 'lost');
    await until(() => socketOf().length === 1);
    await deliver();
    expect((await waiting).document).toEqual(news);
  }, 40_000);

  it('the wake function fails twice and is tried again', async () => {
    const waiting = ping();
    await held(1);
    // Else the writer itself would tell.
    cloud.sockets.refuse(500, 4);
    cloud.lambdas.wake.fail(2);
    const before = cloud.lambdas.wake.invocations;
    await deliver();
    expect((await waiting).document).toEqual(news);
    expect(cloud.lambdas.wake.invocations - before).toBeGreaterThanOrEqual(3);
    expect(cloud.source.dropped).toEqual([]);
  }, 40_000);

  it('posting is throttled for a moment', async () => {
    const waiting = ping();
    await held(1);
    cloud.sockets.refuse(429, 2);
    await deliver();
    expect((await waiting).document).toEqual(news);
  }, 40_000);

  it('stream records and the event of the bucket come twice: one message, one Ping', async () => {
    cloud.source.twice = true;
    const waiting = ping();
    await held(1);
    await deliver();
    expect((await waiting).document).toEqual(news);
    const { added } = await phone.drain(phone.inbox);
    expect(added).toHaveLength(1);
    const again = ping();
    await held(1);
    const text = message(ADDRESS, `fault ${count}`);
    await cloud.put('ses/the-same-again', text);
    await cloud.put('ses/another', message(ADDRESS, 'another'));
    expect((await again).document).toEqual(news);
    expect((await phone.drain(phone.inbox)).added).toHaveLength(1);
    cloud.source.twice = false;
  }, 40_000);

  it('a holder is killed: the phone comes back to another task and is told what it missed', async () => {
    const waiting = ping();
    await held(1);
    await cloud.addHolder();
    await cloud.holders[0]!.kill();
    const { status } = await waiting;
    expect(status).toBe(502);
    const before = deliveries();
    await deliver();
    await delivered(before + 1);
    expect((await ping()).document).toEqual(news);
  }, 40_000);

  it('the device moves between two holders: its older Ping ends, the newer one is told', async () => {
    await cloud.addHolder();
    const older = ping();
    await held(1);
    const newer = ping();
    expect((await older).document).toEqual({ Status: 1 });
    await held(1);
    await deliver();
    expect((await newer).document).toEqual(news);
    expect(cloud.balancer.holders).toHaveLength(2);
  }, 40_000);

  it('a task is deployed anew: all that it holds is answered with status 1, and nothing is lost', async () => {
    const [leaving] = cloud.holders;
    cloud.balancer.holders = [leaving!.url];
    const phones: Phone[] = [];
    // One after the other: all at once would start a process of each function for each of them.
    for (let n = 0; n < 8; n++) {
      const one = cloud.phone(`fleet${n}`);
      await one.start();
      await one.drain(one.inbox);
      phones.push(one);
    }
    const pings = phones.map((one) => ping(one));
    await held(8);
    cloud.balancer.holders = cloud.holders.slice(1).map(({ url }) => url);
    const code = leaving!.stop();
    const answers = await Promise.all(pings);
    expect(answers.map(({ status, document }) => [status, document])).toEqual(phones.map(() => [200, { Status: 1 }]));
    expect(await code).toBe(0);
    const left = (await waitersOf(cloud.store, kim)).filter(({ device }) => device.startsWith('fleet'));
    expect(left).toEqual([]);
    const before = deliveries();
    await deliver();
    await delivered(before + 1);
    for (const one of phones) expect((await ping(one)).document).toEqual(news);
  }, 60_000);
});
