import { describe, expect, test } from 'vitest';
import { createAuthenticator } from '../../../lib/identity/authenticator.ts';
import { Guesses, type Outcome } from '../../../lib/identity/guesses.ts';
import { Lockout } from '../../../lib/identity/lockout.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { openWorld } from './support.ts';

const HOUR_MS = 60 * 60_000;
const OPTIONS = { firstMs: 1000, mostMs: 10_000, forgetMs: HOUR_MS, max: 100 };
const ADA = { source: 'office', account: 'ada' };
const BOB = { source: 'office', account: 'bob' };

function guessesOf(perAccount: number, perSource: number) {
  const clock = new FakeClock();
  const lockout = (free: number) => new Lockout(clock, { ...OPTIONS, free });
  const guesses = new Guesses(clock, lockout(perAccount), lockout(perSource));
  const check = (place: typeof ADA, outcome: Outcome) => {
    guesses.began(place);
    guesses.ended(place, outcome);
  };
  return { clock, guesses, check };
}

describe('what was guessed', () => {
  test('locks the account from the source, and the source for all accounts', () => {
    const { guesses, check } = guessesOf(1, 2);
    check(ADA, 'wrong');
    check(ADA, 'wrong');
    expect([guesses.wait(ADA), guesses.wait(BOB), guesses.wait({ ...ADA, source: 'home' })]).toEqual([1000, 0, 0]);
    expect([guesses.accountMay(ADA), guesses.accountMay(BOB), guesses.isSourceLocked('office')]).toEqual([
      false,
      true,
      false,
    ]);
    check(BOB, 'wrong');
    expect([guesses.wait(BOB), guesses.isSourceLocked('office'), guesses.sourceMay('office')]).toEqual([
      1000,
      true,
      false,
    ]);
  });

  test.each(['right', 'unknown'] as const)('is nothing where it was %s', (outcome) => {
    const { guesses, check } = guessesOf(0, 0);
    for (let n = 0; n < 5; n++) check(ADA, outcome);
    expect(guesses.wait(ADA)).toBe(0);
  });

  test('of an account is forgotten when it is right; of the source it is not', () => {
    const { guesses, check } = guessesOf(1, 2);
    for (const outcome of ['wrong', 'right', 'wrong'] as const) check(ADA, outcome);
    expect(guesses.wait(ADA)).toBe(0);
    check(BOB, 'wrong');
    expect(guesses.isSourceLocked('office')).toBe(true);
  });

  test('holds up more of it while it is not known yet', () => {
    const { guesses } = guessesOf(0, 1);
    guesses.began(ADA);
    expect([guesses.accountMay(ADA), guesses.accountMay(BOB), guesses.sourceMay('office')]).toEqual([
      false,
      true,
      true,
    ]);
    guesses.began(BOB);
    expect(guesses.sourceMay('office')).toBe(false);
    guesses.ended(ADA, 'unknown');
    expect([guesses.accountMay(ADA), guesses.sourceMay('office')]).toEqual([true, true]);
  });
});

describe('a source', () => {
  test('is a regular for a day after a right login', async () => {
    const { clock, guesses, check } = guessesOf(8, 60);
    check(ADA, 'wrong');
    expect(guesses.isRegular('office')).toBe(false);
    check(ADA, 'right');
    await clock.advance(24 * HOUR_MS - 1);
    expect([guesses.isRegular('office'), guesses.isRegular('home')]).toEqual([true, false]);
    await clock.advance(1);
    expect(guesses.isRegular('office')).toBe(false);
  });

  test('is none any more once it is locked', () => {
    const { guesses, check } = guessesOf(8, 1);
    guesses.regular('office');
    check(ADA, 'wrong');
    expect(guesses.isRegular('office')).toBe(true);
    check(ADA, 'wrong');
    expect(guesses.isRegular('office')).toBe(false);
  });
});

test.each(['cacheMs', 'outsideCacheMs', 'cacheSize', 'concurrency', 'outsideConcurrency', 'queue'])(
  'an authenticator is not made with %s that is no number',
  async (name) => {
    const world = await openWorld();
    const make = () => createAuthenticator({ ...world, log: silentLog, options: { [name]: Number.NaN } });
    expect(make).toThrow(RangeError);
  },
);
