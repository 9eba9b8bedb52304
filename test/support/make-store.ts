/** Real stores for hooks, benchmarks and programs; tests take `openTestStore` of `stores.ts`, which cleans up after them. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../lib/ops/clock.ts';
import { randomToken } from '../../lib/ops/ids.ts';
import { type Log, silentLog } from '../../lib/ops/log.ts';
import { openFileBlobs } from '../../lib/store/files/blobs.ts';
import type { Store } from '../../lib/store/ports.ts';
import { openSqliteStore, type SqliteStoreOptions } from '../../lib/store/sqlite/open.ts';
import { dynamoServer, missing } from './servers/dynamodb.ts';

/** `dynamo` is the DynamoDB engine on a server that every run has; the others are for parity. */
export const STORES = ['sqlite', 'dynamo'] as const;
export type StoreKind = (typeof STORES)[number] | 'dynamodb-local' | 'dynamodb-endpoint';

export interface TestStoreOptions extends Partial<Omit<SqliteStoreOptions, 'dir'>> {
  readonly clock?: Clock;
  readonly log?: Log;
  /** A folder (SQLite) or a table prefix (DynamoDB) to open again; fresh ones when absent. */
  readonly dir?: string;
  readonly tablePrefix?: string;
}

export interface TestStore extends Store {
  /** The data folder (SQLite) or that of the blobs. */
  readonly dir: string;
  /** What else `openTestStore` needs to open the same store again; empty for SQLite. */
  readonly tablePrefix?: string;
}

/** Why a store of this kind cannot be opened here; `undefined` when it can. */
export function storeMissing(kind: StoreKind): string | undefined {
  return kind === 'sqlite' ? undefined : missing(SERVERS[kind]);
}

const SERVERS = { dynamo: 'dynoxide', 'dynamodb-local': 'dynamodb-local', 'dynamodb-endpoint': 'endpoint' } as const;

/** The caller closes the store and removes `dir`. */
export async function makeStore(kind: StoreKind, options: TestStoreOptions = {}): Promise<TestStore> {
  const dir = options.dir ?? (await temporaryFolder());
  const common = { clock: systemClock, log: silentLog, gather: false, ...options };
  if (kind === 'sqlite') return { ...(await openSqliteStore({ ...common, dir })), dir };
  const tablePrefix = options.tablePrefix ?? `t${randomToken(9)}-`;
  const { endpoint } = await dynamoServer(SERVERS[kind]);
  // The SDK takes longer to load than most test files to run, and most take SQLite.
  const { openDynamoStore } = await import('../../lib/store/dynamo/open.ts');
  const store = await openDynamoStore({
    ...common,
    endpoint,
    region: process.env.AWS_REGION ?? 'eu-west-1',
    // A server named by DYNAMODB_ENDPOINT may be a real one, with real credentials.
    credentials: kind === 'dynamodb-endpoint' && process.env.AWS_ACCESS_KEY_ID ? undefined : LOCAL_CREDENTIALS,
    // Tables are made in real time, whatever time the test has.
    create: options.tablePrefix === undefined,
    pollMs: 10,
    tablePrefix,
    blobs: await openFileBlobs(dir, options.blobs),
  });
  return { ...store, dir, tablePrefix };
}

const LOCAL_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** A fresh folder with a short path, since sockets are made in it. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'dp-'));
}
