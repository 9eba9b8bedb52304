import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Figure } from './figures.ts';
import type { LoadOrder } from './load.ts';
import type { Order, Usage, UserSecret } from './server.ts';
import { Worker } from './worker.ts';

const PROCESSES = 3;
const settle = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Many held Pings over three processes that share one data folder: what the processes weigh in all. */
export async function fleet(perProcess: number): Promise<Figure[]> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'dp-fleet-'));
  const servers = Array.from({ length: PROCESSES }, () => new Worker<Order>('server.ts', ['--expose-gc']));
  const loads = Array.from({ length: PROCESSES }, () => new Worker<LoadOrder>('load.ts'));
  try {
    for (const [at, server] of servers.entries()) {
      const input = { dataDir, host: '127.0.0.1', port: 0, smtpPort: 0 } as const;
      const { port } = await server.tell<{ port: number }>({ do: 'start', input });
      for (let from = 0; from < perProcess; from += 500) {
        const count = Math.min(500, perProcess - from);
        const users = await server.tell<UserSecret[]>({ do: 'users', from: at * perProcess + from, count });
        await loads[at]!.tell({ do: 'phones', port, users });
      }
      const phones = Array.from({ length: perProcess }, (_, each) => each);
      await loads[at]!.tell({ do: 'hold', phones, heartbeat: 3540 });
    }
    await settle(5000);
    const usages = await Promise.all(servers.map((server) => server.tell<Usage>({ do: 'usage' })));
    const held = usages.reduce((sum, each) => sum + each.held, 0);
    const rss = usages.reduce((sum, each) => sum + each.rss, 0) / 1024 ** 2;
    const all = PROCESSES * perProcess;
    return [
      { name: `held Pings over ${PROCESSES} processes`, value: held, unit: '', target: { atLeast: all } },
      { name: '... resident memory of the processes in all', value: rss, unit: 'MB', target: { atMost: 600 } },
    ];
  } finally {
    await Promise.all(loads.map((load) => load.close()));
    await Promise.all(servers.map((server) => server.close()));
    await rm(dataDir, { recursive: true, force: true });
  }
}
