import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Timed, Wheel } from '../../../lib/push/wheel.ts';
import { FakeClock } from '../../support/fake-clock.ts';

class Entry extends Timed {
  readonly fired: number[] = [];
  readonly #clock: FakeClock;
  readonly #then: () => void;
  constructor(clock: FakeClock, then = () => {}) {
    super();
    this.#clock = clock;
    this.#then = then;
  }
  override fire(): void {
    this.fired.push(this.#clock.now());
    this.#then();
  }
}

const unexpected = (error: unknown) => {
  throw error;
};
const setUp = (tickMs = 25) => {
  const clock = new FakeClock(1_000_000);
  return { clock, wheel: new Wheel(clock, tickMs, unexpected) };
};

describe('the wheel', () => {
  it.each([0, 1, 24, 25, 26, 6_375, 6_400, 6_401, 60_000, 3_540_000, 6_553_600, 6_553_601, 20_000_000])(
    'fires %i ms from now once, never early and at most one tick late',
    async (ms) => {
      const { clock, wheel } = setUp();
      const entry = new Entry(clock);
      wheel.set(entry, wheel.in(ms));
      await clock.advance(ms + 50);
      expect(entry.fired).toHaveLength(1);
      expect(entry.fired[0]! - 1_000_000).toBeGreaterThanOrEqual(ms);
      expect(entry.fired[0]! - 1_000_000).toBeLessThanOrEqual(ms + 25);
      await clock.advance(20_000_000);
      expect(entry.fired).toHaveLength(1);
    },
  );

  it('keeps one timer for any number of deadlines, and none for none', async () => {
    const { clock, wheel } = setUp();
    const entries = Array.from({ length: 1000 }, () => new Entry(clock));
    for (const [place, entry] of entries.entries()) wheel.set(entry, wheel.in(place * 3_000));
    expect(clock.pending).toBe(1);
    expect(wheel.size).toBe(1000);
    await clock.advance(3_000_050);
    expect(wheel.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('does not turn while it has nothing to do', async () => {
    const { clock, wheel } = setUp();
    let armed = 0;
    const after = clock.after.bind(clock);
    clock.after = (ms, run) => {
      armed++;
      return after(ms, run);
    };
    wheel.set(new Entry(clock), wheel.in(3_000_000));
    await clock.advance(3_000_050);
    expect(armed).toBeLessThanOrEqual(3);
  });

  it('moves an entry that is set again and forgets one that is cleared', async () => {
    const { clock, wheel } = setUp();
    const [moved, cleared] = [new Entry(clock), new Entry(clock)];
    wheel.set(moved, wheel.in(1000));
    wheel.set(cleared, wheel.in(1000));
    wheel.set(moved, wheel.in(5000));
    wheel.clear(cleared);
    wheel.clear(cleared);
    await clock.advance(4000);
    expect([moved.fired.length, cleared.fired.length, wheel.size]).toEqual([0, 0, 1]);
    await clock.advance(1100);
    expect(moved.fired).toHaveLength(1);
  });

  it('lets an entry enter again while it fires, and clear its neighbour in the same slot', async () => {
    const { clock, wheel } = setUp();
    const neighbours: Entry[] = [];
    const make = (other: number) => new Entry(clock, () => wheel.clear(neighbours[other]!));
    neighbours.push(make(1), make(0));
    for (const entry of neighbours) wheel.set(entry, wheel.in(100));
    const again: Entry = new Entry(clock, () => again.fired.length < 3 && wheel.set(again, wheel.in(100)));
    wheel.set(again, wheel.in(100));
    await clock.advance(1000);
    expect(neighbours.map(({ fired }) => fired.length).sort()).toEqual([0, 1]);
    expect(again.fired).toHaveLength(3);
  });

  it('goes on after an entry that throws', async () => {
    const clock = new FakeClock();
    const errors: unknown[] = [];
    const wheel = new Wheel(clock, 25, (error) => errors.push(error));
    const bad = new Entry(clock, () => {
      throw new Error('bad');
    });
    const good = new Entry(clock);
    wheel.set(good, wheel.in(50));
    wheel.set(bad, wheel.in(50));
    await clock.advance(100);
    expect(errors).toHaveLength(1);
    expect(good.fired).toHaveLength(1);
  });

  it('waits for a clock that rounds, so that deadlines do not drift', async () => {
    const { clock, wheel } = setUp();
    const real = clock.now.bind(clock);
    const entry = new Entry(clock);
    wheel.set(entry, wheel.in(1000));
    // The timer fires while the clock still shows a millisecond less.
    clock.now = () => real() - 1;
    await clock.advance(1000);
    expect(entry.fired).toEqual([]);
    await clock.advance(1);
    expect(entry.fired).toHaveLength(1);
    expect(wheel.now()).toBe(40);
  });

  it('keeps its pace when the clock is set back by an hour', async () => {
    const { clock, wheel } = setUp();
    const real = clock.now.bind(clock);
    const [soon, late] = [new Entry(clock), new Entry(clock)];
    wheel.set(soon, wheel.in(1000));
    wheel.set(late, wheel.in(60_000));
    await clock.advance(500);
    wheel.set(new Entry(clock), wheel.in(0));
    await clock.advance(100);
    clock.now = () => real() - 3_600_000;
    const fresh = new Entry(clock);
    wheel.set(fresh, wheel.in(10_000));
    await clock.advance(1000);
    expect(fresh.fired).toEqual([]);
    expect(soon.fired).toHaveLength(1);
    await clock.advance(59_100);
    expect(fresh.fired).toHaveLength(1);
    expect(late.fired).toHaveLength(1);
  });

  it('fires everything that fell due when the clock jumps forward', async () => {
    const { clock, wheel } = setUp();
    const entries = [5_000, 50_000, 500_000].map((ms) => {
      const entry = new Entry(clock);
      wheel.set(entry, wheel.in(ms));
      return entry;
    });
    const real = clock.now.bind(clock);
    clock.now = () => real() + 400_000;
    await clock.advance(5_100);
    expect(entries.map(({ fired }) => fired.length)).toEqual([1, 1, 0]);
  });

  it('stops with everything in it', async () => {
    const { clock, wheel } = setUp();
    const entry = new Entry(clock);
    wheel.set(entry, wheel.in(100));
    wheel.stop();
    await clock.advance(1000);
    expect([entry.fired.length, wheel.size, clock.pending]).toEqual([0, 0, 0]);
  });

  it('agrees with a list of deadlines whatever is set, moved, cleared and waited for', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), entry: fc.nat(9), ms: fc.nat(8_000_000) }),
      fc.record({ kind: fc.constant('set' as const), entry: fc.nat(9), ms: fc.nat(10_000) }),
      fc.record({ kind: fc.constant('clear' as const), entry: fc.nat(9), ms: fc.constant(0) }),
      fc.record({ kind: fc.constant('wait' as const), entry: fc.constant(0), ms: fc.nat(7_000_000) }),
      fc.record({ kind: fc.constant('wait' as const), entry: fc.constant(0), ms: fc.nat(500) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { clock, wheel } = setUp();
        const entries = Array.from({ length: 10 }, () => new Entry(clock));
        const due = new Map<number, number>();
        const expected = entries.map(() => 0);
        for (const { kind, entry, ms } of steps) {
          if (kind === 'set') {
            wheel.set(entries[entry]!, wheel.in(ms));
            // Due at the end of its tick; what is due already fires with the next one.
            const tick = Math.ceil((clock.now() - 1_000_000 + ms) / 25);
            due.set(entry, Math.max(tick, Math.floor((clock.now() - 1_000_000) / 25) + 1) * 25 + 1_000_000);
          } else if (kind === 'clear') {
            wheel.clear(entries[entry]!);
            due.delete(entry);
          } else {
            await clock.advance(ms);
            for (const [place, at] of due) {
              if (at > clock.now()) continue;
              expected[place]!++;
              due.delete(place);
            }
          }
          expect(entries.map(({ fired }) => fired.length)).toEqual(expected);
          expect(wheel.size).toBe(due.size);
        }
      }),
      { numRuns: 60 },
    );
  });
});
