/** The whole system on this machine: bundles in processes of their own, emulated services between them. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DescribeTableCommand, DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Accounts, createAccounts } from '../../../lib/identity/accounts.ts';
import { buildBundle } from '../../../lib/infra/bundles.ts';
import { BUNDLE_BUDGETS, type BundleName, type FunctionName } from '../../../lib/infra/catalogue.ts';
import type { WakeTransportName } from '../../../lib/infra/props.ts';
import { TableMailboxes } from '../../../lib/mailbox/mailboxes.ts';
import { systemClock } from '../../../lib/ops/clock.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { openDynamoStore, prefixed } from '../../../lib/store/dynamo/open.ts';
import type { Store, TableName } from '../../../lib/store/ports.ts';
import { openS3Blobs } from '../../../lib/store/s3/blobs.ts';
import { keys } from '../../../lib/store/schema.ts';
import type { ClientOptions } from '../../support/client/client.ts';
import { Phone } from '../../support/client/phone.ts';
import { type FlakyProxy, startFlakyProxy } from '../../support/flaky-proxy.ts';
import { type DynamoServer, dynamoServer } from '../../support/servers/dynamodb.ts';
import { startS3 } from '../../support/servers/s3.ts';
import { startSecrets } from '../../support/servers/secrets.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { type EventSource, startEventSource } from './event-source.ts';
import { type Guard, startGuard } from './guard.ts';
import { startHolder, type TestHolder } from './holder.ts';
import { type TestLambda, testLambda } from './lambda.ts';
import { type MailQueue, startMailQueue } from './mail-queue.ts';
import { type Refusal, type SocketApi, startSocketApi } from './socket-api.ts';
import { filledIn, synthesised } from './template.ts';
import { until } from './until.ts';
import { type WakeRelays, wakeRelays } from './wake-relay.ts';

export { BUNDLE_BUDGETS, type BundleName, until };

export const PASSWORD = 'correct horse battery staple';
export const ADDRESS = 'kim@acme.test';

/** The last hop of a wake, whatever the transport. */
export interface Wire {
  refuse(how: Refusal, times: number): void;
  calm(): void;
}

export interface CloudOptions {
  readonly transport?: WakeTransportName;
  /** Settings of every process that differ from the template's. */
  readonly over?: Parameters<typeof filledIn>[0];
  /** No proxies in front of the tables and the wake ports: figures are the product's own. */
  readonly bare?: boolean;
  readonly dynamo?: DynamoServer;
}

export interface Cloud {
  readonly transport: WakeTransportName;
  readonly balancer: Balancer;
  /** Transport `websocket`. */
  readonly sockets: SocketApi;
  /** Transport `direct`, unless `bare`. */
  readonly relays: WakeRelays;
  readonly wire: Wire;
  readonly source: EventSource;
  /** What the wake function says to DynamoDB, and what all other processes say. */
  readonly tables: { readonly wake: FlakyProxy; readonly others: FlakyProxy };
  /** What a process is told. */
  readonly environment: (name: BundleName) => Readonly<Record<string, string>>;
  readonly streamArn: string;
  /** What processes asked for and the template does not grant them, unless `bare`. */
  readonly denied: readonly string[];
  /** Secrets that were read, in order. */
  readonly secretsRead: readonly string[];
  /** A connection to the tables for whoever wants one of its own. */
  readonly client: DynamoDBClientConfig;
  readonly names: Readonly<Record<TableName, string>>;
  readonly store: Store;
  readonly accounts: Accounts;
  readonly lambdas: Readonly<Record<FunctionName, TestLambda>>;
  readonly holders: TestHolder[];
  /** One more task, in service when it resolves. */
  addHolder(): Promise<TestHolder>;
  readonly mailQueue: MailQueue;
  /** Puts a message into the inbound bucket, as another mail system does. */
  put(name: string, message: string, metadata?: Record<string, string>): Promise<void>;
  /** Puts a message into the inbound bucket and tells of it, as SES does. */
  receive(
    name: string,
    message: string,
    envelope: { readonly to: readonly string[]; readonly spf?: string },
  ): Promise<void>;
  phone(device?: string, options?: Partial<ClientOptions>): Phone;
  stop(): Promise<void>;
}

