import { describe, expect, test } from 'vitest';
import type { EasResponse } from '../../../lib/http/types.ts';
import type { Account, AuthFailure, Device } from '../../../lib/identity/types.ts';
import { document } from '../../../lib/protocol/command.ts';
import type { PasswordOptions } from '../../../lib/protocol/password-age.ts';
import { daysLeft, passwordOptions } from '../../../lib/protocol/password-age.ts';
import { ACCOUNT, folderSyncOf, Harness, pingOf, post, QUERY } from './harness.ts';

const PING = { query: QUERY.replace('FolderSync', 'Ping'), body: new Uint8Array(0) };
const MINUTE = 60_000;
const DAY = 86_400_000;

function harness(device: Partial<Device>, overrides: Harness['overrides'] = {}) {
  const world = new Harness();
  world.device = device;
  world.overrides = overrides;
  return world;
}

describe('a device that is not let in', () => {
  test.each([
    [{ access: { action: 'block', by: 'r1' } }, 129, 129],
    [{ decided: 'block' }, 129, 129],
    [{ decided: 'quarantine' }, 1, 129],
    [{ access: { action: 'block', by: 'r1' }, decided: 'allow' }, 1, 1],
    [{ access: { action: 'allow', by: 'r1' } }, 1, 1],
  ] as const)('%j: FolderSync gets %d, Ping %d [MS-ASCMD R4876]', async (device, folderSync, ping) => {
    const world = harness(device);
    expect(folderSyncOf(await world.send()).Status).toBe(folderSync);
    expect(pingOf(await world.send(PING)).Status).toBe(ping);
  });

  test('gets 403 in 12.1, which has no such status', async () => {
    expect((await harness({ decided: 'block' }).sendAs(121)).status).toBe(403);
  });

  test('is told of a wipe nevertheless', async () => {
    const wipe = { kind: 'device', state: 'ordered', at: 1 } as const;
    const world = harness({ decided: 'block', throttled: { reason: 'RecentCommands', until: Number.MAX_VALUE }, wipe });
    world.refusal = 140;
    expect(folderSyncOf(await world.send()).Status).toBe(140);
  });

  test('has its user told, once for each time', async () => {
    const told: unknown[] = [];
    const notices = { device: async (account: Account, device: Device) => void told.push([account.id, device.notice]) };
    const notice = { about: 'block', at: 5 } as const;
    await harness({ decided: 'block', notice }, { notices }).send();
    expect(told).toEqual([[ACCOUNT.id, notice]]);
    await harness({ decided: 'block' }, { notices }).send();
    expect(told).toHaveLength(1);
  });
});

describe('a device that asks too much [MS-ASHTTP R273 R287]', () => {
  const throttle = { commandsPerMinute: 0, syncsPerMinute: 0, sameCommands: 2, blockMs: 10 * MINUTE };

  test('gets 503 in every version, with the reason and the time to wait, and is remembered', async () => {
    const world = harness({}, { throttle });
    const { handler } = world;
    const send = () => handler(request(), new AbortController().signal);
    const request = () => ({
      method: 'POST',
      path: '/Microsoft-Server-ActiveSync',
      query: QUERY,
      headers: { authorization: 'Basic eDp4', 'ms-asprotocolversion': '14.1' },
      body: new Uint8Array([3, 1, 106, 0]),
      source: '192.0.2.1',
      origin: 'http://mail.example.com',
    });
    await send();
    await send();
    const third = await send();
    expect(third).toMatchObject({
      status: 503,
      headers: { 'X-MS-ASThrottle': 'RecentCommands', 'Retry-After': '30' },
    });
    const until = world.clock.now() + MINUTE / 2;
    expect(world.saved).toEqual([{ throttled: { reason: 'RecentCommands', until, times: 1 } }]);
  });

  test.each([
    ['FolderSync', {}, '9'],
    ['Ping', PING, '8'],
  ])('has in the log what %s was answered, and nothing of what it asked', async (command, asked, status) => {
    const world = harness({}, { throttle });
    world.folderSync = () => document({ Status: 9 });
    world.ping = () => document({ Status: 8 });
    const { handler } = world;
    const signal = new AbortController().signal;
    for (let n = 0; n < 3; n++) await handler(post(asked), signal);
    const line = world.lines.find(({ event }) => event === 'throttled');
    expect(line?.fields).toEqual({
      account: ACCOUNT.id,
      device: 'dev1',
      command,
      reason: 'RecentCommands',
      answered: status,
      ms: MINUTE / 2,
    });
  });

  test('has in the log that its request could not be read', async () => {
    const world = harness({}, { throttle });
    const { handler } = world;
    const garbage = { body: new Uint8Array([3, 1, 106, 0, 69]) };
    for (let n = 0; n < 3; n++) await handler(post(garbage), new AbortController().signal);
    expect(world.lines.find(({ event }) => event === 'throttled')?.fields?.answered).toBe('invalid-wbxml');
  });

  test('waits longer for the same again', async () => {
    const world = harness({}, { throttle });
    const { handler } = world;
    const third = async () => {
      for (let n = 0; n < 2; n++) await handler(post(), new AbortController().signal);
      return (await handler(post(), new AbortController().signal)) as EasResponse;
    };
    await third();
    world.device = world.saved[0]!;
    await world.clock.advance(MINUTE / 2);
    expect((await third()).headers['Retry-After']).toBe('60');
  });

  test('waits for as long as was said, whoever serves it', async () => {
    const world = harness({ throttled: { reason: 'SyncCommands', until: 0 } });
    const until = world.clock.now() + 90_500;
    world.device = { throttled: { reason: 'SyncCommands', until } };
    const answer = await world.send();
    expect(answer.status).toBe(503);
    expect(answer.headers).toMatchObject({ 'X-MS-ASThrottle': 'SyncCommands', 'Retry-After': '91' });
    await world.clock.advance(90_500);
    expect((await world.send()).status).toBe(200);
  });
});

