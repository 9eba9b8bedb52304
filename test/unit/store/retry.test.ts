import { describe, expect, it } from 'vitest';
import { ConditionFailed, OutcomeUnknown, StoreConflict, StoreUnavailable } from '../../../lib/store/ports.ts';
import { retrying } from '../../../lib/store/retry.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

/** Fails with each of `failures` in turn, then gives 'done'. */
function failing(...failures: readonly Error[]) {
  const seen: (Error | undefined)[] = [];
  const attempt = async (after?: Error) => {
    seen.push(after);
    const failure = failures[seen.length - 1];
    if (failure) throw failure;
    return 'done';
  };
  return { seen, attempt };
}

describe('retrying', () => {
  it('gives what the first attempt gives, without waiting', async () => {
    const { seen, attempt } = failing();
    expect(await retrying(new FakeClock(), {}, attempt)).toBe('done');
    expect(seen).toEqual([undefined]);
  });

  it('tells each attempt how the one before ended', async () => {
    const clock = new FakeClock();
    const failures = [new StoreConflict('a'), new OutcomeUnknown('b')];
    const { seen, attempt } = failing(...failures);
    const result = retrying(clock, {}, attempt);
    await clock.advance(1000);
    expect(await result).toBe('done');
    expect(seen).toEqual([undefined, ...failures]);
  });

  it.each([new ConditionFailed([0]), new StoreUnavailable('down'), new TypeError('bug')])(
    'does not repeat %s',
    async (failure) => {
      const { seen, attempt } = failing(failure);
      await expect(retrying(new FakeClock(), {}, attempt)).rejects.toBe(failure);
      expect(seen).toHaveLength(1);
    },
  );

  it('gives up after its attempts, with the last failure as the cause', async () => {
    const clock = new FakeClock();
    const last = new OutcomeUnknown('last');
    const { seen, attempt } = failing(new StoreConflict('a'), new StoreConflict('b'), last);
    const result = retrying(clock, { attempts: 3 }, attempt).catch((error: unknown) => error);
    await clock.advance(10_000);
    const error = await result;
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect((error as Error).cause).toBe(last);
    expect(seen).toHaveLength(3);
  });

  it('waits up to twice as long each time, to a bound', async () => {
    const clock = new FakeClock(0);
    const at: number[] = [];
    const result = retrying(clock, { attempts: 6, baseMs: 100, maxMs: 500, random: () => 0.999999 }, async () => {
      at.push(Math.round(clock.now()));
      throw new StoreConflict('again');
    }).catch(() => 'gave up');
    await clock.advance(100_000);
    expect(await result).toBe('gave up');
    expect(at).toEqual([0, 100, 300, 700, 1200, 1700]);
  });

  it('draws its waits from nothing up', async () => {
    const clock = new FakeClock(0);
    const { attempt } = failing(new StoreConflict('a'), new StoreConflict('b'));
    const result = retrying(clock, { random: () => 0 }, attempt);
    await clock.advance(0);
    expect(await result).toBe('done');
  });

  it('ends waiting when its signal aborts, and makes no attempt after', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const { seen, attempt } = failing(new StoreConflict('a'));
    const options = { signal: abort.signal, random: () => 0.5 };
    const result = retrying(clock, options, attempt).catch((error: unknown) => error);
    await settle();
    abort.abort(new Error('the phone left'));
    expect(await result).toEqual(new Error('the phone left'));
    await expect(retrying(clock, options, attempt)).rejects.toThrow('the phone left');
    expect(seen).toHaveLength(1);
  });

  it.each([{ attempts: Number.NaN }, { attempts: 0 }, { baseMs: -1 }, { maxMs: Number.NaN }])(
    'takes no options like %o',
    async (options) => {
      await expect(retrying(new FakeClock(), options, async () => 1)).rejects.toBeInstanceOf(RangeError);
    },
  );
});
