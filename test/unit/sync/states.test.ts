import { describe, expect, test } from 'vitest';
import type { DeviceId, MailboxId } from '../../../lib/ops/ids.ts';
import { ConditionFailed, StoreConflict, StoreUnavailable, type Table, type Write } from '../../../lib/store/ports.ts';
import { LOG_TTL_S } from '../../../lib/store/schema.ts';
import { DEFAULT_OPTIONS } from '../../../lib/sync/options.ts';
import { startingPosition } from '../../../lib/sync/position.ts';
import { type SyncState, SyncStates } from '../../../lib/sync/states.ts';
import { FaultyTable, type WriteFault } from '../../support/faulty-table.ts';
import { INBOX, TRASH } from '../../support/mailboxes.ts';
import { openTestStore } from '../../support/stores.ts';

const M = 'm' as MailboxId;
const D = 'd' as DeviceId;
const state = (counter: number): SyncState => ({
  generation: 'g',
  counter,
  incarnation: 'i',
  next: startingPosition({ seq: 1, n: 2 }, '', 0),
  snapshot: 0,
  content: false,
  behind: false,
  own: [],
  options: { own: DEFAULT_OPTIONS },
  touched: 0,
});

async function withFaults(...faults: (WriteFault | undefined)[]) {
  const { table } = await openTestStore();
  const faulty = new FaultyTable(table, { write: () => faults.shift() });
  return { states: new SyncStates(faulty), faulty };
}

describe('sync states', () => {
  test('are what was written, by folder', async () => {
    const { states } = await withFaults();
    expect(await states.load(M, D, [INBOX])).toEqual([undefined]);
    expect(await states.load(M, D, [])).toEqual([]);
    const rev = await states.save(M, D, INBOX, state(1), undefined);
    expect(await states.load(M, D, [TRASH, INBOX])).toEqual([undefined, { state: state(1), rev }]);
  });

  /** A table that answers every read with this row and every write with these errors. */
  function table(row?: object, errors: Error[] = []) {
    const asked: unknown[] = [];
    const fake = {
      get: async (_: unknown, consistency: string) => {
        asked.push(['get', consistency]);
        return row;
      },
      batchGet: async (keys: readonly unknown[], consistency: string) => {
        asked.push(['batchGet', keys.length, consistency]);
        return keys.map(() => row);
      },
      transact: async ([write]: readonly Write[]) => {
        asked.push(write);
        const error = errors.shift();
        if (error) throw error;
      },
    } as unknown as Table;
    return { states: new SyncStates(fake), asked };
  }

  test('are read strongly, at once, and not at all for nothing', async () => {
    const { states, asked } = table();
    expect(await states.load(M, D, [])).toEqual([]);
    expect(await states.load(M, D, [INBOX, TRASH])).toEqual([undefined, undefined]);
    expect(asked).toEqual([['batchGet', 2, 'strong']]);
  });

  test.each([{ state: '{}' }, { state: {}, rev: 'r' }, { state: '{}', rev: 7 }])(
    'are none where the row is none of theirs: %j',
    async (row) => {
      expect(await table(row).states.load(M, D, [INBOX])).toEqual([undefined]);
    },
  );

  test('are kept for twice as long as the log', async () => {
    const { states, asked } = table();
    await states.save(M, D, INBOX, { ...state(1), touched: 5_000_999 }, undefined);
    expect(asked).toMatchObject([{ row: { ttl: 5000 + 2 * LOG_TTL_S }, when: { row: 'absent' } }]);
  });

  test('of a faster request are believed at once; only after a try without an answer it may be one’s own', async () => {
    const refused = table({ rev: 'other' }, [new ConditionFailed([0])]);
    expect(await refused.states.save(M, D, INBOX, state(1), 'r')).toBeUndefined();
    expect(refused.asked).toHaveLength(1);
    const unsure = table({ rev: 'other' }, [new StoreConflict('x'), new ConditionFailed([0])]);
    expect(await unsure.states.save(M, D, INBOX, state(1), 'r')).toBeUndefined();
    expect(unsure.asked.at(-1)).toEqual(['get', 'strong']);
  });

  test('are tried for six times', async () => {
    const busy = table(
      undefined,
      Array.from({ length: 9 }, () => new StoreConflict('x')),
    );
    await expect(busy.states.save(M, D, INBOX, state(1), 'r')).rejects.toThrow(StoreUnavailable);
    expect(busy.asked).toHaveLength(6);
  });

  test('are written only on top of what was read', async () => {
    const { states } = await withFaults();
    const first = await states.save(M, D, INBOX, state(1), undefined);
    expect(await states.save(M, D, INBOX, state(9), undefined)).toBeUndefined();
    const second = await states.save(M, D, INBOX, state(2), first);
    expect(second).not.toBe(first);
    expect(await states.save(M, D, INBOX, state(9), first)).toBeUndefined();
    expect((await states.load(M, D, [INBOX]))[0]?.state.counter).toBe(2);
  });

  test.each<[string, WriteFault[]]>([
    ['the answer to the write was lost', ['lost']],
    ['the write was lost', ['dropped']],
    ['another transaction was in the way', ['conflict', 'throttled', 'conflict']],
    ['everything happens', ['conflict', 'dropped', 'lost']],
  ])('are written once although %s', async (_, faults) => {
    const { states } = await withFaults(...faults);
    const rev = await states.save(M, D, INBOX, state(1), undefined);
    expect(rev).toBeDefined();
    expect((await states.load(M, D, [INBOX]))[0]).toEqual({ state: state(1), rev });
  });

  test('of a rival are left alone after a lost write', async () => {
    const { states, faulty } = await withFaults();
    const first = await states.save(M, D, INBOX, state(1), undefined);
    const rival = new SyncStates(faulty);
    let once = true;
    faulty.faults = {
      write: () => {
        if (!once) return undefined;
        once = false;
        return 'dropped';
      },
      before: async () => {
        if (once) return;
        faulty.faults = {};
        await rival.save(M, D, INBOX, state(7), first);
      },
    };
    expect(await states.save(M, D, INBOX, state(2), first)).toBeUndefined();
    expect((await states.load(M, D, [INBOX]))[0]?.state.counter).toBe(7);
  });

  test('that cannot be written for long are store trouble', async () => {
    const { states } = await withFaults(...Array.from({ length: 50 }, () => 'conflict' as const));
    await expect(states.save(M, D, INBOX, state(1), undefined)).rejects.toThrow(StoreUnavailable);
  });

  test('pass on what is no trouble of theirs', async () => {
    const { states, faulty } = await withFaults();
    faulty.faults = { before: () => Promise.reject(new TypeError('bug')) };
    await expect(states.save(M, D, INBOX, state(1), undefined)).rejects.toThrow(TypeError);
    expect(new ConditionFailed([0]).name).toBe('ConditionFailed');
  });
});
