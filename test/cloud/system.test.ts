/** The whole system, from its synthesised template and its bundles: what it does while nothing is wrong. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SettingsRequest, SettingsResponse } from '../../lib/documents/settings.ts';
import { SyncRequest, SyncResponse } from '../../lib/documents/sync.ts';
import { createPolicies } from '../../lib/identity/policies.ts';
import { TableMailboxes } from '../../lib/mailbox/mailboxes.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import { CLOUD_ENV } from '../../lib/ops/cloud-env.ts';
import { decode, encode } from '../../lib/wbxml/index.ts';
import { HOST } from '../infra/support.ts';
import { missing } from '../support/servers/dynamodb.ts';
import { s3Missing } from '../support/servers/s3.ts';
import { ADDRESS, PASSWORD, until } from './support/cloud.ts';
import { message } from './support/messages.ts';
import { synthesised } from './support/template.ts';
import { outcome, told, World } from './support/world.ts';

/** Of the lambda lane, small enough to be filled by few messages. */
const BUDGET = 60_000;
/** Which lane answers Settings of which device. */
const SETTINGS = [
  ['forgetful1', 'commands', {}],
  ['forgetful2', 'default', { query: 'base64' }],
] as const;
const missingParts = (missing('dynoxide') ?? s3Missing()) !== undefined;

