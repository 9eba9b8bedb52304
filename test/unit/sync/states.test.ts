import { describe, expect, test } from 'vitest';
import type { DeviceId, MailboxId } from '../../../lib/ops/ids.ts';
import { ConditionFailed, StoreUnavailable } from '../../../lib/store/ports.ts';
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
