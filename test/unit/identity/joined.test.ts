import { describe, expect, test } from 'vitest';
import { type GivingUp, Joined } from '../../../lib/identity/joined.ts';
import { settle } from '../../support/fake-clock.ts';

/** Work that ends when the test says so. */
function work() {
  const begun: {
    readonly giving: GivingUp;
    readonly end: (value: string) => void;
    readonly fail: (e: Error) => void;
  }[] = [];
  const begin = (giving: GivingUp) =>
    new Promise<string>((end, fail) => {
      begun.push({ giving, end, fail });
    });
  return { begun, begin };
}

describe('work that several ask for', () => {
  test('is done once while it runs, and again for who comes later', async () => {
    const { begun, begin } = work();
    const joined = new Joined('gone');
    const both = [joined.run('k', undefined, begin), joined.run('k', new AbortController().signal, begin)];
    const other = joined.run('other', undefined, begin);
    begun[0]!.end('done');
    begun[1]!.end('else');
    expect(await Promise.all([...both, other])).toEqual(['done', 'done', 'else']);
    const late = joined.run('k', undefined, begin);
    begun[2]!.end('anew');
    expect(await late).toBe('anew');
  });

  test('goes on while one of them is there', async () => {
    const { begun, begin } = work();
    const joined = new Joined('gone');
    const [one, two] = [new AbortController(), new AbortController()];
    const answers = [joined.run('k', one.signal, begin), joined.run('k', two.signal, begin)];
    one.abort();
    expect(await answers[0]).toBe('gone');
    expect(begun[0]!.giving.isOver).toBe(false);
    begun[0]!.end('done');
    expect(await answers[1]).toBe('done');
  });

  test('is given up when the last has gone; who comes then begins it anew', async () => {
    const { begun, begin } = work();
    const joined = new Joined('gone');
    const [one, two] = [new AbortController(), new AbortController()];
    const answers = [joined.run('k', one.signal, begin), joined.run('k', two.signal, begin)];
    let over = 0;
    begun[0]!.giving.onOver = () => over++;
    one.abort();
    two.abort();
    expect([await Promise.all(answers), over, begun[0]!.giving.isOver]).toEqual([['gone', 'gone'], 1, true]);
    const again = joined.run('k', undefined, begin);
    expect(begun).toHaveLength(2);
    // What the first leaves behind is not what the second waits for.
    begun[0]!.end('late');
    await settle();
    expect(joined.run('k', undefined, begin)).toBeInstanceOf(Promise);
    expect(begun).toHaveLength(2);
    begun[1]!.end('anew');
    expect(await again).toBe('anew');
  });

  test('is not given up for somebody who cannot go', async () => {
    const { begun, begin } = work();
    const joined = new Joined('gone');
    const stays = joined.run('k', undefined, begin);
    const goes = new AbortController();
    void joined.run('k', goes.signal, begin);
    goes.abort();
    expect(begun[0]!.giving.isOver).toBe(false);
    begun[0]!.end('done');
    expect(await stays).toBe('done');
  });

  test('is not begun for who has gone already', async () => {
    const { begun, begin } = work();
    expect(await new Joined('gone').run('k', AbortSignal.abort(), begin)).toBe('gone');
    expect(begun).toEqual([]);
  });

  test('fails for all of them', async () => {
    const { begun, begin } = work();
    const joined = new Joined('gone');
    const answers = [joined.run('k', undefined, begin), joined.run('k', new AbortController().signal, begin)];
    begun[0]!.fail(new Error('no'));
    const settled = await Promise.allSettled(answers);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
