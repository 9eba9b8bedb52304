import { describe, expect, test } from 'vitest';
import type { DeviceId } from '../../../lib/ops/ids.ts';
import {
  changedState,
  changeOrigin,
  firstState,
  type HierarchyState,
  hierarchyKey,
  isOfOtherVersion,
  judgeHierarchyKey,
  knownTo,
  settledState,
  toldState,
} from '../../../lib/sync/hierarchy-state.ts';

const PHONE = 'phone' as DeviceId;
const first = firstState('gen', 'inc', 7);
const change = { kind: 'change', digest: 'd' } as const;
/** The device's own change, after it had the last answer. */
const changed = (state: HierarchyState) => changedState(state, state.last, change);

describe('the key of a hierarchy', () => {
  test('begins a generation, and counts its answers', () => {
    expect(first).toEqual({
      generation: 'gen',
      incarnation: 'inc',
      last: { counter: 1, to: 7, own: [] },
      answer: { kind: 'initial' },
    });
    expect(hierarchyKey(first)).toBe('gen.1');
    expect(hierarchyKey(toldState(first, first.last, 9))).toBe('gen.2');
    expect(hierarchyKey(changed(first))).toBe('gen.2');
  });

  test('is the last that was given, or the one before it while that answer may be lost [MS-ASCMD R4573 R4581]', () => {
    const told = toldState(first, first.last, 9);
    expect(judgeHierarchyKey(told, 'gen.2')).toEqual({ verdict: 'current', at: { counter: 2, to: 9, own: [] } });
    expect(judgeHierarchyKey(told, 'gen.1')).toEqual({ verdict: 'repeat', at: { counter: 1, to: 7, own: [] } });
    for (const key of ['gen.3', 'gen.0', 'other.2', '0', '', 'nonsense']) {
      expect(judgeHierarchyKey(told, key)).toBeUndefined();
    }
    expect(judgeHierarchyKey(first, 'gen.0')).toBeUndefined();
    expect(judgeHierarchyKey(settledState(told, 9), 'gen.1')).toBeUndefined();
    expect(judgeHierarchyKey(settledState(told, 11), 'gen.2')?.at).toEqual({ counter: 2, to: 11, own: [] });
  });

  test('of an answer to the key before it stands on that one', () => {
    const told = toldState(first, first.last, 9);
    const again = toldState(told, first.last, 10);
    expect(again).toMatchObject({ before: { counter: 1 }, last: { counter: 3, to: 10 }, answer: { kind: 'sync' } });
  });
});

describe('a device’s own change of folders', () => {
  const knows = (state: HierarchyState, counter: number, over: Partial<{ device: DeviceId; syncKey: string }> = {}) =>
    knownTo(state, PHONE, state.last)({ device: PHONE, syncKey: `gen.${counter}`, ...over });

  test('is known to the device that had its answer', () => {
    const state = changed(first);
    expect(changeOrigin(state, PHONE)).toEqual({ device: PHONE, syncKey: 'gen.2' });
    expect(state).toMatchObject({ last: { counter: 2, to: 7, own: [[2, 2]] }, before: first.last, answer: change });
    expect(knows(state, 2)).toBe(true);
    for (const counter of [1, 3]) expect(knows(state, counter)).toBe(false);
    expect(knows(state, 2, { device: 'tablet' as DeviceId })).toBe(false);
    expect(knows(state, 2, { syncKey: 'other.2' })).toBe(false);
    expect(knows(state, 2, { syncKey: 'nonsense' })).toBe(false);
  });

  test('joins those right before it', () => {
    const state = changed(changed(changed(first)));
    expect(state.last.own).toEqual([[2, 4]]);
    expect([1, 2, 3, 4, 5].filter((counter) => knows(state, counter))).toEqual([2, 3, 4]);
  });

  test('whose answer was lost is news to it, and leaves a hole', () => {
    // Key 2 was given for a change; the device, without that answer, comes with key 1 again.
    const lost = changed(first);
    const state = changed(changedState(lost, first.last, change));
    expect(state.last.own).toEqual([[3, 4]]);
    expect([2, 3, 4].filter((counter) => knows(state, counter))).toEqual([3, 4]);
    const later = changedState(changed(state), state.last, change);
    expect(later.last.own).toEqual([
      [3, 4],
      [6, 6],
    ]);
  });

  test('is forgotten once the device was told everything up to it', () => {
    expect(toldState(changed(first), changed(first).last, 9).last.own).toEqual([]);
    expect(settledState(changed(first), 9).last).toEqual({ counter: 2, to: 9, own: [] });
  });

  test('is remembered for two hundred holes, the latest', () => {
    let state = first;
    for (let n = 0; n < 250; n++) state = changed(changedState(changed(state), state.last, change));
    expect(state.last.own.length).toBeLessThanOrEqual(200);
    expect(state.last.own.at(-1)?.[1]).toBe(state.last.counter);
    let holes = first;
    for (let n = 0; n < 250; n++) holes = changedState(changed(holes), holes.last, change);
    expect(holes.last.own).toHaveLength(200);
    expect(holes.last.own.at(-1)).toEqual([holes.last.counter, holes.last.counter]);
  });
});

test('a generation is of the version that the device spoke when it began, where that is known', () => {
  const spoken = firstState('gen', 'inc', 7, 141);
  expect(spoken).toEqual({ ...first, version: 141 });
  expect(toldState(spoken, spoken.last, 9).version).toBe(141);
  expect([140, 141, 161].map((version) => isOfOtherVersion(spoken, version as 141))).toEqual([true, false, true]);
  expect(isOfOtherVersion(first, 161)).toBe(false);
});
