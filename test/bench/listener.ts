/**
 * What a held request costs the listener alone: `node test/bench/listener.ts [sockets]`. The server runs in a process of
 * its own with a handler that holds every Ping; this process is the phones.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { listenHybrid } from '../../lib/http/hybrid.ts';
import { listenNode } from '../../lib/http/node.ts';
import type { EasResponse } from '../../lib/http/types.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { type Figure, printTable } from './figures.ts';
import { SocketLoad } from './load/sockets.ts';

interface Report {
  readonly held: number;
  readonly rss: number;
  /** Microseconds since the report before. */
  readonly cpu: number;
}

const self = fileURLToPath(import.meta.url);
const [role, kind] = process.argv.slice(2);
if (role === 'serve') await serve(kind === 'node' ? listenNode : listenHybrid);
else await main(Number(role ?? 15_000));

async function serve(listen: typeof listenHybrid): Promise<void> {
  const sinks = new Set<(response: EasResponse) => void>();
  const handler = async () => ({
    kind: 'held' as const,
    key: '',
    deadline: 0,
    complete: (sink: (response: EasResponse) => void) => void sinks.add(sink),
    abandon() {},
  });
  const { port } = await listen({ handler, clock: systemClock, log: silentLog, port: 0, host: '127.0.0.1' });
  let before = process.cpuUsage();
  process.on('message', (order) => {
    if (order === 'answer') {
      const body = Buffer.from('030100', 'hex');
      for (const sink of sinks) sink({ status: 200, headers: { 'Content-Length': '3' }, body });
      sinks.clear();
      return;
    }
    const { user, system } = process.cpuUsage(before);
    for (let turn = 0; turn < 3; turn++) globalThis.gc?.();
    process.send?.({ held: sinks.size, rss: process.memoryUsage().rss, cpu: user + system } satisfies Report);
    before = process.cpuUsage();
  });
  process.send?.(port);
}

async function measure(which: string, count: number): Promise<Figure[]> {
  const server = fork(self, ['serve', which], { execArgv: ['--expose-gc'] });
  const [port] = (await once(server, 'message')) as [number];
  const report = async (): Promise<Report> => {
    server.send('report');
    return ((await once(server, 'message')) as [Report])[0];
  };
  let answers = 0;
  let done: () => void = () => {};
  const load = new SocketLoad(port, () => {
    if (++answers % count === 0) done();
  });
  const pingers = Array.from({ length: count }, (_, id) => ({ id, request: ping(id) }));
  const round = async () => {
    await load.send(pingers);
    while ((await report()).held < count) await pause(100);
  };
  const answerAll = async () => {
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    const began = performance.now();
    server.send('answer');
    await all;
    return performance.now() - began;
  };
  const idle = await report();
  await round();
  await pause(2_000);
  await report();
  await pause(10_000);
  const first = await report();
  const ms = await answerAll();
  await round();
  await pause(2_000);
  const second = await report();
  load.close();
  server.kill();
  return [
    { name: `${which}: resident memory of a held Ping`, value: (first.rss - idle.rss) / count / 1024, unit: 'KB' },
    { name: `${which}: the same for the second Ping`, value: (second.rss - idle.rss) / count / 1024, unit: 'KB' },
    { name: `${which}: of a core while nothing happens`, value: first.cpu / 100_000, unit: '%' },
    { name: `${which}: answering all of them`, value: ms, unit: 'ms' },
  ];
}

function ping(id: number): Buffer {
  const head = [
    `POST /Microsoft-Server-ActiveSync?Cmd=Ping&User=user${id}&DeviceId=device${id}&DeviceType=iPhone HTTP/1.1`,
    'Host: mail.example.com',
    'Authorization: Basic dXNlcjpwYXNzd29yZA==',
    'User-Agent: Apple-iPhone14C1/2001.61',
    'MS-ASProtocolVersion: 16.1',
    'Content-Type: application/vnd.ms-sync.wbxml',
    'Content-Length: 4',
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), Buffer.from('03016a00', 'hex')]);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function main(count: number): Promise<void> {
  if (!(Number.isSafeInteger(count) && count > 0)) throw new RangeError('the number of sockets must be positive');
  const figures = [...(await measure('hybrid', count)), ...(await measure('node', count))];
  printTable(`Held requests on the listener alone, ${count} sockets`, figures);
  process.exit(0);
}