describe('an account', () => {
  const refused = (
    reason: 'blocked' | 'elsewhere' | 'expired',
    more: Partial<Account>,
    passwords?: PasswordOptions,
  ) => {
    const world = harness({}, passwords ? { passwords } : {});
    world.auth = { ok: false, reason, account: { ...ACCOUNT, ...more } } as AuthFailure;
    return world;
  };
  const HOME = 'https://west.example.com/Microsoft-Server-ActiveSync';

  test('that is elsewhere sends commands and OPTIONS there [MS-ASHTTP R183 R224 R268 R285]', async () => {
    const world = refused('elsewhere', { home: HOME });
    for (const method of ['POST', 'OPTIONS']) {
      expect(await world.send({ method })).toMatchObject({ status: 451, headers: { 'X-MS-Location': HOME } });
    }
  });

  test('that is blocked gets 456 [MS-ASHTTP R608]', async () => {
    expect((await refused('blocked', { blocked: true }).send()).status).toBe(456);
  });

  test('whose password has expired gets 457 and the page where it is changed [MS-ASHTTP R700 R1100]', async () => {
    const url = 'https://id.example.com/password';
    const world = refused('expired', {}, { url, warnDays: 14 });
    expect(await world.send()).toMatchObject({ status: 457, headers: { 'X-MS-Credential-Service-Url': url } });
  });

  test('whose password has expired gets 401 where there is no such page: 457 must name one', async () => {
    const answer = await refused('expired', {}).send();
    expect(answer.status).toBe(401);
    expect(answer.headers['WWW-Authenticate']).toMatch(/^Basic /);
  });

  test.each([
    ['in 20 days', 20 * DAY, undefined],
    ['in 14 days', 14 * DAY, undefined],
    ['within 14 days', 14 * DAY - 1, '13'],
    ['tomorrow', DAY, '1'],
    ['today', DAY - 1, '0'],
  ])('whose password expires %s is told so in every answer [MS-ASHTTP R809 R900 R1101]', async (_, ms, header) => {
    const world = harness({});
    world.auth = { ok: true, account: { ...ACCOUNT, passwordExpires: world.clock.now() + ms } };
    for (const request of [{}, { method: 'OPTIONS' }, PING]) {
      expect((await world.send(request)).headers['X-MS-Credentials-Expire']).toBe(header);
    }
    world.ping = () => ({ kind: 'empty' });
    expect((await world.send(PING)).headers['X-MS-Credentials-Expire']).toBe(header);
  });

  test('whose password does not expire is told nothing', () => {
    expect(daysLeft(ACCOUNT, 0, passwordOptions())).toBeUndefined();
  });
});

test.each([{ warnDays: Number.NaN }, { warnDays: -1 }, { url: 'no page' }])('%j are no options', (options) => {
  expect(() => passwordOptions(options)).toThrow();
});
