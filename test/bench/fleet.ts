import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import type { Figure } from './figures.ts';
import type { LoadOrder } from './load.ts';
import type { Order, Usage, UserSecret } from './server.ts';
import { Worker } from './worker.ts';

const PROCESSES = 3;
/** As the image starts its process. */
const FLAGS = ['--max-semi-space-size=4'];
const settle = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Many held Pings over three processes that share one data folder: what the processes weigh in all. Accounts and phones
 * are made by processes of their own, so that what holds is weighed and not what setting up left in the heap.
 */
export async function fleet(perProcess: number): Promise<Figure[]> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'dp-fleet-'));
  const loads = Array.from({ length: PROCESSES }, () => new Worker<LoadOrder>('load.ts'));
  const servers: Worker<Order>[] = [];
  const compiled = await compile();
  const start = async (port: number) => {
    const server = new Worker<Order>(compiled, ['--expose-gc', ...FLAGS]);
    servers.push(server);
    const input = { dataDir, host: '127.0.0.1', port, smtpPort: 0 } as const;
    return { server, ...(await server.tell<{ port: number }>({ do: 'start', input })) };
  };
  try {
    const ports: number[] = [];
    for (const [at, load] of loads.entries()) {
      const { server, port } = await start(0);
      ports.push(port);
      for (let from = 0; from < perProcess; from += 500) {
        const count = Math.min(500, perProcess - from);
        const users = await server.tell<UserSecret[]>({ do: 'users', from: at * perProcess + from, count });
        await load.tell({ do: 'phones', port, users });
      }
      await server.close();
    }
    const holding = await Promise.all(ports.map(start));
    const usages = () => Promise.all(holding.map(({ server }) => server.tell<Usage>({ do: 'usage' })));
    const rssOf = (all: readonly Usage[]) => all.reduce((sum, each) => sum + each.rss, 0) / 1024 ** 2;
    const idle = rssOf(await usages());
    const phones = Array.from({ length: perProcess }, (_, each) => each);
    await Promise.all(loads.map((load) => load.tell({ do: 'hold', phones, heartbeat: 3540 })));
    const all = PROCESSES * perProcess;
    let now = await usages();
    for (let tries = 0; tries < 120 && heldOf(now) < all; tries++) {
      await settle(1000);
      now = await usages();
    }
    await settle(5000);
    now = await usages();
    return [
      { name: `held Pings over ${PROCESSES} processes`, value: heldOf(now), unit: '', target: { atLeast: all } },
      { name: '... resident memory of the processes in all', value: rssOf(now), unit: 'MB', target: { atMost: 600 } },
      { name: '... before they held anything', value: idle, unit: 'MB' },
    ];
  } finally {
    await Promise.all(loads.map((load) => load.close()));
    await Promise.all(servers.map((server) => server.close()));
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** As the package has it: the compiler of TypeScript inside Node weighs thirty megabytes. */
async function compile(): Promise<string> {
  const outfile = path.resolve(import.meta.dirname, '../../node_modules/.cache/bench/server.mjs');
  const entry = path.join(import.meta.dirname, 'server.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
  return outfile;
}

const heldOf = (usages: readonly Usage[]) => usages.reduce((sum, each) => sum + each.held, 0);