const REGION = 'us-east-1';
const RECOVERY_SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:recovery-AbC123';
let runs = 0;

/** Bundles are built once for a file of tests. */
let bundleFolder: string | undefined;
const bundles = new Map<BundleName, string>();
export function bundleOf(name: BundleName): string {
  if (!bundleFolder) {
    const made = mkdtempSync(path.join(tmpdir(), 'dp-bundles-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    bundleFolder = made;
  }
  const built = bundles.get(name) ?? path.join(buildBundle(name, path.join(bundleFolder, name)).directory, 'index.mjs');
  bundles.set(name, built);
  return built;
}

export async function startCloud(options: CloudOptions = {}): Promise<Cloud> {
  const { transport = 'websocket', over = {}, bare = false } = options;
  const template = synthesised(transport);
  const dynamo = await dynamoServer(options.dynamo ?? 'dynoxide');
  const s3 = await startS3(['blobs', 'inbound']);
  const proxies = { wake: await startFlakyProxy(dynamo.endpoint), others: await startFlakyProxy(dynamo.endpoint) };
  const { accessKeyId, secretAccessKey } = s3.credentials;
  const secrets = await startSecrets({ [RECOVERY_SECRET]: randomBytes(32).toString('base64') });
  const names = prefixed(`cloud-${process.pid}-${++runs}-`);
  const client = { endpoint: dynamo.endpoint, region: REGION, credentials: s3.credentials };
  const blobs = openS3Blobs({ ...s3, bucket: 'blobs', region: REGION, pathStyle: true });
  const store = await openDynamoStore({
    ...client,
    names,
    blobs,
    clock: systemClock,
    log: silentLog,
    create: true,
    follow: false,
  });
  const mailboxes = new TableMailboxes({ table: store.table, blobs, clock: systemClock });
  const hashCost = { memory: 64, passes: 1, parallelism: 1 };
  const accounts = createAccounts({ table: store.table, clock: systemClock, mailboxes, hashCost });

  const denied: string[] = [];
  const guards = new Map<BundleName, Guard>();
  for (const name of bare ? [] : template.processes) {
    const guard = await startGuard({
      statements: template.statements(name),
      endpoints: { dynamo: (name === 'wake' ? proxies.wake : proxies.others).endpoint, s3: s3.endpoint },
      resourceOf: {
        [names.mailboxes]: 'DataMailboxes',
        [names.devices]: 'DataDevices',
        [names.directory]: 'DataDirectory',
        blobs: 'DataBlobs',
        inbound: 'InboundMessages',
      },
      onDenied: (what) => void denied.push(`${name}: ${what}`),
    });
    guards.set(name, guard);
  }
  let urls: { wakeSocketUrl?: string; wakeManagementUrl?: string } = {};
  const environment = (name: BundleName) => ({
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: guards.get(name)?.dynamo ?? dynamo.endpoint,
    AWS_ENDPOINT_URL_S3: guards.get(name)?.s3 ?? s3.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
    ...template.environment(name),
    ...filledIn({
      mailboxesTable: names.mailboxes,
      devicesTable: names.devices,
      directoryTable: names.directory,
      blobBucket: 'blobs',
      inboundBucket: 'inbound',
      mailDomains: 'acme.test',
      outbound: 'none',
      service: 'test',
      ...urls,
      ...(template.tells(name, 'recoverySecret') && { recoverySecret: RECOVERY_SECRET }),
      ...over,
    }),
  });
  const lambdas = {} as Record<FunctionName, TestLambda>;
  const lambda = (name: FunctionName) => {
    lambdas[name] ??= testLambda(() => bundleOf(name), environment(name), template.timeoutMs(name));
    return lambdas[name];
  };

  const sockets = await startSocketApi((event) => lambda('socket').invoke(event));
  const relays = wakeRelays();
  if (transport === 'websocket') urls = { wakeSocketUrl: sockets.url, wakeManagementUrl: sockets.managementUrl };
  for (const name of ['sync', 'provision', 'commands', 'autodiscover', 'wake', 'ingest'] as const) lambda(name);
  if (transport === 'websocket') lambda('socket');
  const balancer = await startBalancer(template, (name, event) => lambda(name).invoke(event));
  const admin = new DynamoDBClient(client);
  const { Table } = await admin.send(new DescribeTableCommand({ TableName: names.mailboxes }));
  const streams = new DynamoDBStreamsClient(client);
  const source = await startEventSource(streams, Table!.LatestStreamArn!, template.source, (event) =>
    lambda('wake').invoke(event),
  );
  const uploads = new S3Client({
    ...s3,
    region: REGION,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const { putPrefix, sesPrefix } = template.inbound;
  const mailQueue = startMailQueue(template.inbound, (event) => lambda('ingest').invoke(event));
  s3.onEvent = (event) => {
    const created = event.Records.filter(
      ({ eventName, s3: { bucket, object } }) =>
        /ObjectCreated/.test(eventName) && bucket.name === 'inbound' && object.key.startsWith(putPrefix),
    );
    if (created.length > 0) mailQueue.send(JSON.stringify({ Records: created }));
  };

  const holders: TestHolder[] = [];
  const inService = () => {
    balancer.holders = holders.map(({ url }) => url);
  };
  const cloud: Cloud = {
    transport,
    balancer,
    sockets,
    relays,
    wire: transport === 'websocket' ? sockets : relays,
    source,
    tables: proxies,
    environment,
    streamArn: Table!.LatestStreamArn!,
    denied,
    secretsRead: secrets.asked,
    client,
    names,
    store,
    accounts,
    lambdas,
    holders,
    async addHolder() {
      const holder = await startHolder(bundleOf('holder'), environment('holder'), () => {
        holders.splice(holders.indexOf(holder), 1);
        inService();
      });
      if (transport === 'direct' && !bare) await relayed(store, holder.task, relays);
      holders.push(holder);
      inService();
      return holder;
    },
    mailQueue,
    async put(name, message, Metadata) {
      await uploads.send(new PutObjectCommand({ Bucket: 'inbound', Key: putPrefix + name, Body: message, Metadata }));
    },
    async receive(name, message, { to, spf = 'PASS' }) {
      const objectKey = sesPrefix + name;
      await uploads.send(new PutObjectCommand({ Bucket: 'inbound', Key: objectKey, Body: message }));
      const receipt = {
        ...{ recipients: to, spfVerdict: { status: spf } },
        action: { type: 'S3', bucketName: 'inbound', objectKey },
      };
      mailQueue.send(JSON.stringify({ notificationType: 'Received', mail: { source: 'alex@sender.test' }, receipt }));
    },
    phone(deviceId = 'phone1', options = {}) {
      const phone = new Phone({ url: balancer.url, user: ADDRESS, password: PASSWORD, deviceId, ...options });
      phone.collectionOptions = { Options: [{ BodyPreference: [{ Type: 1 }] }] };
      return phone;
    },
    async stop() {
      mailQueue.stop();
      await Promise.all([...holders].map((holder) => holder.kill()));
      await source.stop();
      for (const one of Object.values(lambdas)) one.stop();
      await Promise.all([balancer.stop(), sockets.stop()]);
      relays.stop();
      for (const proxy of [...guards.values(), ...Object.values(proxies)]) proxy.stop();
      await store.close();
      blobs.close();
      for (const one of [admin, streams, uploads]) one.destroy();
      await Promise.all([s3.stop(), secrets.stop()]);
    },
  };
  return cloud;
}

/** The relay takes the place of the task's own address, as if it were the network before its port. */
async function relayed(store: Store, task: string, relays: WakeRelays): Promise<void> {
  const row = await store.table.get(keys.task(task), 'strong');
  const wakeUrl = await relays.before(row?.wakeUrl as string);
  await store.table.transact([{ op: 'update', key: keys.task(task), set: { wakeUrl }, when: { row: 'present' } }]);
}
