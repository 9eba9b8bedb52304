/** What a device ought to have of a mail folder besides the mail above its cut-off. */
import { describe, expect, test } from 'vitest';
import { type ItemId, SMS_IDS } from '../../../lib/ops/ids.ts';
import {
  aim,
  excess,
  ignored,
  missing,
  nextExcess,
  nextMissing,
  type Position,
  startingPosition,
  wanted,
  withHeld,
} from '../../../lib/sync/position.ts';
import { contains, EVERYTHING, TOP } from '../../../lib/sync/ranges.ts';
import { rewound } from '../../../lib/sync/state.ts';

/** Mail is below `4`, text messages from there to `8`, and what else there may be above. */
const ids = ['00', '10', '20', '40', '50', '60', '7z', '80'] as ItemId[];
const start = (over: Partial<Position> = {}): Position => ({ ...startingPosition({ seq: 0, n: 0 }, '10', 1), ...over });
const sms = { goal: '50', filterType: 2 };
const within = (set: ReturnType<typeof missing>) => ids.filter((id) => contains(set, id));

describe('text messages', () => {
  test('are ignored where the device wants none, up to where they end', () => {
    expect(ids.filter((id) => ignored(start(), id))).toEqual(['40', '50', '60', '7z']);
    expect(ids.filter((id) => ignored(start({ sms }), id))).toEqual([]);
  });

  test('are wanted from their own cut-off on', () => {
    expect(ids.filter((id) => wanted(start({ sms }), id))).toEqual(['10', '20', '50', '60', '7z', '80']);
    expect(within(missing(start({ sms })))).toEqual(['10', '20', '50', '60', '7z', '80']);
  });

  test('that are too old leave', () => {
    const held = start({ sms, held: EVERYTHING });
    expect(within(excess(held))).toEqual(['00', '40']);
    expect(nextExcess(held)).toEqual({ from: SMS_IDS.from, below: '50' });
  });

  test('are none of what a device has that begins to want them, and all of it stays afterwards', () => {
    const before = start({ held: EVERYTHING });
    const begun = aim(before, '10', 1, { sms });
    expect(within(begun.held)).toEqual(['00', '10', '20', '80']);
    expect(within(missing(begun))).toEqual(['50', '60', '7z']);
    const later = aim(withHeld(begun, { from: '50', below: SMS_IDS.below }), '10', 1, { sms: { ...sms, goal: '60' } });
    expect(within(later.held)).toEqual(['00', '10', '20', '50', '60', '7z', '80']);
    expect(aim(later, '10', 1)).not.toHaveProperty('sms');
  });
});

describe('old messages of conversations', () => {
  const threads = ['00'] as ItemId[];

  test('are wanted, and are missing one by one', () => {
    const position = start({ threads, held: [{ from: '10', below: TOP }] });
    expect(ids.filter((id) => wanted(position, id))).toContain('00');
    expect(wanted(start({ threads }), '01')).toBe(false);
    expect(nextMissing(position)).toEqual({ from: '00', below: '00!' });
  });

  test('leave with their conversation', () => {
    const held = withHeld(start({ threads, held: [{ from: '10', below: TOP }] }), { from: '00', below: '00!' });
    expect(nextExcess(held)).toBeUndefined();
    expect(nextExcess(aim(held, '10', 1, { threads: [] }))).toEqual({ from: '00', below: '00!' });
    expect(aim(held, '10', 1)).not.toHaveProperty('threads');
  });
});

describe('an aim', () => {
  const threads = ['00', '05'] as ItemId[];
  const position = start({ sms, threads });

  test('that is the same changes nothing', () => {
    expect(aim(position, '10', 1, { sms: { ...sms }, threads: [...threads] })).toBe(position);
    expect(aim(start(), '10', 1, {})).toMatchObject(start());
  });

  test.each<[string, Parameters<typeof aim>[1], number, Parameters<typeof aim>[3]]>([
    ['at another cut-off', '11', 1, { sms, threads }],
    ['with another filter', '10', 2, { sms, threads }],
    ['at another cut-off of text messages', '10', 1, { sms: { ...sms, goal: '51' }, threads }],
    ['with another filter of text messages', '10', 1, { sms: { ...sms, filterType: 3 }, threads }],
    ['without text messages', '10', 1, { threads }],
    ['with other conversations', '10', 1, { sms, threads: ['00'] as ItemId[] }],
    ['without conversations', '10', 1, { sms }],
    ['with no conversations', '10', 1, { sms, threads: [] }],
  ])('%s is what was asked for', (_, goal, filterType, beside) => {
    const aimed = aim(position, goal, filterType, beside);
    expect(aimed).not.toBe(position);
    const { log, held, rest, skipped } = position;
    expect(aimed).toEqual({ log, held, rest, skipped, goal, filterType, ...beside });
  });

  test('tells no conversations from none asked for', () => {
    const none = start({ threads: [] });
    expect(aim(none, '10', 1)).not.toBe(none);
    expect(aim(start(), '10', 1, { threads: [] })).toMatchObject({ threads: [] });
  });
});

test('a state that is made anew is where it was before its last answer', () => {
  const state = {
    ...{
      generation: 'g',
      counter: 4,
      incarnation: 'i',
      snapshot: 3,
      content: true,
      behind: true,
      own: [],
      options: {},
    },
    ...{ touched: 1, base: start({ log: { seq: 1, n: 0 } }), next: start({ log: { seq: 3, n: 0 } }) },
  };
  const back = rewound(state);
  expect(back).toMatchObject({ counter: 3, next: state.base, content: false, behind: true });
  expect(back).not.toHaveProperty('base');
  const { base: _, ...first } = state;
  expect(rewound(first).next).toEqual(state.next);
});
