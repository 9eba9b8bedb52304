import { fastPathOf, openWaker } from '../../../lib/cloud/waking.ts';
import { createDelivery } from '../../../lib/delivery/deliver.ts';
import { TableMailboxes } from '../../../lib/mailbox/mailboxes.ts';
import { systemClock as clock } from '../../../lib/ops/clock.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog as log } from '../../../lib/ops/log.ts';
import { noMetrics as metrics } from '../../../lib/ops/metrics.ts';
import { createDirectTransport } from '../../../lib/push/direct/transport.ts';
import type { WakeTransport } from '../../../lib/push/types.ts';
import { createSocketTransport } from '../../../lib/push/websocket/transport.ts';
import type { Table } from '../../../lib/store/ports.ts';
import { type Cloud, PASSWORD, startCloud, until } from '../../cloud/support/cloud.ts';
import { pool } from '../../cloud/support/fleet.ts';
import { message } from '../../cloud/support/messages.ts';
import { waitersOf } from '../../cloud/support/waiters.ts';
import type { Phone } from '../../support/client/phone.ts';
import type { DynamoServer } from '../../support/servers/dynamodb.ts';
import { type Figure, percentile } from '../figures.ts';
import { say } from './say.ts';
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
/** Nothing takes as long; on a busy machine much takes long. */
const HANG_MS = 60_000;

/** Moments of one delivery, as `performance.now()` has them. */
interface Moments {
  committed: number;
  /** The writer knows who waits, and begins to post. */
  posting: number;
  posted: number;
  answered: number;
}

/**
 * From the commit of a message (its transaction was acknowledged to the writer, which is here) to the Ping's answer at
 * the phone (which is here as well).
 */
export async function wakes({ transport, dynamo, samples }: WakeOrder): Promise<Figure[]> {
  const cloud = await startCloud({ transport, dynamo, bare: true });
  try {
    say('the services run');
    await cloud.addHolder();
    const owners = await ownersOf(cloud);
    say(`${owners.length} phones are set up`);
    const { table } = cloud.store;
    const byStream = (await deliveries(cloud, table, owners, samples)).map(whole);
    say(`${samples} messages were told by the stream`);
    const own = await streamDelays(cloud, samples);
    say('the stream was measured by itself');
    // From here on nobody but the writer tells.
    await cloud.source.stop();
    const sender = senderOf(cloud);
    const told = { posting: 0, posted: 0 };
    const timed: WakeTransport = {
      async send(task, message) {
        told.posting = performance.now();
        const outcome = await sender.send(task, message);
        told.posted = performance.now();
        return outcome;
      },
    };
    const fast = fastPathOf(openWaker(timed, table, { clock, log }), { clock, metrics });
    const byWriter = await deliveries(cloud, fast.over(table), owners, samples, told);
    say(`${samples} messages were told by the writer`);
    sender.close();
    const half = (of: readonly number[]) => percentile(of, 0.5);
    const most = (of: readonly number[]) => percentile(of, 0.99);
    const stage = (from: keyof Moments, to: keyof Moments) =>
      half(byWriter.map((moments) => Math.max(0, moments[to] - moments[from])));
    return [
      { name: 'commit to Ping response, stream, p50', value: half(byStream), unit: 'ms', target: { atMost: 500 } },
      { name: '... p99', value: most(byStream), unit: 'ms' },
      { name: "... of it the stream's own: write to record, p50", value: half(own), unit: 'ms' },
      { name: '... p99', value: most(own), unit: 'ms' },
      {
        name: 'commit to Ping response, fast path, p50',
        value: half(byWriter.map(whole)),
        unit: 'ms',
        target: { atMost: 30 },
      },
      { name: '... p99', value: most(byWriter.map(whole)), unit: 'ms' },
      { name: '... of it until it is known who waits, p50', value: stage('committed', 'posting'), unit: 'ms' },
      { name: '... of it until the task has the wake, p50', value: stage('posting', 'posted'), unit: 'ms' },
      { name: '... of it until the phone has the answer, p50', value: stage('posted', 'answered'), unit: 'ms' },
    ];
  } finally {
    await cloud.stop();
  }
}

const whole = ({ committed, answered }: Moments) => answered - committed;

function senderOf({ transport, store: { table }, sockets, client }: Cloud) {
  if (transport === 'direct') return createDirectTransport({ table, clock });
  const { region, credentials } = client as { region: string; credentials: never };
  return createSocketTransport({ table, endpoint: sockets.managementUrl, region, credentials });
}

async function ownersOf(cloud: Cloud): Promise<Owner[]> {
  const owners: Owner[] = [];
  await pool([...new Array(PHONES).keys()], 3, async (n) => {
    const address = `owner${n}@acme.test`;
    const { id } = await cloud.accounts.create({ address, name: address, password: PASSWORD });
    const phone = cloud.phone(`phone${n}`, { user: address });
    await phone.start();
    await phone.drain(phone.inbox);
    owners.push({ address, mailbox: id, phone });
  });
  return owners;
}

let messages = 0;

/** @param told where the sender leaves its moments */
async function deliveries(
  cloud: Cloud,
  over: Table,
  owners: readonly Owner[],
  samples: number,
  told = { posting: 0, posted: 0 },
): Promise<Moments[]> {
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
  const waiting = async (mailbox: MailboxId, count: number) =>
    until(async () => (await waitersOf(store, mailbox)).length === count, HANG_MS);
  const found: Moments[] = [];
  for (let n = -WARM; n < samples; n++) {
    const { address, mailbox, phone } = owners[(n + WARM) % owners.length]!;
    const answer = phone
      .ping([phone.inbox])
      .then(({ document }) => ({ status: document?.Status, answered: performance.now() }));
    await waiting(mailbox, 1);
    const raw = Buffer.from(message(address, `bench ${++messages}`));
    await delivery.deliver(address, raw, { from: '', arrival: 'live' });
    const commit = committed;
    const { status, answered } = await answer;
    if (status !== 2) throw new Error(`a Ping was answered with status ${status}`);
    if (n >= 0) found.push({ committed: commit, ...told, answered });
    await phone.drain(phone.inbox);
    await waiting(mailbox, 0);
  }
  return found;
}
