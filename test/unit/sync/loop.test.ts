import { describe, expect, test } from 'vitest';
import type { ItemId } from '../../../lib/ops/ids.ts';
import { type Loop, recovered, repeated, told } from '../../../lib/sync/loop.ts';

const items = (count: number) => Array.from({ length: count }, (_, n) => `i${n}` as ItemId);

/** What a device sees that always asks again: windows of its answers, until an item is left out. */
function asksForEver(available: number) {
  const answers: { window: number; short: boolean }[] = [];
  let loop: Loop | undefined;
  for (let count = 0; count < 100; count++) {
    const { loop: next, lost } = repeated(loop);
    if (lost) return { answers, lost, left: next.refused };
    const window = Math.min(available, next.window ?? available);
    answers.push({ window, short: next.short === true });
    loop = told(next, items(window));
  }
  return { answers, lost: undefined, left: undefined };
}

describe('a device that never gets on with its window', () => {
  test('gets smaller ones, then one item, then that item short; at last it is left out', () => {
    const { answers, lost, left } = asksForEver(100);
    const runs = [...new Set(answers.map(({ window, short }) => `${window}${short ? ' short' : ''}`))];
    expect(runs).toEqual(['100', '25', '5', '1', '1 short']);
    expect(answers.filter(({ window }) => window === 100)).toHaveLength(6);
    expect(answers.filter(({ short }) => short)).toHaveLength(7);
    expect(lost).toBe('i0');
    expect(left).toEqual(['i0']);
  });

  test.each([
    { available: 20, runs: ['20', '5', '1', '1 short'] },
    { available: 5, runs: ['5', '1', '1 short'] },
    { available: 1, runs: ['1', '1 short'] },
  ])('of $available items skips the sizes that would change nothing', ({ available, runs }) => {
    const { answers } = asksForEver(available);
    expect([...new Set(answers.map(({ window, short }) => `${window}${short ? ' short' : ''}`))]).toEqual(runs);
  });

  test('of nothing but responses is told the same for ever: there is nothing to leave out', () => {
    expect(asksForEver(0)).toMatchObject({ lost: undefined });
  });
});

describe('after an answer that got through', () => {
  test('the window grows again until there is no limit any more', () => {
    const windows: (number | undefined)[] = [];
    for (let loop: Loop | undefined = { repeats: 2, window: 1, short: true, refused: items(1) }; loop; ) {
      loop = recovered(loop);
      windows.push(loop?.window);
    }
    expect(windows).toEqual([1, 1, 1, 1, 5, 5, 5, 5, 5, 25, 25, 25, 25, 25, undefined]);
  });

  test('nothing is kept of mere repetitions', () => {
    expect(recovered(undefined)).toBeUndefined();
    expect(recovered({ repeats: 5 })).toBeUndefined();
  });
});
