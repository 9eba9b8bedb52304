/** What a request reads of the store, with and without everything that limits devices and mailboxes. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { PingRequest } from '../../../lib/documents/ping.ts';
import { SyncRequest, SyncResponse } from '../../../lib/documents/sync.ts';
import { openDomain } from '../../../lib/embedded/domain.ts';
import { readOptions } from '../../../lib/embedded/options.ts';
import { createProduct } from '../../../lib/embedded/product.ts';
import type { EasResponse, Held } from '../../../lib/http/types.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import type { Table } from '../../../lib/store/ports.ts';
import { decode, encode } from '../../../lib/wbxml/index.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { temporaryFolder } from '../../support/make-store.ts';

const PASSWORD = 'correct horse battery staple';
const HASH_COST = { memory: 64, passes: 1, parallelism: 1 };
const LIMITS = { maxDevices: 3, quotaBytes: 1_000_000, agentChanges: 2, passwordUrl: 'https://id.example.test/' };

const PING = encode(
  PingRequest,
  { HeartbeatInterval: 60, Folders: { Folder: [{ Id: 'inbox', Class: 'Email' }] } },
  141,
);
const keyIn = (answer: EasResponse | Held) =>
  decode(SyncResponse, (answer as EasResponse).body as Uint8Array, 141).Collections!.Collection[0]!.SyncKey;

async function open(limited: boolean) {
  let reads: string[] = [];
  const counting = (table: Table): Table => ({
    get: (key, consistency) => {
      reads.push(key.sk);
      return table.get(key, consistency);
    },
    batchGet: (wanted, consistency) => {
      reads.push(...wanted.map(({ sk }) => sk));
      return table.batchGet(wanted, consistency);
    },
    query: (query) => {
      reads.push(`query ${query.prefix ?? query.from ?? ''}`);
      return table.query(query);
    },
    transact: (writes) => table.transact(writes),
  });
  const clock = new FakeClock();
  const options = readOptions({ dataDir: await temporaryFolder(), ...(limited ? LIMITS : {}) });
  const domain = await openDomain(options, clock, silentLog, { hashCost: HASH_COST, over: counting });
  onTestFinished(() => domain.close());
  const { id } = await domain.accounts.create({ address: 'kim@example.test', password: PASSWORD });
  if (limited) {
    await domain.access.add({ action: 'allow', match: { type: 'SP' } }, { kind: 'account', account: id });
    await domain.access.setDefault({ kind: 'global' }, 'quarantine');
    await domain.accounts.update(id, { passwordExpires: clock.now() + 86_400_000, quota: { items: 100 } });
  }
  const held = { kind: 'held' } as Held;
  const product = createProduct(domain, { hold: async () => held } as never, {} as never, { hashCost: HASH_COST });
  const send = async (command: string, body: Uint8Array): Promise<EasResponse | Held> => {
    const answer = await product(
      {
        method: 'POST',
        path: '/Microsoft-Server-ActiveSync',
        query: `Cmd=${command}&User=kim&DeviceId=D1&DeviceType=SP`,
        headers: {
          authorization: `Basic ${Buffer.from(`kim@example.test:${PASSWORD}`).toString('base64')}`,
          'ms-asprotocolversion': '14.1',
          'content-type': 'application/vnd.ms-sync.wbxml',
        },
        body,
        source: '192.0.2.1',
        origin: 'http://mail.example.test',
      },
      new AbortController().signal,
    );
    return answer;
  };
  const sync = (SyncKey: string) =>
    send('Sync', encode(SyncRequest, { Collections: { Collection: [{ SyncKey, CollectionId: 'inbox' }] } }, 141));
  /** The rows that something reads. */
  const readsOf = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    reads = [];
    await work();
    return [...reads].sort();
  };
  return { send, sync, readsOf, domain };
}

async function measured(limited: boolean) {
  const { send, sync, readsOf } = await open(limited);
  const first = (await sync('0')) as EasResponse;
  expect(first.status).toBe(200);
  expect(first.headers['X-MS-Credentials-Expire']).toBe(limited ? '1' : undefined);
  const key = keyIn(first);
  await sync(key);
  await send('Ping', PING);
  return {
    sync: await readsOf(() => sync(key)),
    ping: await readsOf(() => send('Ping', PING)),
  };
}

test('a Sync and a Ping read the row of their device once, and answer by what it remembers', async () => {
  const { sync, ping } = await measured(false);
  for (const reads of [sync, ping]) expect(reads.filter((row) => row === 'D#d1')).toHaveLength(1);
});

test('an empty Sync and an empty Ping are told by that one read what they repeat', async () => {
  const { send, sync, readsOf } = await open(false);
  const key = keyIn(await sync('0'));
  await sync(key);
  await send('Ping', PING);
  // Documents would tell of statuses 13 and 3: nothing is remembered.
  for (const [command, answer] of [
    ['Sync', { status: 200, body: new Uint8Array() }],
    ['Ping', { kind: 'held' }],
  ] as const) {
    const reads = await readsOf(async () => expect(await send(command, new Uint8Array())).toMatchObject(answer));
    expect(reads.filter((row) => row === 'D#d1')).toHaveLength(1);
  }
});

describe('rules, quotas, throttling and expiring passwords', () => {
  test('cost a Sync and a Ping no read', async () => {
    const [plain, limited] = [await measured(false), await measured(true)];
    expect(limited).toEqual(plain);
    // The account, the device, and what the command itself looks at.
    expect(plain.ping).toEqual(expect.arrayContaining(['ACCOUNT', 'D#d1']));
    expect(plain.ping).not.toContain('RULES');
  });
});
