import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCloudDomain } from '../../lib/cloud/domain.ts';
import { openRecoveryVault } from '../../lib/cloud/recovery-key.ts';
import type { Domain } from '../../lib/embedded/domain.ts';
import { start } from '../../lib/embedded/start.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import type { DeviceId } from '../../lib/ops/ids.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { noMetrics } from '../../lib/ops/metrics.ts';
import { OPTIONAL_STACK_OUTPUTS, STACK_OUTPUTS } from '../../lib/ops/stack-outputs.ts';
import { openDynamoStore, prefixed } from '../../lib/store/dynamo/open.ts';
import { runCli } from '../support/cli.ts';
import { Phone } from '../support/client/phone.ts';
import { temporaryFolder } from '../support/make-store.ts';
import { type CloudFormationServer, startCloudFormation } from '../support/servers/cloudformation.ts';
import { dynamoServer, missing } from '../support/servers/dynamodb.ts';
import { type S3Server, s3Missing, startS3 } from '../support/servers/s3.ts';
import { type SecretsServer, startSecrets } from '../support/servers/secrets.ts';

const PASSWORD = 'typed by a person';
const REGION = 'eu-west-1';
const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:recovery-AbC123';

const absent = missing('dynoxide') ?? s3Missing();

/** Each command is a process of its own, and a busy machine takes its time. */
describe.skipIf(absent !== undefined)('the command line on a deployed stack', { timeout: 240_000 }, () => {
  let formation: CloudFormationServer;
  let s3: S3Server;
  let secrets: SecretsServer;
  let environment: NodeJS.ProcessEnv;
  const stores: string[] = [];
  const folders: string[] = [];

  /** Tables and a bucket as the stacks make them, and what the stack's outputs say of them. */
  async function deployed(name: string) {
    const { endpoint } = await dynamoServer('dynoxide');
    const names = prefixed(`cli-${process.pid}-${name}-`);
    const clients = { endpoint, region: REGION, credentials: s3.credentials };
    const base = { clock: systemClock, log: silentLog };
    const made = await openDynamoStore({
      ...clients,
      ...base,
      names,
      blobs: undefined as never,
      create: true,
      follow: false,
    });
    await made.close();
    stores.push(name);
    const config = {
      mailboxesTable: names.mailboxes,
      devicesTable: names.devices,
      directoryTable: names.directory,
      blobBucket: name,
    };
    return { config, outputs: outputsOf(config) };
  }
  const outputsOf = (config: Readonly<Record<keyof typeof STACK_OUTPUTS, string>>) =>
    Object.fromEntries(
      Object.entries(STACK_OUTPUTS).map(([what, [key]]) => [key, config[what as keyof typeof config]]),
    );

  const cli = (args: readonly string[], input?: string | Buffer) => runCli(args, { input, env: environment });
  const on = (stack: string, args: readonly string[], input?: string | Buffer) =>
    cli([...args, '--stack', stack, '--region', REGION], input);

  /** What the functions and the holder open. */
  async function domainOf(config: Parameters<typeof openCloudDomain>[0], run: (domain: Domain) => Promise<void>) {
    const before = { ...process.env };
    const base = { clock: systemClock, log: silentLog, metrics: noMetrics };
    Object.assign(process.env, environment);
    const domain = await openCloudDomain(config, base, { openVault: openRecoveryVault });
    try {
      await run(domain);
    } finally {
      await domain.close();
      process.env = before;
    }
  }

  let mail: Awaited<ReturnType<typeof deployed>>;
  let empty: Awaited<ReturnType<typeof deployed>>;

  beforeAll(async () => {
    s3 = await startS3(['mail', 'empty']);
    secrets = await startSecrets({ [SECRET]: randomBytes(32).toString('base64') });
    const { endpoint } = await dynamoServer('dynoxide');
    mail = await deployed('mail');
    empty = await deployed('empty');
    formation = await startCloudFormation({
      Mail: { outputs: { ...mail.outputs, [OPTIONAL_STACK_OUTPUTS.recoverySecret[0]]: SECRET } },
      Empty: { outputs: empty.outputs },
      Keyless: { outputs: mail.outputs },
      Torn: { outputs: { ...mail.outputs, TableDirectory: 'nowhere' } },
    });
    environment = {
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
      AWS_REGION: REGION,
      AWS_ENDPOINT_URL_CLOUDFORMATION: formation.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
    };
  });
  afterAll(async () => {
    await formation?.stop();
    await s3?.stop();
    await secrets?.stop();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  it('makes accounts, lists them, gives app passwords and disables', async () => {
    const added = await on(
      'Mail',
      ['user', 'add', 'kim@stack.test', '--name', 'Kim', '--alias', 'k@stack.test'],
      PASSWORD,
    );
    expect(added).toMatchObject({ code: 0, err: 'kim@stack.test made.\n' });
    const { out } = await on('Mail', ['user', 'list', '--json']);
    expect(JSON.parse(out)).toMatchObject([{ address: 'kim@stack.test', enabled: true, aliases: 'k@stack.test' }]);
    expect((await on('Mail', ['user', 'app-password', 'kim@stack.test'])).out.trim()).toMatch(/^\S{16,}$/);
    expect(await on('Mail', ['user', 'disable', 'kim@stack.test'])).toMatchObject({ code: 0 });
    expect(JSON.parse((await on('Mail', ['user', 'list', '--json'])).out)[0].enabled).toBe(false);
    expect(await on('Mail', ['user', 'enable', 'kim@stack.test'])).toMatchObject({ code: 0 });
  });

  it('sets a policy and shows it', async () => {
    const policy = { settings: { DevicePasswordEnabled: true } };
    expect(await on('Mail', ['policy', 'set', 'strict'], JSON.stringify(policy))).toMatchObject({ code: 0 });
    expect(await on('Mail', ['policy', 'assign', 'kim@stack.test', 'strict'])).toMatchObject({ code: 0 });
    expect(JSON.parse((await on('Mail', ['policy', 'show', 'strict'])).out)).toMatchObject(policy);
    expect(await on('Mail', ['policy', 'assign', 'kim@stack.test'])).toMatchObject({ code: 0 });
  });

  it('delivers into the bucket and the tables that the endpoint reads', async () => {
    const large = `Subject: by hand\r\n\r\n${'y'.repeat(300_000)}\r\n`;
    expect(await on('Mail', ['deliver', 'k@stack.test'], large)).toMatchObject({ code: 0 });
    await domainOf(mail.config, async ({ store, accounts }) => {
      const blobs: string[] = [];
      for await (const key of store.blobs.list('')) blobs.push(key);
      const { id } = (await accounts.byAddress('kim@stack.test'))!;
      expect(blobs.length).toBeGreaterThan(0);
      for (const key of blobs) expect(key.startsWith(id)).toBe(true);
    });
  });

  it('lists devices of an account, and says which one it does not have', async () => {
    expect(await on('Mail', ['device', 'list', 'kim@stack.test'])).toMatchObject({ code: 0, err: 'none\n' });
    const wiped = await on('Mail', ['device', 'wipe', 'kim@stack.test', 'NONE1', '--yes']);
    expect(wiped).toMatchObject({ code: 1, err: 'direct-push: kim@stack.test has no device NONE1\n' });
  });

  it('shows the password by which a device can be opened, where the stack has the key', async () => {
    const device = 'phone1' as DeviceId;
    const config = { ...mail.config, recoverySecret: SECRET };
    await domainOf(config, async ({ accounts, devices, policies, recovery }) => {
      await policies.save('recovery', { settings: { PasswordRecoveryEnabled: true } });
      const { id } = (await accounts.byAddress('kim@stack.test'))!;
      const account = await accounts.update(id, { policy: 'recovery' });
      await devices.decide(id, device, 'allow');
      expect(await recovery.set(account, device, 'hunter2')).toBe(true);
      await accounts.update(id, { policy: null });
    });
    const ask = (stack: string) => on(stack, ['device', 'password', 'kim@stack.test', 'PHONE1']);
    expect(await ask('Mail')).toMatchObject({ code: 0, out: 'hunter2\n' });
    // A stack of the same tables that says nothing of a key.
    const refused = 'direct-push: no recovery password of PHONE1 can be read here\n';
    expect(await ask('Keyless')).toMatchObject({ code: 1, out: '', err: refused });
    await domainOf(config, async ({ accounts, devices }) => {
      await devices.remove((await accounts.byAddress('kim@stack.test'))!.id, device);
    });
  });

  it('backs a stack up, and the backup starts as a server on this machine', async () => {
    const [backup, data] = [await temporaryFolder(), path.join(await temporaryFolder(), 'data')];
    folders.push(backup, data);
    const first = await on('Mail', ['backup', backup]);
    expect(first).toMatchObject({ code: 0, err: expect.stringMatching(/MB of rows, [12] files copied, 0 were there/) });
    const again = await on('Mail', ['backup', backup]);
    expect(again.err).toMatch(/MB of rows, 0 files copied, [12] were there/);
    expect(await cli(['restore', backup, '--data', data])).toMatchObject({ code: 0, err: '1 mailboxes restored.\n' });
    const server = await start({ port: 0, smtpPort: 0, dataDir: data }, { log: silentLog });
    try {
      const phone = new Phone({ url: server.url, user: 'kim@stack.test', password: PASSWORD, deviceId: 'BACKUP1' });
      await phone.start();
      const { added } = await phone.drain(phone.inbox);
      expect(added.map((id) => phone.inbox.items.get(id)?.Subject)).toEqual(['by hand']);
    } finally {
      await server.close();
    }
    expect((await readFile(path.join(backup, 'backup.json'), 'utf8')).length).toBeGreaterThan(10);
    // And from there to another stack.
    expect(await on('Empty', ['restore', backup])).toMatchObject({ code: 0, err: '1 mailboxes restored.\n' });
    expect(JSON.parse((await on('Empty', ['user', 'list', '--json'])).out)).toMatchObject([
      { address: 'kim@stack.test' },
    ]);
    const refused = await on('Empty', ['restore', backup]);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('there are accounts in this stack') });
    await domainOf(empty.config, async ({ accounts, mailboxes, store }) => {
      const { id } = (await accounts.byAddress('kim@stack.test'))!;
      for await (const blob of store.blobs.list('')) expect(await store.blobs.get(blob)).toBeDefined();
      expect(mailboxes.open(id)).toBeDefined();
    });
  });

  it.each([
    [
      'a stack that does not exist',
      ['user', 'list', '--stack', 'Nowhere', '--region', REGION],
      'there is no stack Nowhere',
    ],
    ['a table that is gone', ['user', 'list', '--stack', 'Torn', '--region', REGION], 'does not exist'],
    ['two stores at once', ['user', 'list', '--stack', 'Mail', '--data', 'x'], '--stack and --data name two'],
    ['what runs on this machine', ['serve', '--stack', 'Mail'], '--stack is for commands on'],
  ])('%s is said in a sentence', async (_, args, sentence) => {
    const { code, err } = await cli(args);
    expect(code).toBe(1);
    expect(err).toMatch(/^direct-push: [^\n]+\n$/);
    expect(err).toContain(sentence);
  });

  it('without credentials it says how to get some', async () => {
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...rest } = environment;
    const kept = environment;
    environment = { ...rest, AWS_EC2_METADATA_DISABLED: 'true', HOME: '/nonexistent' };
    try {
      const { code, err } = await on('Mail', ['user', 'list']);
      expect(code).toBe(1);
      expect(err).toMatch(/^direct-push: no AWS credentials: /);
    } finally {
      environment = kept;
    }
  });
});
