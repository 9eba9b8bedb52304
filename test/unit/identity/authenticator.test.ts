import { describe, expect, test, vi } from 'vitest';
import { type AuthenticatorDeps, createAuthenticator } from '../../../lib/identity/authenticator.ts';
import type { OutsideAnswer, OutsideAuth } from '../../../lib/identity/outside.ts';
import { isOutdated } from '../../../lib/identity/password-hash.ts';
import type { Log } from '../../../lib/ops/log.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { CHEAP, openWorld } from './support.ts';

const SOURCE = '192.0.2.1';
const HOUR_MS = 60 * 60_000;
const basic = (login: string, password: string, encoding: 'utf8' | 'latin1' = 'utf8') =>
  `Basic ${Buffer.from(`${login}:${password}`, encoding).toString('base64')}`;

async function setUp(more: Partial<AuthenticatorDeps> = {}) {
  const world = await openWorld();
  const account = await world.accounts.create({ address: 'ada@example.com', password: 'secret', aliases: ['a@x.org'] });
  const authenticator = createAuthenticator({ ...world, log: silentLog, hashCost: CHEAP, ...more });
  const enter = (login: string, password: string, source = SOURCE, signal?: AbortSignal) =>
    authenticator.authenticate({ authorization: basic(login, password), source, signal });
  return { ...world, account, authenticator, enter };
}

describe('logging in', () => {
  test.each([
    ['ada@example.com', 'secret', 'ok'],
    ['ADA', 'secret', 'ok'],
    ['CORP\\ada', 'secret', 'ok'],
    ['a@x.org', 'secret', 'ok'],
    ['ada', 'Secret', 'invalid'],
    ['ada', 'secret ', 'invalid'],
    ['nobody', 'secret', 'invalid'],
  ])('as %s with %j is %s', async (login, password, expected) => {
    const { enter, account } = await setUp();
    const result = await enter(login, password);
    expect(result).toEqual(expected === 'ok' ? { ok: true, account } : { ok: false, reason: expected });
  });

  test.each([undefined, '', 'Basic', 'Basic %%', 'Negotiate abc', `Basic ${Buffer.from('ada').toString('base64')}`])(
    'with %j asks for credentials',
    async (authorization) => {
      const { authenticator } = await setUp();
      expect(await authenticator.authenticate({ authorization, source: SOURCE })).toEqual({
        ok: false,
        reason: 'missing',
      });
    },
  );

  test.each(['utf8', 'latin1'] as const)('with a password in %s', async (encoding) => {
    const { authenticator, accounts, account } = await setUp();
    await accounts.setPassword(account.id, 'grün:5€'.replace('€', 'ß'));
    const authorization = basic('ada', 'grün:5ß', encoding);
    expect(await authenticator.authenticate({ authorization, source: SOURCE })).toMatchObject({ ok: true });
  });

  test('with an app password, which is no password of another account', async () => {
    const { enter, accounts, account } = await setUp();
    await accounts.create({ address: 'bob@example.com', password: 'other' });
    const { secret } = await accounts.addAppPassword(account.id, 'phone');
    expect(await enter('ada', secret)).toMatchObject({ ok: true });
    expect(await enter('ada', secret.toUpperCase())).toMatchObject({ ok: true });
    expect(await enter('bob', secret)).toEqual({ ok: false, reason: 'invalid' });
    expect(await enter('ada', 'secret')).toMatchObject({ ok: true });
  });

  test('to an account without a password is impossible', async () => {
    const { enter, accounts } = await setUp();
    await accounts.create({ address: 'bob@example.com' });
    expect(await enter('bob', '')).toEqual({ ok: false, reason: 'missing' });
    expect(await enter('bob', 'x')).toEqual({ ok: false, reason: 'invalid' });
  });

  test.each([
    [{ enabled: false }, 'disabled'],
    [{ easEnabled: false }, 'not-enabled'],
    [{ enabled: false, easEnabled: false }, 'disabled'],
  ])('to an account with %j says %s, but only to who knows the password', async (change, reason) => {
    const { enter, accounts, account } = await setUp();
    await accounts.update(account.id, change);
    expect(await enter('ada', 'wrong')).toEqual({ ok: false, reason: 'invalid' });
    expect(await enter('ada', 'secret')).toMatchObject({ ok: false, reason, account: { id: account.id } });
  });

  test('renews a hash that was made at a lower cost', async () => {
    const { enter, accounts, account } = await setUp({ hashCost: { ...CHEAP, passes: 2 } });
    expect(await enter('ada', 'secret')).toMatchObject({ ok: true });
    const hash = (await accounts.stored(account.id))?.passwordHash ?? '';
    expect(isOutdated(hash, { ...CHEAP, passes: 2 })).toBe(false);
    expect(await enter('ada', 'secret', '192.0.2.9')).toMatchObject({ ok: true });
  });
});

