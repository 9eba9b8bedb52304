import { describe, expect, test } from 'vitest';
import { decideAgain } from '../../../lib/identity/retry.ts';
import { ConditionFailed, OutcomeUnknown, StoreConflict, type StoreUnavailable } from '../../../lib/store/ports.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** Fails as it is told, then answers. */
function attempts(...errors: Error[]) {
  let calls = 0;
  const attempt = async () => {
    const error = errors[calls++];
    if (error) throw error;
    return 'done';
  };
  return { attempt, calls: () => calls };
}

describe('deciding again', () => {
  test.each([
    ['a condition that failed', new ConditionFailed([0])],
    ['a lost answer', new OutcomeUnknown('?')],
  ])('follows %s at once', async (_, error) => {
    const { attempt, calls } = attempts(error, error);
    expect(await decideAgain(new FakeClock(), attempt)).toBe('done');
    expect(calls()).toBe(3);
  });

  test('waits while the store is busy', async () => {
    const clock = new FakeClock();
    const { attempt, calls } = attempts(new StoreConflict('busy'));
    const result = decideAgain(clock, attempt);
    await clock.advance(1);
    expect(calls()).toBe(1);
    await clock.advance(20);
    expect(await result).toBe('done');
  });

  test('ends, and says what was in the way', async () => {
    const error = new ConditionFailed([0]);
    const { attempt, calls } = attempts(...Array<Error>(100).fill(error));
    await expect(decideAgain(new FakeClock(), attempt)).rejects.toThrow(
      expect.objectContaining({ name: 'StoreUnavailable', cause: error }) as StoreUnavailable,
    );
    expect(calls()).toBe(8);
  });

  test('does not repeat what is no matter of the store', async () => {
    const { attempt, calls } = attempts(new RangeError('bug'));
    await expect(decideAgain(new FakeClock(), attempt)).rejects.toThrow('bug');
    expect(calls()).toBe(1);
  });
});
