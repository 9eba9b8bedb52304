import { describe, expect, test } from 'vitest';
import { Lockout, sourceKey } from '../../../lib/identity/lockout.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const OPTIONS = { free: 3, firstMs: 1000, mostMs: 10_000, forgetMs: 60_000, max: 100 };

function fail(lockout: Lockout, times: number, key = 'ada'): void {
  for (let n = 0; n < times; n++) lockout.fail(key);
}

describe('lock-out', () => {
  test.each([
    [0, 0],
    [3, 0],
    [4, 1000],
    [5, 2000],
    [6, 4000],
    [7, 8000],
    [8, 10_000],
    [500, 10_000],
  ])('after %i failures lasts %i ms', (failures, ms) => {
    const lockout = new Lockout(new FakeClock(), OPTIONS);
    fail(lockout, failures);
    expect(lockout.wait('ada')).toBe(ms);
    expect(lockout.wait('bob')).toBe(0);
  });

  test('ends by itself, and the next failure doubles it', async () => {
    const clock = new FakeClock();
    const lockout = new Lockout(clock, OPTIONS);
    fail(lockout, 4);
    await clock.advance(999);
    expect(lockout.wait('ada')).toBe(1);
    await clock.advance(1);
    expect(lockout.wait('ada')).toBe(0);
    fail(lockout, 1);
    expect(lockout.wait('ada')).toBe(2000);
  });

  test('is forgotten after a quiet time, and by a success', async () => {
    const clock = new FakeClock();
    const lockout = new Lockout(clock, OPTIONS);
    fail(lockout, 5);
    await clock.advance(60_000);
    fail(lockout, 1);
    expect(lockout.wait('ada')).toBe(0);
    fail(lockout, 5);
    lockout.clear('ada');
    fail(lockout, 3);
    expect(lockout.wait('ada')).toBe(0);
  });

  test.each([
    // Failures, running, whether one more may.
    [0, 0, true],
    [0, 3, true],
    [0, 4, false],
    [2, 1, true],
    [2, 2, false],
    [3, 0, true],
    [3, 1, false],
    [4, 0, false],
  ])('after %i failures, with %i at it, one more may: %s', (failures, running, may) => {
    const lockout = new Lockout(new FakeClock(), OPTIONS);
    fail(lockout, failures);
    expect(lockout.allows('ada', running)).toBe(may);
  });

  test('lets one at a time in once what is free is used up', async () => {
    const clock = new FakeClock();
    const lockout = new Lockout(clock, OPTIONS);
    fail(lockout, 4);
    await clock.advance(1000);
    expect([lockout.allows('ada', 0), lockout.allows('ada', 1)]).toEqual([true, false]);
  });

  test('remembers so many keys and no more', () => {
    const lockout = new Lockout(new FakeClock(), { ...OPTIONS, max: 2 });
    for (const key of ['a', 'b', 'c']) fail(lockout, 4, key);
    expect(['a', 'b', 'c'].map((key) => lockout.wait(key))).toEqual([0, 1000, 1000]);
  });

  test.each(['free', 'firstMs', 'mostMs', 'forgetMs', 'max'] as const)('%s must be a number', (name) => {
    expect(() => new Lockout(new FakeClock(), { ...OPTIONS, [name]: Number.NaN })).toThrow(RangeError);
  });
});

describe('a source', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('%s counts as %s', (source, key) => {
    expect(sourceKey(source)).toBe(key);
  });
});
