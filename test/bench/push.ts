import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { EmbeddedInput } from '../../lib/embedded/options.ts';
import { type Figure, percentile } from './figures.ts';
import type { LoadOrder } from './load.ts';
import type { Order, Usage, UserSecret } from './server.ts';
import { Worker } from './worker.ts';

export interface Sizes {
  readonly held: number;
  readonly deliveries: number;
  readonly sends: number;
  readonly storm: number;
  readonly messages: number;
  readonly devices: number;
  readonly idleS: number;
}

export interface Bench {
  readonly server: Worker<Order>;
  readonly load: Worker<LoadOrder>;
  readonly port: number;
  readonly users: readonly UserSecret[];
}

export type Answer = { readonly id: number; readonly at: string; readonly status: number };

const settle = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const range = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at);
const usage = ({ server }: Bench) => server.tell<Usage>({ do: 'usage' });

/** A server and its load, each in a process; `run` gets them with `phones` users set up, one phone each. */
export async function withBench<T>(
  input: EmbeddedInput,
  phones: number,
  run: (bench: Bench) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'dp-bench-'));
  const server = new Worker<Order>('server.ts', ['--expose-gc']);
  const load = new Worker<LoadOrder>('load.ts');
  try {
    const tablePrefix = `bench-${path.basename(dataDir)}-`;
    const options: EmbeddedInput = { dataDir, tablePrefix, host: '127.0.0.1', port: 0, smtpPort: 0, ...input };
    const { port } = await server.tell<{ port: number }>({ do: 'start', input: options });
    const users: UserSecret[] = [];
    for (let from = 0; from < phones; from += 500) {
      const count = Math.min(500, phones - from);
      const made = await server.tell<UserSecret[]>({ do: 'users', from, count });
      users.push(...made);
      await load.tell({ do: 'phones', port, users: made });
    }
    return await run({ server, load, port, users });
  } finally {
    await load.close();
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

export async function untilHeld(bench: Bench, count: number): Promise<Usage> {
  for (let tries = 0; tries < 600; tries++) {
    const now = await usage(bench);
    if (now.held >= count) return now;
    await settle(100);
  }
  throw new Error(`only ${(await usage(bench)).held} of ${count} requests are held`);
}

/** Resident memory of a held Ping above the idle process, and what holding costs while nothing happens. */
export async function holding(bench: Bench, { held, idleS }: Sizes): Promise<Figure[]> {
  await settle(1000);
  const before = await usage(bench);
  await bench.load.tell({ do: 'hold', phones: range(0, held), heartbeat: 3540 });
  await untilHeld(bench, held);
  await settle(3000);
  const full = await usage(bench);
  await settle(idleS * 1000);
  const after = await usage(bench);
  const cpu = (100 * (after.cpu - full.cpuAfter)) / (idleS * 1e6);
  return [
    { name: `held Pings in one process`, value: full.held, unit: '', target: { atLeast: held } },
    {
      name: 'resident memory of one above idle',
      value: (full.rss - before.rss) / held / 1024,
      unit: 'KB',
      target: { atMost: 6 },
    },
    { name: 'JavaScript heap of one', value: (full.heap - before.heap) / held / 1024, unit: 'KB' },
    { name: 'resident memory of the process with all of them', value: full.rss / 1024 ** 2, unit: 'MB' },
    { name: `CPU while nothing happens (${idleS} s)`, value: cpu, unit: '% core', target: { atMost: 1 } },
  ];
}

/** From the commit of a delivery to the arrival of the Ping's answer at the phone, with as many Pings held. */
export async function commitToPing(bench: Bench, { deliveries }: Sizes): Promise<Figure[]> {
  const users = range(0, deliveries);
  await bench.load.tell({ do: 'hold', phones: users, heartbeat: 3540 });
  await untilHeld(bench, deliveries);
  const answers = bench.load.tell<Answer[]>({ do: 'answers', count: deliveries });
  const times = await bench.server.tell<[number, string][]>({ do: 'deliver', users, perSecond: 200 });
  const commits = new Map(times);
  const delays = (await answers).map(({ id, at, status }) => {
    if (status !== 2) throw new Error(`a Ping was answered ${status}`);
    return Number(BigInt(at) - BigInt(commits.get(id)!)) / 1e6;
  });
  await bench.load.tell({ do: 'sync', phones: users });
  return [
    {
      name: `commit to Ping response, ${deliveries} deliveries, p50`,
      value: percentile(delays, 0.5),
      unit: 'ms',
      target: { atMost: 5 },
    },
    { name: '... p99', value: percentile(delays, 0.99), unit: 'ms', target: { atMost: 30 } },
  ];
}

/** Everybody gets a message at once. */
export async function storm(bench: Bench, { storm: count }: Sizes): Promise<Figure[]> {
  const users = range(0, count);
  const answers = bench.load.tell<Answer[]>({ do: 'answers', count });
  const began = process.hrtime.bigint();
  const times = await bench.server.tell<[number, string][]>({ do: 'deliver', users, atOnce: 64 });
  const last = times.reduce((latest, [, at]) => (BigInt(at) > latest ? BigInt(at) : latest), 0n);
  const all = await answers;
  const arrived = all.reduce((latest, { at }) => (BigInt(at) > latest ? BigInt(at) : latest), 0n);
  const commits = new Map(times);
  const delays = all.map(({ id, at }) => Number(BigInt(at) - BigInt(commits.get(id)!)) / 1e9);
  const seconds = Number(last - began) / 1e9;
  return [
    {
      name: `storm of ${count}: last commit to last answer`,
      value: Number(arrived - last) / 1e9,
      unit: 's',
      target: { atMost: 2 },
    },
    { name: '... longest from a commit to its own answer', value: Math.max(...delays), unit: 's' },
    { name: '... deliveries committed', value: count / seconds, unit: '/s' },
  ];
}

/** A mailbox of mixed mail, synchronised by new devices in windows of 100, bodies plain and cut at 500 bytes. */
export async function firstSync(bench: Bench, { messages, devices }: Sizes): Promise<Figure[]> {
  const { server, load, port, users } = bench;
  await server.tell({ do: 'fill', user: 0, count: messages });
  const round = (count: number) => load.tell<number>({ do: 'first-sync', port, user: users[0]!, devices: count });
  await round(5);
  const before = await usage(bench);
  const brought = await round(devices);
  const after = await usage(bench);
  if (brought < messages * devices) throw new Error(`${brought} of ${messages * devices} messages were synchronised`);
  const seconds = (after.cpu - before.cpuAfter) / 1e6;
  return [
    {
      name: `first Sync of ${messages} mixed messages, windows of 100`,
      value: brought / seconds,
      unit: '/s/core',
      target: { atLeast: 5000 },
    },
    { name: '... CPU of one message', value: (1e6 * seconds) / brought, unit: 'us' },
  ];
}

/** Phones that ask and get an empty answer, each on a connection that it keeps: login, options, states, heads. */
export async function quietSync(bench: Bench, { devices }: Sizes): Promise<Figure[]> {
  const phones = range(0, devices);
  const round = (times: number) => bench.load.tell<number>({ do: 'quiet-sync', phones, times });
  // Until what it runs is compiled: a server is warm for all but its first seconds.
  await round(100);
  const before = await usage(bench);
  const answered = await round(250);
  const after = await usage(bench);
  const seconds = (after.cpu - before.cpuAfter) / 1e6;
  return [
    {
      name: `Sync with nothing new, ${answered} requests`,
      value: answered / seconds,
      unit: '/s/core',
      target: { atLeast: 2500 },
    },
    { name: '... CPU of one request', value: (1e6 * seconds) / answered, unit: 'us' },
  ];
}
