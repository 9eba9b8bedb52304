import { describe, expect, test } from 'vitest';
import { commit, type Decision } from '../../../lib/mailbox/commit.ts';
import type { MailboxContext } from '../../../lib/mailbox/context.ts';
import { QuotaBook } from '../../../lib/mailbox/quota.ts';
import { Turns } from '../../../lib/mailbox/turns.ts';
import {
  ConditionFailed,
  OutcomeUnknown,
  StoreConflict,
  StoreUnavailable,
  type Table,
  type Write,
} from '../../../lib/store/ports.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { ALICE } from '../../support/mailboxes.ts';

const PROOF = { table: 'mailboxes', pk: 'U#alice', sk: 'L#1' } as const;
const OWN: Write = { op: 'put', table: 'mailboxes', row: { ...strip(PROOF), tx: 'mine' } };
const EXTRA: Write = { op: 'put', table: 'devices', row: { pk: 'U#alice', sk: 'R#1' }, when: { row: 'absent' } };
function strip({ pk, sk }: typeof PROOF) {
  return { pk, sk };
}

/** A table whose transactions end as told, one after the other, and succeed after that. */
function tableOf(...outcomes: (Error | 'lost')[]) {
  const log: Write[][] = [];
  let written = false;
  const table = {
    batchGet: async () => [written ? { ...strip(PROOF), tx: 'mine' } : undefined],
    transact: async (writes: readonly Write[]) => {
      log.push([...writes]);
      const outcome = outcomes.shift();
      if (outcome === 'lost') written = true;
      if (outcome) throw outcome === 'lost' ? new OutcomeUnknown('lost') : outcome;
    },
  } as unknown as Table;
  const pauses: number[] = [];
  const pause = async (attempt: number) => {
    pauses.push(attempt);
  };
  const clock = new FakeClock();
  const quotas = new QuotaBook(table, clock);
  const context: MailboxContext = { id: ALICE, table, clock, pause, turns: new Turns(), quotas };
  return { context, log, pauses };
}

function decisions(...given: (Decision<string> | { result: string } | Error)[]) {
  let calls = 0;
  return async () => {
    const next = given[Math.min(calls++, given.length - 1)]!;
    if (next instanceof Error) throw next;
    return next;
  };
}
const change = (result: string): Decision<string> => ({ writes: [OWN], proof: PROOF, result });

describe('a change', () => {
  test('commits what was decided together with the rows of the caller', async () => {
    const { context, log } = tableOf();
    expect(await commit(context, 'mine', [EXTRA], decisions(change('done')))).toBe('done');
    expect(log).toEqual([[OWN, EXTRA]]);
  });

  test.each([
    ['a conflict', new StoreConflict('busy')],
    ['a condition', new ConditionFailed([0])],
    ['a condition beside one of the caller', new ConditionFailed([0, 1])],
    ['a lost answer without a commit', new OutcomeUnknown('lost')],
  ])('is decided again after %s', async (_what, error) => {
    const { context, log, pauses } = tableOf(error);
    expect(await commit(context, 'mine', [EXTRA], decisions(change('first'), change('second')))).toBe('second');
    expect(log).toHaveLength(2);
    expect(pauses).toEqual([1]);
  });

  test('that was committed although its answer was lost is not made again', async () => {
    const { context, log } = tableOf('lost');
    expect(await commit(context, 'mine', [], decisions(change('first'), change('second')))).toBe('first');
    expect(log).toHaveLength(1);
  });

  test('of another operation is not taken for its own', async () => {
    const { context, log } = tableOf('lost');
    expect(await commit(context, 'another', [], decisions(change('first'), change('second')))).toBe('second');
    expect(log).toHaveLength(2);
  });

  test('that seems made already, by its own lost commit, is answered as that commit', async () => {
    const { context } = tableOf('lost');
    let looks = 0;
    // The rows come to be seen one after the other: what was changed before the proof.
    const late = {
      ...context.table,
      batchGet: async () => [++looks > 3 ? { ...strip(PROOF), tx: 'mine' } : undefined],
    };
    const slow = { ...context, table: late as unknown as Table };
    expect(await commit(slow, 'mine', [], decisions(change('first'), { result: 'nothing to do' }))).toBe('first');
  });

  test('ends with what its decision throws', async () => {
    const { context, log } = tableOf();
    await expect(commit(context, 'mine', [], decisions(new RangeError('no')))).rejects.toThrow(RangeError);
    expect(log).toEqual([]);
  });

  test('ends with the condition of the caller, counted in the rows of the caller', async () => {
    const { context, log } = tableOf(new ConditionFailed([2]));
    const failed = commit(context, 'mine', [EXTRA, EXTRA], decisions(change('done')));
    await expect(failed).rejects.toSatisfy((e) => e instanceof ConditionFailed && e.indexes.join() === '1');
    expect(log).toHaveLength(1);
  });

  test('is given up after a bounded number of tries', async () => {
    const { context, log } = tableOf(...Array.from({ length: 100 }, () => new StoreConflict('busy')));
    await expect(commit(context, 'mine', [], decisions(change('done')))).rejects.toThrow(StoreUnavailable);
    expect(log.length).toBeLessThan(20);
  });

  test('is not repeated after an error that says nothing of repeating', async () => {
    const { context, log } = tableOf(new StoreUnavailable('down'));
    await expect(commit(context, 'mine', [], decisions(change('done')))).rejects.toThrow(StoreUnavailable);
    expect(log).toHaveLength(1);
  });

  test('commits the rows of the caller alone when there is nothing to change, and nothing without them', async () => {
    const { context, log } = tableOf();
    await commit(context, 'mine', [EXTRA], decisions({ result: 'nothing' }));
    await commit(context, 'mine', [], decisions({ result: 'nothing' }));
    expect(log).toEqual([[EXTRA]]);
  });

  test('keeps the rows of the caller for its last part', async () => {
    const { context, log } = tableOf();
    await commit(context, 'mine', [EXTRA], decisions({ ...change('part'), partial: true }));
    expect(log).toEqual([[OWN]]);
  });

  test('of more rows than a transaction takes is refused', async () => {
    const { context } = tableOf();
    const writes = Array.from({ length: 100 }, () => OWN);
    const tooMany = commit(context, 'mine', [EXTRA], decisions({ writes, proof: PROOF, result: '' }));
    await expect(tooMany).rejects.toThrow(RangeError);
  });
});

describe('turns', () => {
  test('are taken one at a time for each name, in the order of asking, whatever becomes of the work', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const work =
      (name: string, fails = false) =>
      async () => {
        log.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
      };
    const all = [
      turns.run(['a'], work('1', true)),
      turns.run(['b'], work('2')),
      turns.run(['b', 'a'], work('3')),
      turns.run(['a'], work('4')),
    ];
    const settled = await Promise.allSettled(all);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    const at = (entry: string) => log.indexOf(entry);
    expect(at('2 begins')).toBeLessThan(at('1 ends'));
    expect(at('3 begins')).toBeGreaterThan(Math.max(at('1 ends'), at('2 ends')));
    expect(at('4 begins')).toBeGreaterThan(at('3 ends'));
    expect(turns.size).toBe(0);
  });

  test('of two who want the same pair the other way round come both', async () => {
    const turns = new Turns();
    const done = await Promise.all([
      turns.run(['a', 'b'], async () => 1),
      turns.run(['b', 'a'], async () => 2),
      turns.run(['a', 'b'], async () => 3),
    ]);
    expect(done).toEqual([1, 2, 3]);
  });
});
