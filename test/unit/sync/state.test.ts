import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRow } from '../../../lib/mailbox/types.ts';
import type { DeviceId, ItemId } from '../../../lib/ops/ids.ts';
import { type Position, startingPosition } from '../../../lib/sync/position.ts';
import { EVERYTHING } from '../../../lib/sync/ranges.ts';
import {
  acknowledge,
  advance,
  type CollectionState,
  currentKey,
  forgetOwn,
  judge,
  moveOn,
  ownRows,
  repeat,
} from '../../../lib/sync/state.ts';
import { formatKey, joinKeys } from '../../../lib/sync/sync-key.ts';

const position = (seq: number): Position => ({ ...startingPosition({ seq, n: 0 }, '', 0), held: EVERYTHING });
const PHONE = 'phone' as DeviceId;
const item = (name: string) => name as ItemId;

const fresh: CollectionState = {
  generation: 'gen',
  counter: 1,
  incarnation: 'i',
  next: position(0),
  snapshot: 0,
  content: false,
  behind: false,
  own: [],
  options: {},
  touched: 0,
};
const step = (seq: number, confirmed: string[] = []) => ({
  next: position(seq),
  snapshot: seq,
  content: true,
  behind: false,
  confirmed: confirmed.map(item),
  now: seq,
});
const key = (counter: number) => formatKey({ generation: 'gen', counter });

describe('a state', () => {
  test('names two positions, and forgets the first when the second is acknowledged', () => {
    const answered = advance(fresh, step(5));
    expect(currentKey(answered)).toBe(key(2));
    expect(judge(answered, key(2))).toBe('current');
    expect(judge(answered, key(1))).toBe('repeat');
    expect(answered.base).toEqual(position(0));
    const received = acknowledge(answered);
    expect(judge(received, key(2))).toBe('current');
    expect(judge(received, key(1))).toBe('invalid');
    expect(received.next).toEqual(position(5));
    expect(received).toMatchObject({ content: false });
  });

  test('forgets the first position also where the answer said nothing, and that it said something without one', () => {
    const silent = { ...advance(fresh, step(5)), content: false };
    expect(acknowledge(silent)).not.toHaveProperty('base');
    expect(acknowledge({ ...fresh, content: true })).toEqual({ ...fresh, content: false });
  });

  test('lags behind the log where commands came only when the answer was told again', () => {
    const answered = advance(fresh, step(5));
    expect(repeat(answered, [])).toMatchObject({ behind: false, content: true });
    expect(repeat(answered, [item('a')])).toMatchObject({ behind: true, content: true });
    expect(repeat({ ...answered, behind: true }, []).behind).toBe(true);
  });

  test('is the same when there is nothing to acknowledge', () => {
    expect(acknowledge(fresh)).toBe(fresh);
    const received = acknowledge(advance(fresh, step(5)));
    expect(acknowledge(received)).toBe(received);
  });

  test('keeps its key when it is told again, or moves on over what is no news', () => {
    const answered = advance(fresh, step(5));
    const again = repeat(answered, []);
    expect(currentKey(again)).toBe(key(2));
    expect(again).toMatchObject({ base: answered.base, next: answered.next });
    const moved = moveOn(answered, position(9), 77);
    expect(currentKey(moved)).toBe(key(2));
    expect(moved).toMatchObject({ base: answered.base, next: position(9), touched: 77 });
  });

  test('takes only its two last keys, whatever happens', () => {
    const act = fc.constantFrom('answer', 'again', 'move');
    fc.assert(
      fc.property(fc.array(act, { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), (acts, asked) => {
        let state = fresh;
        for (const [seq, one] of acts.entries()) {
          if (one === 'answer') state = advance(acknowledge(state), step(seq));
          else if (one === 'again' && state.base) state = repeat(state, []);
          else state = moveOn(state, position(seq), seq);
        }
        const verdict = judge(state, key(asked));
        if (asked === state.counter) expect(verdict).toBe('current');
        else if (asked === state.counter - 1 && state.base) expect(verdict).toBe('repeat');
        else expect(verdict).toBe('invalid');
      }),
    );
  });
});

describe('a device’s own change', () => {
  const row = (name: string, syncKey: string, device = PHONE): LogRow => ({
    item: item(name),
    seq: 1,
    n: 0,
    prev: 0,
    kind: 'flags',
    at: 0,
    origin: { device, syncKey },
  });
  const answered = advance(fresh, step(5, ['a']));

  test('is known by device, key and confirmation', () => {
    const own = ownRows(answered, PHONE);
    expect(own(row('a', key(1)))).toBe(true);
    expect(own(row('b', key(1)))).toBe(false);
    expect(own(row('a', key(2)))).toBe(false);
    expect(own(row('a', 'other.1'))).toBe(false);
    expect(own(row('a', 'nonsense'))).toBe(false);
    expect(own(row('a', key(1), 'another' as DeviceId))).toBe(false);
    expect(own({ ...row('a', key(1)), origin: undefined })).toBe(false);
  });

  test('by a move is in doubt in every folder that its key names: no key tells whether the answer arrived', () => {
    const own = ownRows(answered, PHONE);
    expect(own(row('x', joinKeys(['other.9', key(2)])))).toBe('perhaps');
    expect(own(row('x', joinKeys(['other.9', key(2)], true)))).toBe(true);
    expect(own(row('x', joinKeys([key(2), 'other.9'], true)))).toBe('perhaps');
    expect(own(row('x', joinKeys(['other.9', 'third.1'])))).toBe(false);
  });

  test('is what the answer in hand confirms, and not what an earlier try of it did', () => {
    const own = ownRows(answered, PHONE, { counter: 1, items: new Set([item('b')]) });
    expect(own(row('b', key(1)))).toBe(true);
    expect(own(row('a', key(1)))).toBe(false);
    const again = repeat(answered, [item('b')]);
    expect(again.own).toEqual([{ counter: 1, items: ['b'] }]);
    expect(repeat(answered, []).own).toEqual([]);
  });

  test('is forgotten once it cannot come up again', () => {
    expect(forgetOwn(answered).own).toHaveLength(1);
    const received = acknowledge(answered);
    expect(forgetOwn(received).own).toEqual([]);
    expect(forgetOwn({ ...received, behind: true }).own).toHaveLength(1);
    expect(forgetOwn({ ...received, next: { ...received.next, rest: true } }).own).toHaveLength(1);
    expect(forgetOwn({ ...received, next: { ...received.next, held: [] } }).own).toHaveLength(1);
    expect(forgetOwn(acknowledge(repeat(answered, [item('b')]))).own).toHaveLength(1);
  });

  test('is remembered for two thousand items, the latest', () => {
    let state = fresh;
    for (let n = 0; n < 15; n++) {
      const names = Array.from({ length: 200 }, (_, place) => `${n}-${place}`);
      state = advance(acknowledge(state), step(n, names));
    }
    expect(state.own.flatMap(({ items }) => items)).toHaveLength(2000);
    expect(state.own.at(-1)?.items).toContain('14-199');
    expect(state.own[0]?.items).toContain('5-0');
  });
});
