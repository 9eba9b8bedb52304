import { describe, expect, it } from 'vitest';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { FastPath } from '../../../lib/push/fast-path.ts';
import type { Wake } from '../../../lib/push/types.ts';
import { keys } from '../../../lib/store/schema.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { email, INBOX, openTestMailbox } from '../../support/mailboxes.ts';
import { MemoryTable } from '../../support/memory-table.ts';

function setup() {
  const clock = new FakeClock();
  const told: Wake[][] = [];
  const gate = { wait: Promise.resolve() as Promise<void> };
  const path = new FastPath(clock, async (wakes) => {
    await gate.wait;
    told.push([...wakes]);
  });
  return { clock, told, gate, path };
}

describe("the writer's own wake", () => {
  it('says of a real commit what the stream will say of it', async () => {
    const { told, path } = setup();
    const { mailbox, clock } = await openTestMailbox({ wrap: (table) => path.over(table) });
    told.length = 0;
    await mailbox.append(INBOX, [email('a')]);
    await settle();
    expect(told).toEqual([[{ mailbox: mailbox.id, folder: INBOX, seq: 1, added: 1, at: clock.now() }]]);
    await mailbox.raise('policyEpoch');
    await settle();
    expect(told[1]).toEqual([{ mailbox: mailbox.id }]);
  });

  it('says nothing of other rows, of other tables, or of a commit that failed', async () => {
    const { told, path } = setup();
    const table = path.over(new MemoryTable());
    const m = 'm' as MailboxId;
    await table.transact([
      { op: 'update', key: keys.task('t'), set: { a: 1 } },
      { op: 'put', table: 'mailboxes', row: { pk: 'U#m', sk: 'L#5#1' } },
      { op: 'check', key: keys.state(m), when: { row: 'absent' } },
    ]);
    await expect(
      table.transact([{ op: 'update', key: keys.state(m), set: { a: 1 }, when: { row: 'present' } }]),
    ).rejects.toThrow();
    await settle();
    expect(told).toEqual([]);
  });

  it('keeps no commit waiting, and an answer only for a while', async () => {
    const { clock, told, gate, path } = setup();
    let open = () => {};
    gate.wait = new Promise((resolve) => {
      open = resolve;
    });
    const table = path.over(new MemoryTable());
    await table.transact([{ op: 'put', table: 'mailboxes', row: { pk: 'U#m', sk: 'STATE' } }]);
    let settled = false;
    const waiting = path.settled(500).then(() => {
      settled = true;
    });
    await clock.advance(499);
    expect(settled).toBe(false);
    await clock.advance(1);
    await waiting;
    open();
    await settle();
    expect(told).toEqual([[{ mailbox: 'm' }]]);
    await path.settled(500);
    expect(clock.pending).toBe(0);
  });
});
