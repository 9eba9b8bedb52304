/**
 * What 15,000 held Pings cost in the structures of holding: `node --expose-gc test/bench/hold.ts [count]`. Sockets are
 * not part of it. Counts the heap after a full collection, with registrations in a table that forgets them.
 */
import { PingWatch, type WatchDeps } from '../../lib/commands/ping-watch.ts';
import type { EasResponse } from '../../lib/http/types.ts';
import type { Mailbox } from '../../lib/mailbox/types.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import type { DeviceId, FolderId, MailboxId } from '../../lib/ops/ids.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { createHolder } from '../../lib/push/hold.ts';
import type { Table } from '../../lib/store/ports.ts';
import { createInProcessTransport } from '../support/in-process-transport.ts';

const count = Number(process.argv[2] ?? 15_000);
const FOLDERS = ['inbox', 'calendar', 'contacts'];

const table: Table = {
  get: async () => undefined,
  batchGet: async (wanted) => wanted.map(() => undefined),
  query: async () => [],
  transact: async () => {},
};
const state = { incarnation: 'a', hierarchy: 1, policyEpoch: 0, wipeEpoch: 0 };
const fresh = { added: 0 };
const heads = async () => ({ state, heads: new Map() });
const deps: WatchDeps = {
  table,
  mailboxes: { open: (id) => ({ id, heads }) as unknown as Mailbox },
  log: silentLog,
  strikes: 3,
  hierarchy: { upToDate: async () => true },
  news: {
    look: async (_mailbox, _device, folders) =>
      new Map(folders.map((folder) => [folder, fresh.added > 0 && folder === 'inbox' ? 'now' : 'none'])),
  },
};

/** Every string is its own, as those that come out of a decoder are. */
const own = (text: string) => Buffer.from(text, 'latin1').toString('latin1');

const heap = () => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 50));

async function main(): Promise<void> {
  if (!globalThis.gc) throw new Error('run with --expose-gc');
  const transport = createInProcessTransport();
  const holder = createHolder({ table, clock: systemClock, log: silentLog, task: 'bench', epoch: 'bench', transport });
  let answered = 0;
  const encode = (): EasResponse => ({ status: 200, headers: {}, body: new Uint8Array(0) });
  const sink = () => {
    answered++;
  };
  const hold = (n: number): void => {
    const mailbox = own(`mailbox-${n}`) as MailboxId;
    const folders = FOLDERS.map((folder) => own(folder) as FolderId);
    const memory = { heartbeatS: 3540, folders, policyEpoch: 0, wipeEpoch: 0 };
    const deadline = Date.now() + 3_540_000;
    holder.hold(new PingWatch(deps, mailbox, own(`device-${n}`) as DeviceId, deadline, memory), encode).complete(sink);
  };
  for (let n = 0; n < 100; n++) hold(-1 - n);
  await turn();

  const before = heap();
  const begun = performance.now();
  for (let n = 0; n < count; n++) hold(n);
  while (holder.held < count + 100) await turn();
  const heldMs = performance.now() - begun;
  await turn();
  const each = (heap() - before) / count;

  const idle = process.cpuUsage();
  await new Promise<void>((resolve) => setTimeout(resolve, 5000));
  const { user, system } = process.cpuUsage(idle);

  fresh.added = 1;
  const storm = performance.now();
  for (let n = 0; n < count; n++) {
    holder.wake([{ mailbox: `mailbox-${n}` as MailboxId, folder: 'inbox' as FolderId, seq: 1, added: 1 }]);
  }
  while (answered < count) await new Promise<void>((resolve) => setImmediate(resolve));
  const stormMs = performance.now() - storm;
  await holder.close();

  console.table({
    'held requests': count,
    'heap bytes each (request, watch, mailbox stub, folders, timers)': Math.round(each),
    'to hold all, ms': Math.round(heldMs),
    'CPU while idle, % of a core': Number(((user + system) / 50_000).toFixed(2)),
    'to answer all at once, ms': Math.round(stormMs),
  });
}

await main();
