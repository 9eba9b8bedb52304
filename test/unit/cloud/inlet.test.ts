import { expect, it } from 'vitest';
import { directInlet } from '../../../lib/cloud/inlet.ts';
import type { InletDeps } from '../../../lib/cloud/task.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { createDirectTransport } from '../../../lib/push/direct/transport.ts';
import type { TaskMessage } from '../../../lib/push/types.ts';
import { keys } from '../../../lib/store/schema.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryTable } from '../../support/memory-table.ts';
import { freePort } from '../../support/servers/process.ts';

it('a task that takes wakes directly is found by its row while it runs, also when the row was lost, and not after', async () => {
  const clock = new FakeClock();
  const table = new MemoryTable();
  const got: TaskMessage[] = [];
  const port = await freePort();
  const inlet = directInlet(
    { clock, log: silentLog },
    { task: 't1', address: '127.0.0.1' },
    port,
  )({
    domain: { store: { table } },
    holder: { receive: (message: TaskMessage) => got.push(message) },
  } as unknown as InletDeps);
  await inlet.start();
  const transport = createDirectTransport({ table, clock });
  const message = { wakes: [{ mailbox: 'm' as MailboxId }] };
  expect(await transport.send('t1', message)).toBe('delivered');
  expect(got).toHaveLength(1);
  const { wakeKey } = table.rows()[0]!;
  await table.transact([{ op: 'delete', key: keys.task('t1') }]);
  await clock.advance(3_600_000);
  expect(table.rows()[0]).toMatchObject({ wakeUrl: `http://127.0.0.1:${port}`, wakeKey });
  await inlet.stop();
  expect(await transport.send('t1', message)).toBe('gone');
  expect(clock.pending).toBe(0);
  transport.close();
});

it('a task without an address cannot take wakes directly', () => {
  const make = () => directInlet({ clock: new FakeClock(), log: silentLog }, { task: 't1', address: undefined }, 1);
  expect(make).toThrow('own address');
});