describe('a login that was right before', () => {
  test('is believed without a hash for most of a day, and for no more', async () => {
    const { enter, accounts, clock } = await setUp();
    await enter('ada', 'secret');
    const asked = vi.spyOn(accounts, 'stored');
    await clock.advance(18 * HOUR_MS);
    expect(await enter('ADA', 'secret')).toMatchObject({ ok: true });
    expect(asked).not.toHaveBeenCalled();
    await clock.advance(6 * HOUR_MS);
    expect(await enter('ADA', 'secret')).toMatchObject({ ok: true });
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('is not believed longer for being used', async () => {
    const { enter, accounts, clock } = await setUp();
    await enter('ada', 'secret');
    const asked = vi.spyOn(accounts, 'stored');
    for (let hour = 0; hour < 24; hour++) {
      await clock.advance(HOUR_MS);
      await enter('ada', 'secret');
    }
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('of an app password is believed as long', async () => {
    const { enter, accounts, account, clock } = await setUp();
    const { secret } = await accounts.addAppPassword(account.id, 'phone');
    await enter('ada', secret);
    const asked = vi.spyOn(accounts, 'isAppPassword');
    await clock.advance(18 * HOUR_MS);
    expect(await enter('ada', secret)).toMatchObject({ ok: true });
    expect(asked).not.toHaveBeenCalled();
  });

  test('ends with the password', async () => {
    const { enter, accounts, account } = await setUp();
    await enter('ada', 'secret');
    await accounts.setPassword(account.id, 'other');
    expect(await enter('ada', 'secret')).toEqual({ ok: false, reason: 'invalid' });
    expect(await enter('ada', 'other')).toMatchObject({ ok: true });
  });

  test('ends with the app password', async () => {
    const { enter, accounts, account } = await setUp();
    const { secret, id } = await accounts.addAppPassword(account.id, 'phone');
    expect(await enter('ada', secret)).toMatchObject({ ok: true });
    await accounts.revokeAppPassword(account.id, id);
    expect(await enter('ada', secret)).toEqual({ ok: false, reason: 'invalid' });
  });

  test('ends when the account is disabled, at once', async () => {
    const { enter, accounts, account } = await setUp();
    await enter('ada', 'secret');
    await accounts.update(account.id, { enabled: false });
    expect(await enter('ada', 'secret')).toMatchObject({ ok: false, reason: 'disabled' });
  });

  test('sees the account as it is now', async () => {
    const { enter, accounts, account } = await setUp();
    await enter('ada', 'secret');
    await accounts.update(account.id, { name: 'Countess' });
    expect(await enter('ada', 'secret')).toMatchObject({ account: { name: 'Countess' } });
  });

  test('is let in while the source is locked out', async () => {
    const { enter } = await setUp({ options: { perAccount: { free: 0 }, perSource: { free: 1 } } });
    await enter('ada', 'secret');
    await enter('ada', 'wrong');
    await enter('ada', 'wrong2');
    expect(await enter('ada', 'wrong3')).toMatchObject({ reason: 'locked' });
    expect(await enter('ada', 'secret')).toMatchObject({ ok: true });
  });
});

describe('guessing', () => {
  test('is slowed down for the account from that source, and for nobody else', async () => {
    const { enter, accounts, clock } = await setUp();
    await accounts.create({ address: 'bob@example.com', password: 'secret' });
    for (let n = 0; n < 9; n++) expect(await enter('ada', `guess${n}`)).toEqual({ ok: false, reason: 'invalid' });
    expect(await enter('ada', 'secret')).toEqual({ ok: false, reason: 'locked', retryAfterS: 2 });
    expect(await enter('ADA@example.com', 'secret')).toMatchObject({ reason: 'locked' });
    expect(await enter('bob', 'secret')).toMatchObject({ ok: true });
    expect(await enter('ada', 'secret', '198.51.100.7')).toMatchObject({ ok: true });
    await clock.advance(2000);
    expect(await enter('ada', 'other')).toMatchObject({ reason: 'invalid' });
    expect(await enter('ada', 'another')).toMatchObject({ reason: 'locked', retryAfterS: 4 });
  });

  test('at names is slowed down for the source', async () => {
    const { enter } = await setUp({ options: { perSource: { free: 5 } } });
    for (let n = 0; n < 6; n++) expect(await enter(`name${n}`, 'x')).toEqual({ ok: false, reason: 'invalid' });
    expect(await enter('name7', 'x')).toMatchObject({ reason: 'locked' });
    expect(await enter('ada', 'secret')).toMatchObject({ reason: 'locked' });
    expect(await enter('ada', 'secret', '198.51.100.7')).toMatchObject({ ok: true });
  });

  test('a phone that keeps an old password guesses once, not for ever', async () => {
    const { enter } = await setUp();
    for (let n = 0; n < 100; n++) expect(await enter('ada', 'last year')).toEqual({ ok: false, reason: 'invalid' });
    expect(await enter('ada', 'secret')).toMatchObject({ ok: true });
  });

  test('the old password is right again when it is set again', async () => {
    const { enter, accounts, account } = await setUp();
    expect(await enter('ada', 'back')).toMatchObject({ reason: 'invalid' });
    await accounts.setPassword(account.id, 'back');
    expect(await enter('ada', 'back')).toMatchObject({ ok: true });
  });

  test('ten connections with one right password are one check', async () => {
    const { enter, accounts } = await setUp({ options: { concurrency: 1, queue: 0, perAccount: { free: 1 } } });
    const asked = vi.spyOn(accounts, 'isAppPassword');
    const results = await Promise.all(Array.from({ length: 10 }, () => enter('ada', 'secret')));
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('guesses at the same time are counted before they are answered', async () => {
    const { enter } = await setUp({ options: { perAccount: { free: 2 } } });
    const results = await Promise.all(Array.from({ length: 10 }, (_, n) => enter('ada', `guess${n}`)));
    expect(results.filter((result) => !result.ok && result.reason === 'locked')).toHaveLength(7);
  });

  test('more checks at once than there is room for are put off, and cost nobody a try', async () => {
    const { enter } = await setUp({ options: { concurrency: 1, queue: 1, perSource: { free: 10 } } });
    const results = await Promise.all(Array.from({ length: 8 }, (_, n) => enter(`name${n}`, 'x')));
    expect(results.filter((result) => !result.ok && result.reason === 'unavailable')).toHaveLength(6);
    expect(await enter('ada', 'secret')).toMatchObject({ ok: true });
  });

  test('a name that nobody has costs a hash like one that somebody has', async () => {
    const { enter } = await setUp({ hashCost: { memory: 65_536, passes: 4, parallelism: 1 } });
    // The decoy is made once; the stored hash is a cheap one, so only the decoy can take long.
    await enter('nobody0', 'x');
    const before = process.cpuUsage();
    await enter('nobody1', 'x');
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeGreaterThan(10_000);
  });
});

describe('when the store cannot be asked', () => {
  test('the answer is "unavailable" and the log holds no credential', async () => {
    const lines: unknown[] = [];
    const note = (...line: unknown[]) => void lines.push(line);
    const log: Log = { debug: note, info: note, warn: note, error: note };
    const { enter, accounts } = await setUp({ log });
    vi.spyOn(accounts, 'byLogin').mockRejectedValue(new StoreUnavailable('secret ada'));
    expect(await enter('ada', 'secret')).toEqual({ ok: false, reason: 'unavailable' });
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toMatch(/secret|ada/);
  });
});

describe('another system that knows the passwords', () => {
  function outside(answers: Record<string, OutsideAnswer>): OutsideAuth & { readonly asked: string[] } {
    const asked: string[] = [];
    return {
      asked,
      async verify({ login, password }) {
        asked.push(login);
        return answers[`${login}/${password}`] ?? { ok: false, reason: 'invalid' };
      },
    };
  }

  test('is asked for accounts without a password, not for those with one', async () => {
    const other = outside({ 'bob/ldap': { ok: true } });
    const { enter, accounts } = await setUp({ outside: other });
    await accounts.create({ address: 'bob@example.com' });
    expect(await enter('bob', 'ldap')).toMatchObject({ ok: true, account: { address: 'bob@example.com' } });
    expect(await enter('ada', 'wrong')).toMatchObject({ ok: false });
    expect(other.asked).toEqual(['bob']);
    expect(await enter('bob', 'ldap')).toMatchObject({ ok: true });
    expect(other.asked).toEqual(['bob']);
  });

  test('is believed for ten minutes: it may change its mind', async () => {
    const other = outside({ 'bob/ldap': { ok: true } });
    const { enter, accounts, clock } = await setUp({ outside: other });
    await accounts.create({ address: 'bob@example.com' });
    await enter('bob', 'ldap');
    await clock.advance(599_999);
    await enter('bob', 'ldap');
    expect(other.asked).toHaveLength(1);
    await clock.advance(1);
    await enter('bob', 'ldap');
    expect(other.asked).toHaveLength(2);
  });

  test('that does not answer keeps nobody waiting but those whom it knows', async () => {
    const other: OutsideAuth = { verify: () => new Promise(() => {}) };
    const { enter } = await setUp({ outside: other, options: { concurrency: 1, outsideConcurrency: 1 } });
    void enter('bob', 'x');
    void enter('eve', 'x');
    expect(await enter('ada', 'secret')).toMatchObject({ ok: true });
  });

  test('may know the account by another name', async () => {
    const other = outside({
      'u1234/ldap': { ok: true, address: 'Ada@Example.com' },
      'u5/ldap': { ok: true, address: 'nobody@example.com' },
      'u6/ldap': { ok: true },
    });
    const { enter } = await setUp({ outside: other });
    expect(await enter('u1234', 'ldap')).toMatchObject({ ok: true, account: { address: 'ada@example.com' } });
    expect(await enter('u5', 'ldap')).toEqual({ ok: false, reason: 'invalid' });
    expect(await enter('u6', 'ldap')).toEqual({ ok: false, reason: 'invalid' });
  });

  test('that cannot be asked costs nobody a try', async () => {
    const other: OutsideAuth = { verify: async () => ({ ok: false, reason: 'unavailable' }) };
    const { enter, accounts } = await setUp({ outside: other, options: { perAccount: { free: 0 } } });
    await accounts.create({ address: 'bob@example.com' });
    for (let n = 0; n < 3; n++) expect(await enter('bob', 'x')).toEqual({ ok: false, reason: 'unavailable' });
  });

  test('is asked again about a password that it refused', async () => {
    const answers: Record<string, OutsideAnswer> = {};
    const { enter, accounts } = await setUp({ outside: outside(answers) });
    await accounts.create({ address: 'bob@example.com' });
    expect(await enter('bob', 'new')).toMatchObject({ ok: false });
    answers['bob/new'] = { ok: true };
    expect(await enter('bob', 'new')).toMatchObject({ ok: true });
  });
});

describe('a bearer token', () => {
  test('is refused where nobody can tell what it says', async () => {
    const { authenticator } = await setUp();
    expect(await authenticator.authenticate({ authorization: 'Bearer abc', source: SOURCE })).toEqual({
      ok: false,
      reason: 'invalid',
    });
  });

  test('lets in whom it names, as far as the account allows', async () => {
    const world = await openWorld();
    const account = await world.accounts.create({ address: 'ada@example.com' });
    const bearer = { verify: async () => ({ ok: true, account: { ...account, easEnabled: false } }) as const };
    const authenticator = createAuthenticator({ ...world, log: silentLog, bearer });
    const result = await authenticator.authenticate({ authorization: 'Bearer abc', source: SOURCE });
    expect(result).toMatchObject({ ok: false, reason: 'not-enabled' });
  });
});
