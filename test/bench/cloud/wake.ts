import { fastPathOf, openWaker } from '../../../lib/cloud/waking.ts';
import { createDelivery } from '../../../lib/delivery/deliver.ts';
import { TableMailboxes } from '../../../lib/mailbox/mailboxes.ts';
import { systemClock as clock } from '../../../lib/ops/clock.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog as log } from '../../../lib/ops/log.ts';
import { noMetrics as metrics } from '../../../lib/ops/metrics.ts';
import { createDirectTransport } from '../../../lib/push/direct/transport.ts';
import { createSocketTransport } from '../../../lib/push/websocket/transport.ts';
import type { Table } from '../../../lib/store/ports.ts';
import { type Cloud, PASSWORD, startCloud, until } from '../../cloud/support/cloud.ts';
import { message } from '../../cloud/support/messages.ts';
import { waitersOf } from '../../cloud/support/waiters.ts';
import type { Phone } from '../../support/client/phone.ts';
import type { DynamoServer } from '../../support/servers/dynamodb.ts';
import { type Figure, percentile } from '../figures.ts';
import { streamDelays } from './stream.ts';

export interface WakeOrder {
  readonly transport: Cloud['transport'];
  readonly dynamo: DynamoServer;
  readonly samples: number;
}

interface Owner {
  readonly address: string;
  readonly mailbox: MailboxId;
  readonly phone: Phone;
}

/** Phones that take turns: what one is told twice within a second is merged. */
const PHONES = 10;
/** Before what is measured: functions start, connections open, code is compiled. */
const WARM = 10;

/**
 * From the commit of a message (its transaction was acknowledged to the writer, which is here) to the Ping's answer at
 * the phone (which is here as well).
 */
export async function wakes({ transport, dynamo, samples }: WakeOrder): Promise<Figure[]> {
  const cloud = await startCloud({ transport, dynamo, bare: true });
  try {
    await cloud.addHolder();
    const owners = await ownersOf(cloud);
    const byStream = await delays(cloud, cloud.store.table, owners, samples);
    const own = await streamDelays(cloud, samples);
    // From here on nobody but the writer tells.
    await cloud.source.stop();
    const sender = senderOf(cloud);
    const fast = fastPathOf(openWaker(sender, cloud.store.table, { clock, log }), { clock, metrics });
    const byWriter = await delays(cloud, fast.over(cloud.store.table), owners, samples);
    sender.close();
    const p50 = (of: readonly number[]) => percentile(of, 0.5);
    const p99 = (of: readonly number[]) => percentile(of, 0.99);
    return [
      { name: 'commit to Ping response, stream, p50', value: p50(byStream), unit: 'ms', target: { atMost: 500 } },
      { name: '... p99', value: p99(byStream), unit: 'ms' },
      { name: "... of it the stream's own: write to record, p50", value: p50(own), unit: 'ms' },
      { name: '... p99', value: p99(own), unit: 'ms' },
      { name: 'commit to Ping response, fast path, p50', value: p50(byWriter), unit: 'ms', target: { atMost: 30 } },
      { name: '... p99', value: p99(byWriter), unit: 'ms' },
    ];
  } finally {
    await cloud.stop();
  }
}

function senderOf({ transport, store: { table }, sockets, client }: Cloud) {
  if (transport === 'direct') return createDirectTransport({ table, clock });
  const { region, credentials } = client as { region: string; credentials: never };
  return createSocketTransport({ table, endpoint: sockets.managementUrl, region, credentials });
}

async function ownersOf(cloud: Cloud): Promise<Owner[]> {
  const owners: Owner[] = [];
  for (let n = 0; n < PHONES; n++) {
    const address = `owner${n}@acme.test`;
    const { id } = await cloud.accounts.create({ address, name: address, password: PASSWORD });
    const phone = cloud.phone(`phone${n}`, { user: address });
    await phone.start();
    await phone.drain(phone.inbox);
    owners.push({ address, mailbox: id, phone });
  }
  return owners;
}

let messages = 0;

async function delays(cloud: Cloud, over: Table, owners: readonly Owner[], samples: number): Promise<number[]> {
  const { store, accounts: directory } = cloud;
  let committed = 0;
  const table: Table = {
    get: over.get.bind(over),
    batchGet: over.batchGet.bind(over),
    query: over.query.bind(over),
    async transact(writes) {
      await over.transact(writes);
      committed = performance.now();
    },
  };
  const mailboxes = new TableMailboxes({ table, blobs: store.blobs, clock });
  const delivery = createDelivery({ directory, mailboxes, table, blobs: store.blobs, clock, log });
  const found: number[] = [];
  for (let n = -WARM; n < samples; n++) {
    const { address, mailbox, phone } = owners[(n + WARM) % owners.length]!;
    const waiting = phone
      .ping([phone.inbox])
      .then(({ document }) => ({ status: document?.Status, at: performance.now() }));
    await until(async () => (await waitersOf(store, mailbox)).length === 1);
    const raw = Buffer.from(message(address, `bench ${++messages}`));
    await delivery.deliver(address, raw, { from: '', arrival: 'live' });
    const commit = committed;
    const { status, at } = await waiting;
    if (status !== 2) throw new Error(`a Ping was answered with status ${status}`);
    if (n >= 0) found.push(at - commit);
    await phone.drain(phone.inbox);
    await until(async () => (await waitersOf(store, mailbox)).length === 0);
  }
  return found;
}
