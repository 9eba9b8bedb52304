import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { hashPassword, verifyPassword } from '../../lib/identity/password-hash.ts';
import type { Figure } from './figures.ts';
import type { LoadOrder } from './load.ts';
import type { Answer } from './push.ts';
import type { Order, Usage, UserSecret } from './server.ts';
import { Worker } from './worker.ts';

const PASSWORD = 'correct horse battery staple';
const LOOK_MS = 250;
const MOST_MS = 10 * 60_000;
/** Of a core for one of them: a check at the default cost, and the Ping itself. */
const EACH_MS = 30;

/** Milliseconds of a core that one check takes where nothing else is done, as many at once as there are cores. */
async function checkAlone(): Promise<number> {
  const hash = await hashPassword(PASSWORD);
  let left = 100;
  const began = process.cpuUsage();
  const worker = async () => {
    while (left-- > 0) await verifyPassword(PASSWORD, hash);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000 / 100;
}

/**
 * Accounts with passwords of their own, one phone each, whose Pings come all at once to a server that was just started and
 * knows none of them: seconds until all are held.
 */
export async function restart(accounts: number): Promise<Figure[]> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'dp-restart-'));
  const load = new Worker<LoadOrder>('load.ts');
  const servers: Worker<Order>[] = [];
  const start = async (port: number) => {
    const server = new Worker<Order>('server.ts', ['--expose-gc']);
    servers.push(server);
    const input = { dataDir, host: '127.0.0.1', port, smtpPort: 0 } as const;
    return { server, ...(await server.tell<{ port: number }>({ do: 'start', input })) };
  };
  try {
    const before = await start(0);
    const users = await before.server.tell<UserSecret[]>({ do: 'users', count: accounts, password: PASSWORD });
    await load.tell({ do: 'phones', port: before.port, users });
    await before.server.close();

    const alone = await checkAlone();
    const { server } = await start(before.port);
    const idle = await server.tell<Usage>({ do: 'usage' });
    const began = performance.now();
    await load.tell({ do: 'hold', phones: users.map((_, at) => at), heartbeat: 3540 });
    let held = 0;
    let answers: Answer[] = [];
    while (held + answers.length < accounts && performance.now() - began < MOST_MS) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      [held, answers] = await Promise.all([
        server.tell<number>({ do: 'held' }),
        load.tell<Answer[]>({ do: 'answers', count: 0 }),
      ]);
    }
    const seconds = (performance.now() - began) / 1000;
    const { cpu } = await server.tell<Usage>({ do: 'usage' });
    const most = (accounts * EACH_MS) / 1000 / availableParallelism();
    return [
      { name: `restart: ${accounts} accounts log in, until held`, value: seconds, unit: 's', target: { atMost: most } },
      { name: '... held', value: held, unit: '', target: { atLeast: accounts } },
      { name: '... told an error instead', value: answers.length, unit: '', target: { atMost: 0 } },
      {
        name: '... CPU of one, from its Ping to being held',
        value: (cpu - idle.cpuAfter) / 1000 / accounts,
        unit: 'ms',
        target: { atMost: 1.2 * alone },
      },
      { name: '... of it the check, by itself', value: alone, unit: 'ms' },
    ];
  } finally {
    await load.close();
    await Promise.all(servers.map((server) => server.close()));
    await rm(dataDir, { recursive: true, force: true });
  }
}
