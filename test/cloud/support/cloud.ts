/** The whole system on this machine: bundles in processes of their own, emulated services between them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Accounts, createAccounts } from '../../../lib/identity/accounts.ts';
import { buildBundle } from '../../../lib/infra/bundles.ts';
import type { BundleName, FunctionName } from '../../../lib/infra/catalogue.ts';
import { TableMailboxes } from '../../../lib/mailbox/mailboxes.ts';
import { systemClock } from '../../../lib/ops/clock.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { openDynamoStore, prefixed } from '../../../lib/store/dynamo/open.ts';
import type { Store } from '../../../lib/store/ports.ts';
import { openS3Blobs } from '../../../lib/store/s3/blobs.ts';
import type { ClientOptions } from '../../support/client/client.ts';
import { Phone } from '../../support/client/phone.ts';
import { dynamoServer } from '../../support/servers/dynamodb.ts';
import { freePort } from '../../support/servers/process.ts';
import { startS3 } from '../../support/servers/s3.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { type EventSource, startEventSource } from './event-source.ts';
import { type TestLambda, testLambda } from './lambda.ts';
import { type SocketApi, startSocketApi } from './socket-api.ts';
import { filledIn, synthesised } from './template.ts';

export const PASSWORD = 'correct horse battery staple';
export const ADDRESS = 'kim@acme.test';

export interface TestHolder {
  readonly url: string;
  /** As the orchestrator ends a task; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** As a machine dies. */
  kill(): Promise<void>;
  readonly output: () => string;
}

export interface Cloud {
  readonly balancer: Balancer;
  readonly sockets: SocketApi;
  readonly source: EventSource;
  readonly store: Store;
  readonly accounts: Accounts;
  readonly lambdas: Readonly<Record<FunctionName, TestLambda>>;
  readonly holders: TestHolder[];
  /** One more task, in service when it resolves. */
  addHolder(): Promise<TestHolder>;
  /** Puts a message into the inbound bucket. */
  put(key: string, message: string, metadata?: Record<string, string>): Promise<void>;
  phone(device?: string, options?: Partial<ClientOptions>): Phone;
  stop(): Promise<void>;
}

const REGION = 'us-east-1';
let runs = 0;

export async function startCloud(over: Parameters<typeof filledIn>[0] = {}): Promise<Cloud> {
  const dynamo = await dynamoServer('dynoxide');
  const s3 = await startS3(['blobs', 'inbound']);
  const folder = mkdtempSync(path.join(tmpdir(), 'dp-cloud-'));
  const { accessKeyId, secretAccessKey } = s3.credentials;
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

  const bundles = new Map<BundleName, string>();
  const bundle = (name: BundleName) => {
    const built = bundles.get(name) ?? path.join(buildBundle(name, path.join(folder, name)).directory, 'index.mjs');
    bundles.set(name, built);
    return built;
  };
  let urls: { wakeSocketUrl?: string; wakeManagementUrl?: string } = {};
  const environment = (name: BundleName) => ({
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    ...synthesised().environment(name),
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
      ...over,
    }),
  });
  const lambdas = {} as Record<FunctionName, TestLambda>;
  const lambda = (name: FunctionName) => {
    lambdas[name] ??= testLambda(() => bundle(name), environment(name), synthesised().timeoutMs(name));
    return lambdas[name];
  };

  const sockets = await startSocketApi((event) => lambda('socket').invoke(event));
  urls = { wakeSocketUrl: sockets.url, wakeManagementUrl: sockets.managementUrl };
  for (const name of ['sync', 'provision', 'commands', 'autodiscover', 'wake', 'ingest', 'socket'] as const)
    lambda(name);
  const balancer = await startBalancer(synthesised(), (name, event) => lambda(name).invoke(event));
  const admin = new DynamoDBClient(client);
  const { Table } = await admin.send(new DescribeTableCommand({ TableName: names.mailboxes }));
  const streams = new DynamoDBStreamsClient(client);
  const source = await startEventSource(streams, Table!.LatestStreamArn!, synthesised().source, (event) =>
    lambda('wake').invoke(event),
  );
  const uploads = new S3Client({
    ...s3,
    region: REGION,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  s3.onEvent = (event) => {
    const created = event.Records.filter(
      ({ eventName, s3: { bucket } }) => /ObjectCreated/.test(eventName) && bucket.name === 'inbound',
    );
    if (created.length > 0) void retried(() => lambda('ingest').invoke({ Records: created }), 2);
  };

  const holders: TestHolder[] = [];
  const inService = () => {
    balancer.holders = holders.map(({ url }) => url);
  };
  const cloud: Cloud = {
    balancer,
    sockets,
    source,
    store,
    accounts,
    lambdas,
    holders,
    async addHolder() {
      const holder = await startHolder(bundle('holder'), environment('holder'), () => {
        holders.splice(holders.indexOf(holder), 1);
        inService();
      });
      holders.push(holder);
      inService();
      return holder;
    },
    async put(Key, message, Metadata) {
      await uploads.send(new PutObjectCommand({ Bucket: 'inbound', Key, Body: message, Metadata }));
    },
    phone(deviceId = 'phone1', options = {}) {
      const phone = new Phone({ url: balancer.url, user: ADDRESS, password: PASSWORD, deviceId, ...options });
      phone.collectionOptions = { Options: [{ BodyPreference: [{ Type: 1 }] }] };
      return phone;
    },
    async stop() {
      await Promise.all([...holders].map((holder) => holder.kill()));
      await source.stop();
      for (const one of Object.values(lambdas)) one.stop();
      await Promise.all([balancer.stop(), sockets.stop()]);
      await store.close();
      blobs.close();
      for (const one of [admin, streams, uploads]) one.destroy();
      await s3.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return cloud;
}

async function retried(run: () => Promise<unknown>, times: number): Promise<void> {
  for (let attempt = 0; attempt <= times; attempt++) {
    try {
      await run();
      return;
    } catch {
      // As an asynchronous invocation: again, and in the end the failure queue.
    }
  }
}

async function startHolder(bundle: string, env: Record<string, string>, gone: () => void): Promise<TestHolder> {
  const port = await freePort();
  let output = '';
  const child: ChildProcess = spawn(process.execPath, [bundle], {
    env: { PATH: process.env.PATH ?? '', ...env, ...filledIn({ port: String(port) }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const keep = (chunk: Buffer) => {
    output = `${output}${chunk}`.slice(-200_000);
  };
  child.stdout!.on('data', keep);
  child.stderr!.on('data', keep);
  await until(() => output.includes('task-started') || child.exitCode !== null, 20_000);
  if (child.exitCode !== null) throw new Error(`the holder ended: ${output}`);
  return {
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    async stop() {
      child.kill('SIGTERM');
      const code = await exited;
      gone();
      return code;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
      gone();
    },
  };
}

/** Looks again and again, as these are other processes. @throws Error when it does not come true in time */
export async function until(condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`it did not come true in ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
