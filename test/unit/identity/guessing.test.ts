import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createAuthenticator } from '../../../lib/identity/authenticator.ts';
import { FairQueue } from '../../../lib/identity/fair-queue.ts';
import { Guesses, type Outcome } from '../../../lib/identity/guesses.ts';
import { Lockout } from '../../../lib/identity/lockout.ts';
import type { PasswordGateOptions } from '../../../lib/identity/password-gate.ts';
import * as passwordHash from '../../../lib/identity/password-hash.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { CHEAP, openWorld } from './support.ts';

vi.mock('../../../lib/identity/password-hash.ts', { spy: true });
const verified = vi.mocked(passwordHash.verifyPassword);
beforeEach(() => void verified.mockClear());

const OFFICE = '192.0.2.1';
const range = (count: number) => Array.from({ length: count }, (_, n) => n);

/** An office of so many people, whose passwords are their names, and whoever else is there. */
async function office(people: number, options: PasswordGateOptions = {}) {
  const world = await openWorld();
  for (const n of range(people)) await world.accounts.create({ address: `p${n}@example.com`, password: `p${n}` });
  const authenticator = createAuthenticator({ ...world, log: silentLog, hashCost: CHEAP, options });
  const enter = async (login: string, password: string, source = OFFICE, signal?: AbortSignal) => {
    const authorization = `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
    const result = await authenticator.authenticate({ authorization, source, signal });
    return result.ok ? 'ok' : result.reason;
  };
  return { ...world, enter };
}

/** The first check says yes, but not before it is told to. */
function holdFirst(): () => void {
  const gate = Promise.withResolvers<void>();
  verified.mockImplementationOnce(async () => {
    await gate.promise;
    return true;
  });
  return gate.resolve;
}

function tally(answers: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}

describe('right passwords', () => {
  test('of an office that comes all at once lock nobody out', async () => {
    const { enter } = await office(100, { concurrency: 3, perSource: { free: 5 } });
    const answers = await Promise.all(range(100).map((n) => enter(`p${n}`, `p${n}`)));
    expect(tally(answers)).toEqual({ ok: 100 });
    expect(verified).toHaveBeenCalledTimes(100);
    // Nor is one of them counted as a failure.
    expect(await enter('p1', 'wrong')).toBe('invalid');
    expect(await enter('p1', 'wrong again')).toBe('invalid');
  });

  test('go through among a few wrong ones', async () => {
    const { enter } = await office(40, { concurrency: 3, perSource: { free: 5 } });
    const answers = await Promise.all(range(40).map((n) => enter(`p${n}`, n % 8 === 0 ? 'old' : `p${n}`)));
    expect(tally(answers)).toEqual({ ok: 35, invalid: 5 });
  });

  test('are let in from the others while one source has thousands of guesses waiting', async () => {
    const { enter } = await office(3, { concurrency: 1, perSource: { free: 100_000 }, queue: 5000 });
    const flood = Promise.all(range(2000).map((n) => enter(`nobody${n % 50}`, `guess${n}`)));
    await settle();
    const answers = await Promise.all(range(3).map((n) => enter(`p${n}`, `p${n}`, `198.51.100.${n}`)));
    expect(tally(answers)).toEqual({ ok: 3 });
    // The flood had about as many turns as these three.
    expect(verified.mock.calls.length).toBeLessThan(300);
    await flood;
  });

  test('of an app password need no turn, and no door that is open', async () => {
    const { enter, accounts } = await office(1, { concurrency: 1, queue: 0, perSource: { free: 0 } });
    const { secret } = await accounts.addAppPassword((await accounts.byAddress('p0@example.com'))!.id, 'phone');
    await enter('p0', 'wrong');
    expect(await enter('p0', 'p0')).toBe('locked');
    expect(await enter('p0', secret)).toBe('ok');
    expect(verified).toHaveBeenCalledTimes(1);
  });
});

describe('wrong passwords, 500 at once from one source', () => {
  test('of one account: nine are looked at', async () => {
    const { enter } = await office(1, { concurrency: 4 });
    const answers = await Promise.all(range(500).map((n) => enter('p0', `guess${n}`)));
    expect(verified).toHaveBeenCalledTimes(9);
    expect(tally(answers)).toEqual({ invalid: 9, locked: 491 });
    expect(await enter('p0', 'p0')).toBe('locked');
  });

  test.each([
    ['of many accounts', (n: number) => `p${n % 20}`],
    ['of names that nobody has', (n: number) => `nobody${n}`],
  ])('%s: sixty-one are looked at', async (_, login) => {
    const { enter } = await office(20, { concurrency: 4 });
    const answers = await Promise.all(range(500).map((n) => enter(login(n), `guess${n}`)));
    expect(verified).toHaveBeenCalledTimes(61);
    expect(tally(answers)).toEqual({ invalid: 61, locked: 439 });
  });

  test('again and again: one for each time the door opens', async () => {
    const { enter, clock } = await office(1, { concurrency: 4 });
    for (const [round, waitMs] of [2000, 4000, 8000].entries()) {
      await Promise.all(range(100).map((n) => enter('p0', `guess${round}.${n}`)));
      expect(verified).toHaveBeenCalledTimes(9 + round);
      await clock.advance(waitMs);
    }
    expect(await enter('p0', 'p0')).toBe('ok');
  });

  test('of those whom another system knows: it is asked about nine', async () => {
    const world = await openWorld();
    const outside = { verify: vi.fn(async () => ({ ok: false, reason: 'invalid' }) as const) };
    const authenticator = createAuthenticator({ ...world, log: silentLog, hashCost: CHEAP, outside });
    const guess = (n: number) => `Basic ${Buffer.from(`bob:guess${n}`).toString('base64')}`;
    const enter = (n: number) => authenticator.authenticate({ authorization: guess(n), source: OFFICE });
    await Promise.all(range(500).map(enter));
    expect(outside.verify).toHaveBeenCalledTimes(9);
  });
});

describe('a client that goes while it waits', () => {
  test('costs nothing: no check, no failure', async () => {
    const { enter } = await office(3, { concurrency: 1, perAccount: { free: 0 }, perSource: { free: 0 } });
    const release = holdFirst();
    const first = enter('p0', 'p0');
    await settle();
    const gone = new AbortController();
    const waiting = range(20).map((n) => enter('p1', `guess${n}`, OFFICE, gone.signal));
    const stays = enter('p2', 'p2');
    await settle();
    gone.abort();
    expect(tally(await Promise.all(waiting))).toEqual({ unavailable: 20 });
    release();
    expect([await first, await stays, await enter('p1', 'p1')]).toEqual(['ok', 'ok', 'ok']);
    expect(verified).toHaveBeenCalledTimes(3);
  });

  test('takes nothing from another connection with the same password', async () => {
    const { enter } = await office(2, { concurrency: 1 });
    const gone = new AbortController();
    const first = enter('p0', 'p0');
    const [leaves, stays] = [enter('p1', 'p1', OFFICE, gone.signal), enter('p1', 'p1')];
    gone.abort();
    expect([await first, await leaves, await stays]).toEqual(['ok', 'unavailable', 'ok']);
    expect(verified).toHaveBeenCalledTimes(2);
  });
});

test('a password that is changed while a login with the old one waits is the new one', async () => {
  const { enter, accounts } = await office(2, { concurrency: 1 });
  const { id } = (await accounts.byAddress('p1@example.com'))!;
  const release = holdFirst();
  const first = enter('p0', 'p0');
  await settle();
  const waits = enter('p1', 'p1');
  await settle();
  await accounts.setPassword(id, 'new');
  release();
  expect([await first, await waits, await enter('p1', 'new')]).toEqual(['ok', 'invalid', 'ok']);
});

test('guesses in parallel are worth no more than guesses in turn, and right ones are never locked out by right ones', async () => {
  const OPTIONS = { firstMs: 1000, mostMs: 10_000, forgetMs: 60_000, max: 100 };
  const guess = fc.record({ account: fc.nat(3), outcome: fc.constantFrom<Outcome>('right', 'wrong', 'unknown') });
  await fc.assert(
    fc.asyncProperty(
      fc.array(guess, { maxLength: 60 }),
      fc.integer({ min: 1, max: 8 }),
      fc.nat(5),
      fc.nat(12),
      async (all, concurrency, freePerAccount, freePerSource) => {
        const clock = new FakeClock();
        const lockout = (free: number) => new Lockout(clock, { ...OPTIONS, free });
        const guesses = new Guesses(clock, lockout(freePerAccount), lockout(freePerSource));
        const queue = new FairQueue({ concurrency, waiting: 1000 }, guesses);
        let wrong = 0;
        const turns = await Promise.all(
          all.map(async ({ account, outcome }) => {
            const place = { source: 's', account: `${account}` };
            const turn = await queue.ask(place).turn;
            if (turn !== 'go') return turn;
            if (outcome === 'wrong') wrong++;
            // A check takes its time.
            await Promise.resolve();
            queue.leave();
            guesses.ended(place, outcome);
            queue.review(place);
            return turn;
          }),
        );
        expect(wrong).toBeLessThanOrEqual(freePerSource + 1);
        if (all.every(({ outcome }) => outcome !== 'wrong')) expect(turns).not.toContain('locked');
        expect(turns.every((turn) => turn === 'go' || turn === 'locked')).toBe(true);
      },
    ),
  );
});
