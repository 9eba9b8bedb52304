import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CredentialCache } from '../../../lib/identity/credential-cache.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const OPTIONS = { goodMs: 1000, outsideMs: 100, badMs: 300, max: 2, maxBad: 2 };
const GOOD = { account: 'm1' as MailboxId, credentialVersion: 1, good: true };
const BAD = { ...GOOD, good: false };

function cacheOf(options: Partial<typeof OPTIONS> = {}) {
  const clock = new FakeClock();
  return { clock, cache: new CredentialCache(clock, { ...OPTIONS, ...options }) };
}

describe('a credential', () => {
  test.each([
    ['a wrong one', BAD, 300],
    ['one of another system', { ...GOOD, outside: true }, 100],
  ])('%s is known for its time', async (_, known, ms) => {
    const { clock, cache } = cacheOf();
    cache.put('some key of a length', known);
    await clock.advance(ms - 1);
    expect(cache.get('some key of a length')).toMatchObject(known);
    await clock.advance(1);
    expect(cache.get('some key of a length')).toBeUndefined();
  });

  test('of an account here is known for three quarters of its time at least, and not all end at once', async () => {
    const { clock, cache } = cacheOf({ max: 1000 });
    const keys = Array.from({ length: 400 }, (_, n) => cache.keyOf(`name${n}`, 'x'));
    for (const key of keys) cache.put(key, GOOD);
    const left = () => keys.filter((key) => cache.get(key)).length;
    await clock.advance(750);
    expect(left()).toBe(400);
    await clock.advance(125);
    expect(left()).toBeGreaterThan(100);
    expect(left()).toBeLessThan(300);
    await clock.advance(125);
    expect(left()).toBe(0);
  });

  test('that is right is not forgotten for wrong ones', () => {
    const { cache } = cacheOf();
    cache.put('right', GOOD);
    for (let n = 0; n < 50; n++) cache.put(`wrong${n}`, BAD);
    expect(cache.get('right')).toMatchObject(GOOD);
    expect(cache.get('wrong0')).toBeUndefined();
    expect(cache.get('wrong49')).toMatchObject(BAD);
  });

  test('that was wrong and is right now is right, and the other way round', () => {
    const { cache } = cacheOf();
    for (const known of [BAD, GOOD, BAD]) {
      cache.put('the key', known);
      expect(cache.get('the key')).toMatchObject(known);
    }
    cache.delete('the key');
    expect(cache.get('the key')).toBeUndefined();
  });

  test('has a key of its own, in every process another', () => {
    const [{ cache }, other] = [cacheOf(), cacheOf()];
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (login, password, login2, password2) => {
        const same = login === login2 && password === password2;
        expect(cache.keyOf(login, password) === cache.keyOf(login2, password2)).toBe(same);
        expect(other.cache.keyOf(login, password)).not.toBe(cache.keyOf(login, password));
      }),
    );
    expect(cache.keyOf('a', 'bc')).not.toBe(cache.keyOf('ab', 'c'));
  });

  test.each(Object.keys(OPTIONS))('needs a number for %s', (name) => {
    expect(() => cacheOf({ [name]: Number.NaN })).toThrow(RangeError);
  });
});
