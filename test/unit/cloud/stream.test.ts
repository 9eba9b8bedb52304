import type { DynamoDBRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { wakeFromStream } from '../../../lib/cloud/stream.ts';
import type { DeviceId, MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { createMetrics } from '../../../lib/ops/metrics.ts';
import type { TaskMessage } from '../../../lib/push/types.ts';
import { Waiters } from '../../../lib/push/waiters.ts';
import { Waker } from '../../../lib/push/wake.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryTable } from '../../support/memory-table.ts';

const record = (pk: string, sk: string, n: number, image?: Record<string, string>): DynamoDBRecord => ({
  dynamodb: {
    Keys: { pk: { S: pk }, sk: { S: sk } },
    ...(image && {
      NewImage: Object.fromEntries(Object.entries(image).map(([name, value]) => [name, { N: value }])),
    }),
    SequenceNumber: String(n),
  },
});

async function setup(...mailboxes: string[]) {
  const clock = new FakeClock();
  const table = new MemoryTable();
  const waiters = new Waiters({ table, clock });
  for (const mailbox of mailboxes) {
    const until = clock.now() + 480_000;
    await waiters.register({
      mailbox: mailbox as MailboxId,
      device: 'd' as DeviceId,
      request: `e-${mailbox}`,
      kind: 'ping',
      task: `task-${mailbox}`,
      epoch: 'e',
      at: clock.now(),
      until,
    });
  }
  const sent: [string, TaskMessage][] = [];
  const transport = { answer: 'delivered' as 'delivered' | 'gone' | Error };
  const waker = new Waker({
    waiters,
    log: silentLog,
    transport: {
      async send(task, message) {
        if (transport.answer instanceof Error) throw transport.answer;
        if (transport.answer === 'delivered') sent.push([task, message]);
        return transport.answer;
      },
    },
  });
  const lines: string[] = [];
  const metrics = createMetrics('t', clock, (line) => lines.push(line));
  const run = async (...records: DynamoDBRecord[]) => {
    const result = await wakeFromStream({ Records: records }, { waker, metrics, clock });
    metrics.flush();
    return result;
  };
  return { clock, table, sent, transport, run, lines };
}

const NONE = { batchItemFailures: [] };

describe('a batch of the stream', () => {
  it('becomes one message for each task, with the highest numbers of each folder and where they come from', async () => {
    const { run, sent, clock } = await setup('m1', 'm2');
    const at = String(clock.now() - 70);
    expect(
      await run(
        record('U#m1', 'F#5', 1, { seq: '7', added: '7', at }),
        record('U#m1', 'F#5', 2, { seq: '8', added: '7', at }),
        record('U#m2', 'STATE', 3, {}),
        record('U#m3', 'F#5', 4, { seq: '1' }),
      ),
    ).toEqual(NONE);
    expect(sent).toEqual([
      ['task-m1', { cause: 'feed', wakes: [{ mailbox: 'm1', folder: '5', seq: 8, added: 7, at: Number(at) }] }],
      ['task-m2', { cause: 'feed', wakes: [{ mailbox: 'm2' }] }],
    ]);
  });

  it('measures from the commit to the wake', async () => {
    const { run, clock, lines } = await setup('m1');
    await run(record('U#m1', 'F#5', 1, { seq: '7', at: String(clock.now() - 70) }));
    expect(JSON.parse(lines[0]!)).toMatchObject({ CommitToWake: 70 });
  });

  it('of rows that nobody is told of asks nobody', async () => {
    const { run, table } = await setup('m1');
    table.before = () => {
      throw new Error('not to be read');
    };
    expect(await run(record('U#m1', 'M#5#x', 1, {}), record('T#t', 'TASK', 2, {}), { dynamodb: undefined })).toEqual(
      NONE,
    );
  });

  it.each([['gone' as const], [new Error('throttled')]])(
    'does not come again for a task that could not be told (%s): it is counted',
    async (answer) => {
      const { run, transport, lines } = await setup('m1');
      transport.answer = answer;
      expect(await run(record('U#m1', 'F#5', 1, { seq: '7' }))).toEqual(NONE);
      expect(lines.join()).toContain('"StaleWaiters":1');
    },
  );

  it('comes again from the first record whose waiters could not be read', async () => {
    const { run, table, sent } = await setup('m1', 'm2');
    let reads = 0;
    table.before = (operation) => {
      if (operation === 'query' && ++reads === 2) throw new StoreUnavailable('no');
    };
    const records = [
      record('U#m1', 'F#5', 11, { seq: '1' }),
      record('U#m2', 'F#5', 12, { seq: '1' }),
      record('U#m1', 'F#6', 13, { seq: '1' }),
    ];
    expect(await run(...records)).toEqual({ batchItemFailures: [{ itemIdentifier: '12' }] });
    expect(sent.map(([task]) => task)).toEqual(['task-m1']);
    expect(await run(...records.slice(1))).toEqual(NONE);
    expect(sent.map(([task]) => task)).toEqual(['task-m1', 'task-m2', 'task-m1']);
  });

  it('of a folder that is gone makes whoever watches it look', async () => {
    const { run, sent } = await setup('m1');
    await run(record('U#m1', 'F#5', 1));
    expect(sent[0]![1].wakes).toEqual([{ mailbox: 'm1', folder: '5' }]);
  });
});
