import { describe, expect, test } from 'vitest';
import type { HierarchyChanges, Mailboxes, MailboxState } from '../../../lib/mailbox/types.ts';
import type { DeviceId, MailboxId } from '../../../lib/ops/ids.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { firstState, type HierarchyState } from '../../../lib/sync/hierarchy-state.ts';
import { HierarchyStates } from '../../../lib/sync/hierarchy-states.ts';
import { FaultyTable, type WriteFault } from '../../support/faulty-table.ts';
import { openTestStore } from '../../support/stores.ts';

const M = 'm' as MailboxId;
const D = 'd' as DeviceId;
const state = (to: number): HierarchyState => firstState('g', 'i', to);

/** `since`: what the mailbox would tell; it is not asked where that is absent. */
async function withFaults(faults: WriteFault[] = [], since?: Partial<HierarchyChanges>) {
  const { table } = await openTestStore();
  const faulty = new FaultyTable(table, { write: () => faults.shift() });
  const asked: number[] = [];
  const hierarchySince = async (sequence: number) => {
    asked.push(sequence);
    if (!since) throw new Error('asked');
    return { gone: false, added: [], changed: [], deleted: [], ...since };
  };
  const mailboxes = { open: () => ({ hierarchySince }) } as unknown as Pick<Mailboxes, 'open'>;
  return { states: new HierarchyStates(faulty, mailboxes), faulty, asked };
}

describe('what a device knows of the folders', () => {
  test('is what was written, by device', async () => {
    const { states } = await withFaults();
    expect(await states.load(M, D)).toBeUndefined();
    expect(await states.save(M, D, state(1), undefined)).toBe(true);
    expect(await states.load(M, D)).toEqual({ state: state(1), rev: expect.any(String) });
    expect(await states.load(M, 'other' as DeviceId)).toBeUndefined();
  });

  test('is written only on top of what was read', async () => {
    const { states } = await withFaults();
    await states.save(M, D, state(1), undefined);
    const { rev } = (await states.load(M, D))!;
    expect(await states.save(M, D, state(9), undefined)).toBe(false);
    expect(await states.save(M, D, state(2), rev)).toBe(true);
    expect(await states.save(M, D, state(9), rev)).toBe(false);
    expect((await states.load(M, D))!.state).toEqual(state(2));
  });

  test.each<[string, WriteFault[]]>([
    ['the answer to the write was lost', ['lost']],
    ['the write was lost', ['dropped']],
    ['another transaction was in the way', ['conflict', 'conflict']],
    ['everything happens', ['conflict', 'dropped', 'lost']],
  ])('is written once although %s', async (_, faults) => {
    const { states } = await withFaults(faults);
    expect(await states.save(M, D, state(1), undefined)).toBe(true);
    expect((await states.load(M, D))!.state).toEqual(state(1));
  });

  test('is left alone where a row that was read is gone', async () => {
    const { states } = await withFaults();
    expect(await states.save(M, D, state(1), 'read before')).toBe(false);
    expect(await states.load(M, D)).toBeUndefined();
  });

  test('that cannot be written for long is store trouble, what is no trouble of the store passes on', async () => {
    const { states, faulty } = await withFaults(Array.from({ length: 50 }, () => 'conflict' as const));
    await expect(states.save(M, D, state(1), undefined)).rejects.toThrow(StoreUnavailable);
    faulty.faults = { before: () => Promise.reject(new TypeError('bug')) };
    await expect(states.save(M, D, state(1), undefined)).rejects.toThrow(TypeError);
  });
});

describe('a device is up to date', () => {
  const now = { incarnation: 'i', hierarchy: 7 } as MailboxState;
  const folder = { id: 'f' } as never;

  test('where nothing happened since, and the log is not asked', async () => {
    const { states, asked } = await withFaults();
    await states.save(M, D, state(7), undefined);
    expect(await states.upToDate(M, D, now)).toBe(true);
    expect(asked).toEqual([]);
  });

  test('not where it never asked, or the mailbox was restored', async () => {
    const { states } = await withFaults();
    expect(await states.upToDate(M, D, now)).toBe(false);
    await states.save(M, D, state(7), undefined);
    expect(await states.upToDate(M, D, { ...now, incarnation: 'another' })).toBe(false);
  });

  test.each<[string, Partial<HierarchyChanges>, boolean]>([
    ['nothing that it does not know', {}, true],
    ['an addition', { added: [folder] }, false],
    ['a change', { changed: [folder] }, false],
    ['a deletion', { deleted: [folder] }, false],
    ['as many additions as deletions', { added: [folder], deleted: [folder], changed: [folder, folder] }, false],
    ['more than the log still has', { gone: true }, false],
  ])('or not, where since then there was %s', async (_, since, expected) => {
    const { states, asked } = await withFaults([], since);
    await states.save(M, D, state(5), undefined);
    expect(await states.upToDate(M, D, now)).toBe(expected);
    expect(asked).toEqual([5]);
  });
});
