import { describe, expect, it, vi } from 'vitest';
import { withTimeLimit } from '../../../lib/protocol/time-limit.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const forever = () => new Promise<never>(() => {});

describe('a limit of time', () => {
  it('lets through what is done in time, and leaves nothing behind', async () => {
    const [clock, { signal }] = [new FakeClock(), new AbortController()];
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    await expect(withTimeLimit(clock, 100, signal, async () => 'done')).resolves.toBe('done');
    await expect(withTimeLimit(clock, 100, signal, () => Promise.reject(new Error('own')))).rejects.toThrow('own');
    expect(clock.pending).toBe(0);
    expect(added).toHaveBeenCalledTimes(2);
    expect(removed.mock.calls.map(([name, listener]) => [name, listener])).toEqual(
      added.mock.calls.map(([name, listener]) => [name, listener]),
    );
  });

  it('ends with status 111 what is not, and says so to it', async () => {
    const clock = new FakeClock();
    let inner: AbortSignal | undefined;
    const ended = withTimeLimit(clock, 100, new AbortController().signal, (signal) => {
      inner = signal;
      return forever();
    });
    const failure = expect(ended).rejects.toMatchObject({ status: 111 });
    await clock.advance(99);
    expect(inner?.aborted).toBe(false);
    await clock.advance(1);
    await failure;
    expect(inner?.reason).toMatchObject({ status: 111 });
  });

  it('ends with the reason of a client that goes away', async () => {
    const clock = new FakeClock();
    const outer = new AbortController();
    const ended = withTimeLimit(clock, 100, outer.signal, forever);
    outer.abort(new Error('gone'));
    await expect(ended).rejects.toThrow('gone');
    expect(clock.pending).toBe(0);
  });

  it('does not begin for one that went away before', async () => {
    let began = false;
    const gone = AbortSignal.abort(new Error('gone'));
    const ended = withTimeLimit(new FakeClock(), 100, gone, async () => {
      began = true;
    });
    await expect(ended).rejects.toThrow('gone');
    expect(began).toBe(false);
  });
});
