import { describe, expect, test } from 'vitest';
import { KeyedLock } from '../../../lib/sync/lock.ts';
import { settle } from '../../support/fake-clock.ts';

describe('a lock', () => {
  test('lets one in at a time, in the order of asking', async () => {
    const lock = new KeyedLock();
    const seen: string[] = [];
    const gates: (() => void)[] = [];
    const work = (name: string) =>
      lock.run('phone', async () => {
        seen.push(`${name} in`);
        await new Promise<void>((resolve) => gates.push(resolve));
        seen.push(`${name} out`);
      });
    const all = Promise.all([work('a'), work('b'), work('c')]);
    for (let turn = 0; turn < 3; turn++) {
      await settle();
      gates[turn]!();
    }
    await all;
    expect(seen).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
    expect(lock.size).toBe(0);
  });

  test('keeps who asks last behind those that wait, also when one has just ended', async () => {
    const lock = new KeyedLock();
    const seen: string[] = [];
    const gates = new Map<string, () => void>();
    const work = (name: string) =>
      lock.run('phone', async () => {
        seen.push(name);
        await new Promise<void>((resolve) => gates.set(name, resolve));
      });
    const both = [work('a'), work('b')];
    await settle();
    gates.get('a')!();
    await settle();
    const last = work('c');
    await settle();
    expect(seen).toEqual(['a', 'b']);
    gates.get('b')!();
    await settle();
    gates.get('c')!();
    await Promise.all([...both, last]);
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(lock.size).toBe(0);
  });

  test('does not hold one phone up for another', async () => {
    const lock = new KeyedLock();
    const never = lock.run('one', () => new Promise<void>(() => {}));
    expect(await lock.run('other', async () => 'done')).toBe('done');
    expect(lock.size).toBe(1);
    void never;
  });

  test('goes on after a failure, which only its own caller sees', async () => {
    const lock = new KeyedLock();
    const bad = lock.run('phone', async () => {
      throw new Error('bad');
    });
    const good = lock.run('phone', async () => 'good');
    await expect(bad).rejects.toThrow('bad');
    expect(await good).toBe('good');
    expect(lock.size).toBe(0);
  });
});
