import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { collect } from '../../../lib/delivery/smtp-data.ts';
import { type Outcome, reply } from '../../../lib/delivery/smtp-outcome.ts';
import { createBudget } from '../../../lib/ops/budget.ts';

/** What the client reads: a code, or one for each recipient. */
function answer(outcomes: readonly Outcome[], protocol: 'smtp' | 'lmtp'): unknown {
  let told: unknown;
  const code = (each: unknown) => (each instanceof Error ? (each as { responseCode?: number }).responseCode : 250);
  reply(outcomes, protocol, (error, message) => {
    told = error ? code(error) : Array.isArray(message) ? message.map(code) : 250;
  });
  return told;
}

describe('the answer to a message', () => {
  test.each<[Outcome[], number]>([
    [['delivered'], 250],
    [['delivered', 'delivered'], 250],
    [['unknown'], 550],
    [['unknown', 'unknown'], 550],
    [['later'], 451],
    [['delivered', 'later'], 451],
    [['delivered', 'unknown'], 451],
    [['later', 'unknown'], 451],
    [['too-large'], 552],
    [['moved'], 550],
    [['refused'], 550],
    [['full'], 452],
    [['never-fits'], 552],
    [[], 451],
  ])('by SMTP for %j is %i', (outcomes, expected) => {
    expect(answer(outcomes, 'smtp')).toBe(expected);
  });

  test('by LMTP is one for each', () => {
    expect(answer(['delivered', 'unknown', 'later', 'too-large'], 'lmtp')).toEqual([250, 550, 451, 552]);
  });
});

describe('the bytes of a message', () => {
  const stream = (...sizes: number[]) => Readable.from(sizes.map((size) => Buffer.alloc(size, 'x')));

  test('are kept whole, and their memory is returned when it is released', async () => {
    const budget = createBudget(10);
    const data = await collect(stream(4, 4), budget, 100);
    expect(data).toMatchObject({ ok: true, bytes: Buffer.alloc(8, 'x') });
    expect(budget.take(3)).toBe(false);
    data.release();
    data.release();
    expect(budget.take(10)).toBe(true);
    expect(budget.take(1)).toBe(false);
  });

  test.each([
    ['size', 100, 7],
    ['budget', 7, 100],
  ])('past a %s are read to the end and not kept', async (reason, room, limit) => {
    const budget = createBudget(room);
    const source = stream(4, 4, 4);
    expect(await collect(source, budget, limit)).toMatchObject({ ok: false, reason });
    expect(source.readableEnded).toBe(true);
    expect(budget.take(room)).toBe(true);
  });

  test('that break off return their memory', async () => {
    const budget = createBudget(10);
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(5);
        throw new Error('reset');
      })(),
    );
    await expect(collect(broken, budget, 100)).rejects.toThrow('reset');
    expect(budget.take(10)).toBe(true);
  });
});
