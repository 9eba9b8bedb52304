import { expect, it } from 'vitest';
import { fastPathOf, openFastPath, openWaker } from '../../../lib/cloud/waking.ts';
import type { DeviceId, MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { createMetrics } from '../../../lib/ops/metrics.ts';
import { Waiters } from '../../../lib/push/waiters.ts';
import type { Write } from '../../../lib/store/ports.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryTable } from '../../support/memory-table.ts';

const mailbox = 'anna' as MailboxId;
const commit: Write = { op: 'put', table: 'mailboxes', row: { pk: `U#${mailbox}`, sk: 'F#inbox', seq: 1, added: 1 } };

async function setUp(sent: 'delivered' | 'gone') {
  const clock = new FakeClock();
  const table = new MemoryTable();
  const lines: string[] = [];
  const metrics = createMetrics('t', clock, (line) => lines.push(line));
  const until = clock.now() + 60_000;
  const waiter = { mailbox, kind: 'ping', task: 'task1', epoch: 'e', at: clock.now(), until } as const;
  const waiters = new Waiters({ table, clock });
  for (const device of ['phone', 'tablet'] as DeviceId[])
    await waiters.register({ ...waiter, device, request: device });
  let posts = 0;
  const transport = {
    send: async () => {
      posts++;
      return sent;
    },
  };
  return { table, transport, metrics, lines, base: { clock, log: silentLog, metrics }, posts: () => posts };
}

it.each([
  ['gone', [2]],
  ['delivered', []],
] as const)("a writer's own wake that finds a task %s counts %j stale waiters", async (sent, expected) => {
  const { table, transport, metrics, lines, base } = await setUp(sent);
  const fastPath = fastPathOf(openWaker(transport, table, base), base);
  await fastPath.over(table).transact([commit]);
  await fastPath.settled(1000);
  metrics.flush();
  expect(lines.map((line) => JSON.parse(line).StaleWaiters)).toEqual(expected);
});

it('a writer that may not wake leaves it to the stream, and reads nothing', async () => {
  const { table, transport, base, posts } = await setUp('delivered');
  const fastPath = openFastPath({ wakeTransport: 'none' }, transport, table, base);
  let reads = 0;
  table.before = (operation) => void (operation === 'query' && reads++);
  await fastPath.over(table).transact([commit]);
  await fastPath.settled(1000);
  expect([reads, posts()]).toEqual([0, 0]);
});
