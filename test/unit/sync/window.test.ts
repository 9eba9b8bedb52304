import { describe, expect, test } from 'vitest';
import { fits, globalWindow, type Room, take, windowSize } from '../../../lib/sync/window.ts';

describe('a WindowSize', () => {
  test.each([
    [undefined, 100],
    [1, 1],
    [99, 99],
    [512, 512],
    [0, 512],
    [511, 511],
    [513, 512],
    [1.5, 512],
    [-5, 512],
    [1e9, 512],
  ])('[MS-ASCMD R4767 R4768] %s means %i', (requested, items) => {
    expect(windowSize(requested)).toBe(items);
  });

  test('for all collections together has no default', () => {
    expect(globalWindow(undefined)).toBe(Number.POSITIVE_INFINITY);
    expect(globalWindow(0)).toBe(512);
    expect(globalWindow(7)).toBe(7);
  });
});

describe('the room of a response', () => {
  const room = (over: Partial<Room> = {}): Room => ({ items: 2, bytes: 1000, empty: true, ...over });

  test('is taken by items and by bytes, with what is around an item', () => {
    const one = room();
    take(one, 300);
    expect(one).toMatchObject({ items: 1, empty: false });
    expect(one.bytes).toBeLessThan(700);
    expect(one.bytes).toBe(1000 - 300 - 96);
    expect(fits(one, 508)).toBe(true);
    expect(fits(one, 509)).toBe(false);
  });

  test('ends with its items, too', () => {
    expect(fits(room({ items: 0 }), 1)).toBe(false);
    expect(fits(room({ items: 1 }), 1)).toBe(true);
  });
});