describe.skipIf(missingParts).each(['websocket', 'direct'] as const)('the system on AWS, %s', (transport) => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({ transport, over: { responseBytes: String(BUDGET) } });
  }, 120_000);
  afterAll(() => world?.stop());
  afterEach(() => world.calm());

  it('delivers what was put into the bucket, and the Ping that the holder holds hears of it', async () => {
    const waiting = world.ping();
    await world.held(1);
    const subject = await world.deliver();
    expect(outcome(await waiting)).toEqual(told(world.phone));
    expect(await world.arrivals()).toEqual([subject]);
    expect(new Set(world.cloud.balancer.lanes)).toEqual(new Set(['provision', 'commands', 'sync', 'holder']));
  }, 40_000);

  it('brings every delivery through the stream as well, and measures from the commit', async () => {
    const { wake } = world.cloud.lambdas;
    const before = wake.output().length;
    await world.delivered();
    await until(() => wake.output().slice(before).includes('CommitToWake'));
  }, 40_000);

  it('answers OPTIONS and Autodiscover from functions', async () => {
    const { balancer } = world.cloud;
    const { headers } = await world.phone.client.discover();
    expect(headers['ms-asprotocolversions']).toContain('16.1');
    const url = `${balancer.url}/autodiscover/autodiscover.json?Email=${ADDRESS}&Protocol=ActiveSync`;
    const found = (await (await fetch(url)).json()) as object;
    expect(found).toEqual({ Protocol: 'ActiveSync', Url: `https://${HOST}/Microsoft-Server-ActiveSync` });
    expect(balancer.lanes.slice(-2)).toEqual(['provision', 'autodiscover']);
  }, 40_000);

  it.each([
    ['a base64 query', 'default', { query: 'base64' }],
    ['a client that is known to hang on Sync', 'holder', { userAgent: 'Outlook-iOS-Android/1.0' }],
  ] as const)(
    'serves %s from the holder, all of it',
    async (_, lane, options) => {
      const { balancer } = world.cloud;
      const other = world.cloud.phone(`other-${lane}`, options);
      const before = balancer.lanes.length;
      await world.begin(other);
      const waiting = world.ping(other);
      await world.held(1);
      await world.deliver();
      expect(outcome(await waiting)).toEqual(told(other));
      expect(new Set(balancer.lanes.slice(before))).toEqual(new Set([lane]));
    },
    40_000,
  );

  it('steers a hanging Sync to the holder, where it is told as a Ping is', async () => {
    const { client, inbox } = world.phone;
    const { balancer } = world.cloud;
    const request: SyncRequest = {
      Collections: { Collection: [{ SyncKey: inbox.syncKey, CollectionId: inbox.id, GetChanges: true }] },
      Wait: 8,
    };
    const body = encode(SyncRequest, request, 161);
    const brief = await client.raw('Sync', body);
    expect(brief).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    const [cookie] = brief.headers['set-cookie']![0]!.split(';');
    const waiting = client.raw('Sync', body, { cookie: cookie! });
    await world.held(1);
    expect(balancer.lanes.slice(-2)).toEqual(['sync', 'holder']);
    await world.deliver();
    const { status, body: answer } = await waiting;
    expect(status).toBe(200);
    const [collection] = decode(SyncResponse, answer, 161).Collections!.Collection!;
    expect(world.phone.apply(inbox, collection!).added).toHaveLength(1);
  }, 40_000);

  it('ends an answer of the lambda lane at its budget; the task lane gives more at once', async () => {
    const { cloud, phone } = world;
    const [holder] = cloud.holders;
    const beside = cloud.phone('beside', { url: holder!.url });
    await world.begin(beside);
    for (const n of [1, 2, 3, 4]) await world.delivered(ADDRESS, `large ${n}`, 'x'.repeat(25_000));
    const windows = [await phone.sync(phone.inbox), await phone.sync(phone.inbox)];
    expect(windows.map(({ added, more }) => [added.length, more])).toEqual([
      [2, true],
      [2, false],
    ]);
    const { added, more } = await beside.sync(beside.inbox);
    expect([added.length, more]).toEqual([4, false]);
  }, 40_000);

  it('keeps the password by which a device can be opened; what answers Settings reads the key, once', async () => {
    const { cloud } = world;
    const { store, accounts, balancer } = cloud;
    const mailboxes = new TableMailboxes({ ...store, clock: systemClock });
    const policies = createPolicies({ table: store.table, clock: systemClock, directory: accounts, mailboxes });
    await policies.save('recovery', { settings: { PasswordRecoveryEnabled: true } });
    const user = 'forgetful@acme.test';
    await accounts.create({ address: user, name: 'Lee', password: PASSWORD, policy: 'recovery' });
    const read = cloud.secretsRead.length;
    const kept = { Status: 1, DevicePassword: { Status: 1 } };
    for (const [device, lane, options] of SETTINGS) {
      const phone = cloud.phone(device, { user, ...options });
      await world.begin(phone);
      for (const Password of ['first', 'second']) {
        const request: SettingsRequest = { DevicePassword: { Set: { Password } } };
        const { document } = await phone.client.command('Settings', SettingsRequest, request, SettingsResponse);
        expect(document).toEqual(kept);
        expect(balancer.lanes.at(-1)).toBe(lane);
      }
    }
    expect(cloud.secretsRead.length - read).toBe(2);
  }, 40_000);

  it('says 200 at the path that the target group asks', async () => {
    const [holder] = world.cloud.holders;
    expect((await fetch(holder!.url + synthesised(transport).healthPath)).status).toBe(200);
  });

  it('lets the wake function to the port where tasks take wakes, and to no other', () => {
    const { wakePorts, environment } = synthesised(transport);
    const port = environment('holder')[CLOUD_ENV.wakePort];
    expect(wakePorts.map(String)).toEqual(transport === 'direct' ? [port] : []);
  });

  it('takes no mail for strangers, and none that is for nobody here', async () => {
    const { cloud } = world;
    const { ingest } = cloud.lambdas;
    const runs = ingest.invocations;
    await cloud.receive('stranger', message(ADDRESS, 'stranger'), { to: ['nobody@acme.test'] });
    await cloud.put('elsewhere', message('kim@other.test', 'elsewhere'));
    await cloud.receive('AMAZON_SES_SETUP_NOTIFICATION', 'set up', { to: [ADDRESS] });
    const says = (event: string) => ingest.output().includes(event);
    await until(() => says('ingest-refused') && says('ingest-nobody') && ingest.invocations === runs + 3);
    expect(await world.arrivals()).toEqual([]);
  }, 40_000);

  it('takes in what the envelope says, and what another mail system puts there; once, though it comes again', async () => {
    const { cloud } = world;
    const { deliveries } = world;
    const runs = cloud.lambdas.ingest.invocations;
    cloud.lambdas.ingest.fail(2);
    const blind = message('everybody@list.test', 'blind');
    await cloud.receive('blind', blind, { to: [ADDRESS] });
    await cloud.receive('blind-again', blind, { to: [ADDRESS] });
    const own = { 'mail-from': 'alex@sender.test', 'rcpt-to': ADDRESS };
    await cloud.put('own/1', message('everybody@list.test', 'own'), own);
    await until(() => cloud.lambdas.ingest.invocations === runs + 5);
    await until(() => world.deliveries >= deliveries + 2);
    expect((await world.arrivals()).sort()).toEqual(['blind', 'own']);
    expect(cloud.mailQueue.setAside).toEqual([]);
  }, 40_000);

  it('asks for nothing that the template does not grant', () => {
    expect(world.cloud.denied).toEqual([]);
  });
});
