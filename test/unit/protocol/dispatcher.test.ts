import { describe, expect, it } from 'vitest';
import type { AuthFailure } from '../../../lib/identity/types.ts';
import { NoMailbox } from '../../../lib/mailbox/types.ts';
import { document, EMPTY, ProtocolFailure } from '../../../lib/protocol/command.ts';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';
import { OutcomeUnknown, StoreConflict, StoreUnavailable } from '../../../lib/store/ports.ts';
import { settle } from '../../support/fake-clock.ts';
import {
  ACCOUNT,
  bytesOf,
  FOLDER_SYNC,
  fails,
  folderSyncOf,
  Harness,
  HEADERS,
  named,
  pingOf,
  post,
  QUERY,
} from './harness.ts';

const OLD = 121;
const NEW: readonly ProtocolVersion[] = [140, 141, 160, 161];
const withHeader = (name: string, value: string | undefined) => ({ headers: { ...HEADERS, [name]: value } });
const nothing = new Uint8Array(0);

describe('a request that is in order', () => {
  it('is answered with the document of its command [MS-ASHTTP R1 R167 R175 R219 R228 R229 R476]', async () => {
    const response = await new Harness().send();
    expect(response.status).toBe(200);
    expect(response.headers['Content-Type']).toBe('application/vnd.ms-sync.wbxml');
    expect(folderSyncOf(response)).toEqual({ Status: 1, SyncKey: '0!' });
  });

  it('says how long it is, who serves, and that no proxy may keep it [MS-ASHTTP R199 R216 R222]', async () => {
    const response = await new Harness().send();
    expect(response.headers).toMatchObject({
      'Content-Length': `${bytesOf(response).length}`,
      'Cache-Control': 'private',
      'MS-Server-ActiveSync': '16.1',
      'X-AspNet-Version': expect.stringMatching(/^\d/),
    });
  });

  it('has no Content-Type where it has no content [MS-ASHTTP R212 R482 R515]', async () => {
    const harness = new Harness();
    harness.folderSync = () => EMPTY;
    const response = await harness.send();
    expect(response.status).toBe(200);
    expect(response.headers['Content-Length']).toBe('0');
    expect(Object.keys(response.headers).map((name) => name.toLowerCase())).not.toContain('content-type');
    expect(bytesOf(response)).toHaveLength(0);
  });

  it('may carry headers of the command', async () => {
    const harness = new Harness();
    harness.folderSync = () => document({ Status: 1 }, { 'X-MS-RP': '14.1' });
    expect((await harness.send()).headers['X-MS-RP']).toBe('14.1');
  });

  it('gives the command what the head says', async () => {
    const harness = new Harness();
    let seen: unknown;
    harness.folderSync = (context) => {
      const { version, policyKey, userAgent, lane, device, account, query, mailbox } = context;
      seen = {
        version,
        policyKey,
        userAgent,
        lane,
        device: device.id,
        account: account.id,
        mailbox: mailbox.id,
        query,
      };
      return document({ Status: 1 });
    };
    await harness.sendAs(160, { headers: { 'x-ms-policykey': '42', 'user-agent': 'Phone/1' } });
    expect(seen).toMatchObject({
      version: 160,
      policyKey: '42',
      userAgent: 'Phone/1',
      lane: 'task',
      device: 'dev1',
      account: 'm1',
      mailbox: 'm1',
      query: { command: 'FolderSync', deviceId: 'Dev1', acceptMultiPart: false },
    });
  });

  it('takes version and policy key from a base64 query, whatever the headers say', async () => {
    const harness = new Harness();
    let seen: unknown[] = [];
    harness.folderSync = ({ version, policyKey, query }) => {
      seen = [version, policyKey, query.deviceType];
      return document({ Status: 1 });
    };
    const bytes = [141, 9, 9, 4, 1, 0x64, 4, 7, 0, 0, 0, 2, 0x57, 0x50];
    const query = Buffer.from(bytes).toString('base64');
    await harness.sendAs(121, { query, headers: { 'x-ms-policykey': '42' } });
    expect(seen).toEqual([141, '7', 'WP']);
  });

  it('may have blanks around what its headers say', async () => {
    const harness = new Harness();
    let seen: unknown[] = [];
    harness.folderSync = ({ version, policyKey, query }) => {
      seen = [version, policyKey, query.acceptMultiPart];
      return document({ Status: 1 });
    };
    const spaced = {
      'ms-asprotocolversion': ' 14.0 ',
      'x-ms-policykey': ' 42 ',
      'ms-asacceptmultipart': ' T ',
      'content-type': ' application/vnd.ms-sync.wbxml ; charset=utf-8',
    };
    expect(folderSyncOf(await harness.send({ headers: { ...HEADERS, ...spaced } })).Status).toBe(1);
    expect(seen).toEqual([140, '42', true]);
    await harness.send({ headers: { ...HEADERS, 'x-ms-policykey': ' ' } });
    expect(seen[1]).toBeUndefined();
  });

  it('is checked with what it says of its login, where it comes from, and the means to know that it has gone', async () => {
    const harness = new Harness();
    const asked: unknown[] = [];
    harness.overrides = {
      authenticator: {
        authenticate: async (login) => {
          asked.push(login);
          return { ok: true, account: ACCOUNT };
        },
      },
    };
    const { signal } = new AbortController();
    await harness.send({}, signal);
    expect(asked).toEqual([{ authorization: HEADERS.authorization, source: '192.0.2.1', signal }]);
  });

  const multipart: [string | undefined, boolean][] = [
    ['T', true],
    ['F', false],
    [undefined, false],
  ];
  it.each(multipart)('reads MS-ASAcceptMultiPart %s as %s [MS-ASHTTP R154 R155 R440]', async (value, accepted) => {
    const harness = new Harness();
    let seen: boolean | undefined;
    harness.folderSync = ({ query }) => {
      seen = query.acceptMultiPart;
      return document({ Status: 1 });
    };
    await harness.send(withHeader('ms-asacceptmultipart', value));
    expect(seen).toBe(accepted);
  });

  it.each([
    '/Microsoft-Server-ActiveSync',
    '/microsoft-server-activesync',
    '/MICROSOFT-SERVER-ACTIVESYNC/',
    '/Microsoft-Server-ActiveSync/default.eas',
  ])('comes to %s', async (path) => {
    expect((await new Harness().send({ path })).status).toBe(200);
  });

  it('may say its Content-Type with parameters, in any case, or not at all', async () => {
    for (const type of ['Application/vnd.ms-sync.WBXML; charset=utf-8', 'application/vnd.ms-sync', undefined]) {
      expect(folderSyncOf(await new Harness().send(withHeader('content-type', type))).Status).toBe(1);
    }
  });
});

describe('a path or method that is none of ours', () => {
  it.each(['/', '/Microsoft-Server-ActiveSync2', '/x/Microsoft-Server-ActiveSync', '/autodiscover'])(
    'is 404 for %s [MS-ASHTTP R182 R441]',
    async (path) => {
      expect((await new Harness().send({ path })).status).toBe(404);
    },
  );

  it.each(['GET', 'HEAD', 'PUT', 'DELETE'])('is 405 with what is allowed for %s', async (method) => {
    const response = await new Harness().send({ method });
    expect(response.status).toBe(405);
    expect(response.headers.Allow).toBe('OPTIONS,POST');
  });

  it.each(['PROPFIND', 'BREW', 'post'])('is 501 for the method %s [MS-ASHTTP R186 R187 R465]', async (method) => {
    expect((await new Harness().send({ method })).status).toBe(501);
  });

  it.each([OLD, ...NEW] as const)(
    'is 501 for a command that is not registered, in version %i [MS-ASHTTP R443]',
    async (version) => {
      for (const command of ['Sync', 'Nonsense', 'toString']) {
        const response = await new Harness().sendAs(version, { query: QUERY.replace('FolderSync', command) });
        expect(response.status).toBe(501);
      }
    },
  );

  it.each([
    [{ since: 160 }, OLD, 400],
    [{ until: 121 }, 140, 138],
    [{ since: 160 }, 141, 138],
    [{ since: 160 }, 161, 1],
    [{ until: 121 }, OLD, 1],
  ] as const)(
    'with a command of the versions %j in version %i is answered %i [MS-ASCMD R4897 R7559]',
    async (versions, version, status) => {
      const harness = new Harness();
      const commands = harness.commands().map((command) => ({ ...command, versions }));
      harness.overrides = { commands };
      const response = await harness.sendAs(version);
      if (status === 400) expect(response.status).toBe(400);
      else expect(folderSyncOf(response).Status).toBe(status);
      expect(harness.touched).toHaveLength(status === 1 ? 1 : 0);
    },
  );

  it('is 400 where the command has no document to say that the version lacks it [MS-ASCMD R4897]', async () => {
    const harness = new Harness();
    const failure = () => {
      throw new TypeError('no document');
    };
    const commands = harness.commands().map((command) => ({ ...command, versions: { until: OLD }, failure }));
    harness.overrides = { commands: commands as never };
    expect((await harness.sendAs(141)).status).toBe(400);
  });

  it.each([OLD, ...NEW] as const)(
    'is 400 for a query without a command, in version %i [MS-ASHTTP R188]',
    async (version) => {
      for (const query of [QUERY.replace('FolderSync', ''), QUERY.replace('Cmd=FolderSync&', ''), '']) {
        expect((await new Harness().sendAs(version, { query })).status).toBe(400);
      }
    },
  );
});

describe('OPTIONS', () => {
  const options = { method: 'OPTIONS', query: '', body: nothing, headers: { authorization: HEADERS.authorization } };

  it('names versions and commands [MS-ASHTTP R238 R239 R244 R281 R319 R450 R1107]', async () => {
    const response = await new Harness().send(options);
    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({
      'MS-ASProtocolVersions': '2.5,12.0,12.1,14.0,14.1,16.0,16.1',
      'MS-ASProtocolCommands': 'FolderSync,Ping',
      'MS-Server-ActiveSync': '16.1',
      Allow: 'OPTIONS,POST',
      Public: 'OPTIONS,POST',
      'Content-Length': '0',
    });
    expect(response.headers).not.toHaveProperty('Content-Type');
  });

  it('names only the versions that are configured', async () => {
    const harness = new Harness();
    harness.overrides = { versions: [121, 141] };
    const { headers } = await harness.send(options);
    expect(headers['MS-ASProtocolVersions']).toBe('12.1,14.1');
    expect(headers['MS-Server-ActiveSync']).toBe('14.1');
    expect((await harness.sendAs(160)).status).toBe(400);
  });

  it('asks for a login, since clients test a password with it', async () => {
    const harness = new Harness();
    harness.auth = { ok: false, reason: 'missing' };
    expect((await harness.send(options)).status).toBe(401);
    harness.auth = { ok: false, reason: 'not-enabled', account: ACCOUNT };
    expect((await harness.send(options)).status).toBe(403);
  });

  it('asks for no policy and makes no partnership', async () => {
    const harness = new Harness();
    harness.refusal = 142;
    expect((await harness.send({ ...options, query: QUERY })).status).toBe(200);
    expect(harness.touched).toEqual([]);
    expect(harness.gateAsked).toEqual([]);
  });
});

describe('a login that fails', () => {
  it.each(['missing', 'invalid'] as const)(
    'with %s credentials is challenged [MS-ASHTTP R178 R523]',
    async (reason) => {
      const harness = new Harness();
      harness.auth = { ok: false, reason };
      const response = await harness.send();
      expect(response.status).toBe(401);
      expect(response.headers['WWW-Authenticate']).toBe('Basic realm="Direct Push", charset="UTF-8"');
      expect(response.headers['Content-Length']).toBe('0');
    },
  );

  it('after too many others is told when to come again [MS-ASHTTP R273]', async () => {
    const harness = new Harness();
    harness.auth = { ok: false, reason: 'locked', retryAfterS: 90.5 };
    const response = await harness.send();
    expect([response.status, response.headers['Retry-After']]).toEqual([503, '91']);
  });

  it('while nobody can check it is 503, and no challenge that would make the phone ask its owner', async () => {
    const harness = new Harness();
    harness.auth = { ok: false, reason: 'unavailable' };
    const response = await harness.send();
    expect(response.status).toBe(503);
    expect(response.headers['Retry-After']).toMatch(/^\d+$/);
    expect(response.headers).not.toHaveProperty('WWW-Authenticate');
  });

  const known: [AuthFailure, number][] = [
    [{ ok: false, reason: 'not-enabled', account: ACCOUNT }, 126],
    [{ ok: false, reason: 'disabled', account: ACCOUNT }, 131],
  ];
  it.each(known)(
    'of an account that may not sync is 403 in 12.1 and a status later: %j [MS-ASHTTP R180] [MS-ASCMD R4869 R7555 R4880]',
    async (failure, status) => {
      const harness = new Harness();
      harness.auth = failure;
      expect((await harness.sendAs(OLD)).status).toBe(403);
      for (const version of NEW) {
        const response = await harness.sendAs(version);
        expect([response.status, folderSyncOf(response).Status]).toEqual([200, status]);
      }
      expect(harness.touched).toEqual([]);
    },
  );

  it('comes before everything that the query says', async () => {
    const harness = new Harness();
    harness.auth = { ok: false, reason: 'invalid' };
    expect((await harness.send({ query: '%%%' })).status).toBe(401);
  });
});

describe('the version', () => {
  it.each([undefined, '', '1.0', '2.0', '12.2', '17.0', '14', 'abc'])(
    '%s is refused with what is spoken',
    async (version) => {
      const response = await new Harness().send(withHeader('ms-asprotocolversion', version));
      expect(response.status).toBe(400);
      expect(response.headers['MS-ASProtocolVersions']).toBe('2.5,12.0,12.1,14.0,14.1,16.0,16.1');
    },
  );

  it.each([
    [25, 400],
    [120, 400],
    [121, 200],
  ])('%i in a base64 query, which came with 12.1, is answered %i', async (version, status) => {
    const text = (value: string) => [value.length, ...Buffer.from(value)];
    const bytes = Buffer.from([version, 9, 9, 4, ...text('DEV1'), 0, ...text('SP')]);
    expect((await new Harness().send({ query: bytes.toString('base64') })).status).toBe(status);
  });

  it.each([OLD, ...NEW] as const)('%i decides how the command reads and answers [MS-ASHTTP R283]', async (version) => {
    const harness = new Harness();
    let seen: ProtocolVersion | undefined;
    harness.folderSync = (context) => {
      seen = context.version;
      return document({ Status: 1 });
    };
    expect((await harness.sendAs(version)).status).toBe(200);
    expect(seen).toBe(version);
  });

  it('is 400 for a query that is broken [MS-ASHTTP R176 R177 R188]', async () => {
    const harness = new Harness();
    for (let repeat = 0; repeat < 2; repeat++) {
      expect((await harness.send({ query: Buffer.from([141, 9, 9]).toString('base64') })).status).toBe(400);
    }
  });
});

/** Every failure in 12.1 and in every later version. */
async function failsWith(harness: Harness, status: number, http: number, request: Parameters<Harness['send']>[0] = {}) {
  const old = await harness.sendAs(OLD, request);
  expect([old.status, bytesOf(old).length]).toEqual([http, 0]);
  expect(old.headers).not.toHaveProperty('Content-Type');
  for (const version of NEW) {
    const response = await harness.sendAs(version, request);
    expect(response.status).toBe(200);
    expect(folderSyncOf(response)).toEqual({ Status: status });
  }
}

describe('a failure', () => {
  it('of the command is HTTP in 12.1 and the code in its own document later [MS-ASCMD R7461 R7462]', async () => {
    const harness = new Harness();
    harness.folderSync = fails(113);
    await failsWith(harness, 113, 507);
    expect((await harness.sendAs(OLD)).headers).not.toHaveProperty('Retry-After');
    harness.folderSync = fails(105);
    await failsWith(harness, 105, 400);
  });

  it('keeps the headers that the command gave it', async () => {
    const harness = new Harness();
    harness.folderSync = () => Promise.reject(new ProtocolFailure(111, 'busy', { headers: { 'Retry-After': '7' } }));
    expect((await harness.sendAs(OLD)).headers['Retry-After']).toBe('7');
    expect((await harness.sendAs(141)).headers['Retry-After']).toBe('7');
  });

  it.each([new StoreUnavailable('x'), new StoreConflict('x'), new OutcomeUnknown('x')])(
    'of the store passes ($name): 503 or 111 [MS-ASCMD R4834 R7551]',
    async (error) => {
      const harness = new Harness();
      harness.folderSync = () => Promise.reject(error);
      await failsWith(harness, 111, 503);
      expect(harness.lines.some(({ level }) => level === 'error')).toBe(false);
    },
  );

  it('for want of a mailbox is 123, or 403 in 12.1 [MS-ASCMD R4862]', async () => {
    const harness = new Harness();
    harness.folderSync = () => Promise.reject(new NoMailbox('x'));
    await failsWith(harness, 123, 403);
  });

  it('that nobody foresaw passes as well, never as 500, and is logged without its content', async () => {
    const harness = new Harness();
    harness.folderSync = () => Promise.reject(named('TypeError'));
    await failsWith(harness, 111, 503);
    expect(harness.lines.filter(({ level }) => level === 'error')[0]).toMatchObject({
      event: 'unexpected',
      fields: { error: 'TypeError' },
    });
    expect(JSON.stringify(harness.lines)).not.toContain('secret subject');
  });

  it('of a document that does not fit its schema is a bug of ours, and passes', async () => {
    const harness = new Harness();
    harness.folderSync = () => document({ Status: 'one' as unknown as number });
    await failsWith(harness, 111, 503);
  });

  it('of the failure document itself is 503', async () => {
    const harness = new Harness();
    const [, folderSync] = harness.commands();
    harness.overrides = { commands: [{ ...folderSync!, failure: () => ({}) }] };
    harness.folderSync = fails(111);
    const response = await harness.send();
    expect([response.status, response.headers['Retry-After']]).toEqual([503, expect.any(String)]);
  });

  it('of a command that takes too long is 111, and the command is told', async () => {
    const harness = new Harness();
    let told = false;
    harness.folderSync = ({ signal }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => {
          told = true;
        });
      });
    const answer = harness.send();
    await harness.clock.advance(59_999);
    expect(told).toBe(false);
    await harness.clock.advance(1);
    expect(folderSyncOf(await answer).Status).toBe(111);
    expect(told).toBe(true);
    expect(harness.clock.pending).toBe(0);
  });

  it('because the client went away ends the work and is no error', async () => {
    const harness = new Harness();
    const controller = new AbortController();
    harness.folderSync = () => new Promise(() => {});
    const answer = harness.send({}, controller.signal);
    await settle();
    controller.abort(new Error('gone'));
    await answer;
    expect(harness.clock.pending).toBe(0);
    expect(harness.lines.at(-1)).toMatchObject({ level: 'info', fields: { failure: 'client-gone' } });
  });
});

describe('the user and the device of the query', () => {
  it('must be who logged in: 130, or 403 in 12.1 [MS-ASCMD R4878]', async () => {
    await failsWith(new Harness(), 130, 403, { query: QUERY.replace('User=ann', 'User=bob') });
  });

  it('may leave the user out', async () => {
    expect((await new Harness().send({ query: QUERY.replace('User=ann&', '') })).status).toBe(200);
  });

  it.each(['DeviceId=', 'Other=x', 'DeviceId=a%2Fb', 'DeviceId=a%23b', `DeviceId=${'a'.repeat(65)}`])(
    'is 108 for %s [MS-ASCMD R4828]',
    async (part) => {
      await failsWith(new Harness(), 108, 400, { query: QUERY.replace('DeviceId=Dev1', part) });
    },
  );

  it.each(['DeviceType=', 'Other=x', 'DeviceType=a%C2%85'])('is 109 for %s [MS-ASCMD R4830]', async (part) => {
    await failsWith(new Harness(), 109, 400, { query: QUERY.replace('DeviceType=iPhone', part) });
  });

  it.each([
    ['Moto+G', 'Moto-G'],
    ['Moto%20G%20(7)', 'Moto G -7-'],
    ['Nokia%20E71%2F1', 'Nokia E71-1'],
    ['a:b%23c', 'a-b-c'],
    ['T%C3%A9l%C3%A9phone%F0%9F%93%B1', 'T-l-phone-'],
    ['x'.repeat(70), 'x'.repeat(64)],
  ])('lets a DeviceType with brackets or a plus in: %s is %s', async (type, kept) => {
    const harness = new Harness();
    expect((await harness.send({ query: QUERY.replace('iPhone', type) })).status).toBe(200);
    expect(harness.touched).toMatchObject([{ id: 'dev1', type: kept }]);
  });

  it('is the partnership, by its id in lower case', async () => {
    const harness = new Harness();
    await harness.sendAs(141, { headers: { 'user-agent': 'Phone/1' } });
    expect(harness.touched).toEqual([
      { mailbox: 'm1', id: 'dev1', type: 'iPhone', userAgent: 'Phone/1', version: 141 },
    ]);
  });

  it('is remembered by nobody for the DeviceId with which AOSP tests an account', async () => {
    const harness = new Harness();
    let device: unknown;
    harness.folderSync = (context) => {
      device = context.device;
      return document({ Status: 1 });
    };
    const headers = { 'user-agent': 'Phone/1' };
    expect((await harness.sendAs(141, { query: QUERY.replace('Dev1', 'Validate'), headers })).status).toBe(200);
    expect(harness.touched).toEqual([]);
    const now = harness.clock.now();
    expect(device).toEqual({
      id: 'validate',
      type: 'iPhone',
      userAgent: 'Phone/1',
      version: 141,
      firstSeen: now,
      lastSeen: now,
    });
  });

  it('is refused when blocked, also for Ping [MS-ASCMD R4876]', async () => {
    const harness = new Harness();
    harness.device = { blocked: true };
    await failsWith(harness, 129, 403);
    const ping = await harness.send({ query: QUERY.replace('FolderSync', 'Ping'), body: nothing });
    expect(pingOf(ping).Status).toBe(129);
  });
});

describe('a command of its own kind', () => {
  it('is run for a blocked device where it is Provision, which may report a wipe again', async () => {
    const harness = new Harness();
    const [, folderSync] = harness.commands();
    harness.overrides = { commands: [{ ...folderSync!, name: 'Provision', code: 20, needsPolicy: false }] };
    harness.device = { blocked: true };
    const response = await harness.send({ query: QUERY.replace('FolderSync', 'Provision') });
    expect(folderSyncOf(response).Status).toBe(1);
  });

  it('is given no document where it takes none, whatever the body is', async () => {
    const harness = new Harness();
    const [, folderSync] = harness.commands();
    harness.overrides = { commands: [{ ...folderSync!, body: 'none' }] };
    let seen: unknown = 'nothing';
    harness.folderSync = (_, request) => {
      seen = request;
      return document({ Status: 1 });
    };
    for (const body of [nothing, FOLDER_SYNC, Buffer.from('<xml/>')]) {
      expect(folderSyncOf(await harness.send({ body })).Status).toBe(1);
      expect(seen).toBeUndefined();
    }
  });
});

describe('the policy', () => {
  const refusals: [142 | 143 | 144 | 141 | 139 | 129, number][] = [
    [142, 449],
    [143, 449],
    [144, 449],
    [141, 449],
    [139, 403],
    [129, 403],
  ];
  it.each(refusals)(
    'refuses with %i, or HTTP %i in 12.1 [MS-ASCMD R4904 R4906 R4909 R4912 R4899]',
    async (status, http) => {
      const harness = new Harness();
      harness.refusal = status;
      await failsWith(harness, status, http);
    },
  );

  it('orders a wipe with 140; in 12.1 with 449, or 403 where no key was sent [MS-ASCMD R5280 R7561 R7562]', async () => {
    const harness = new Harness();
    harness.refusal = 140;
    await failsWith(harness, 140, 403);
    await failsWith(harness, 140, 449, { headers: { 'x-ms-policykey': '0' } });
  });

  it('is asked with the key that the device sent', async () => {
    const harness = new Harness();
    await harness.sendAs(140, { headers: { 'x-ms-policykey': '42' } });
    expect(harness.gateAsked).toEqual([['m1', 'dev1', 140, '42']]);
  });

  it('is not asked for Ping', async () => {
    const harness = new Harness();
    harness.refusal = 142;
    const response = await harness.send({ query: QUERY.replace('FolderSync', 'Ping'), body: nothing });
    expect(pingOf(response)).toEqual({ Status: 1 });
    expect(harness.gateAsked).toEqual([]);
  });

  it('decides before the body is read', async () => {
    const harness = new Harness();
    harness.refusal = 142;
    const body = (async function* () {
      yield* [] as Uint8Array[];
      throw new Error('read');
    })();
    expect(folderSyncOf(await harness.send({ body })).Status).toBe(142);
  });
});

describe('a body', () => {
  const bodies: [string, Uint8Array, number][] = [
    ['nothing, where the command needs something', nothing, 101],
    ['no WBXML', Buffer.from('<xml/>'), 102],
    ['a document that ends early', FOLDER_SYNC.subarray(0, FOLDER_SYNC.length - 1), 102],
    ['another document', Buffer.from([3, 1, 0x6a, 0, 0, 13, 5]), 103],
  ];
  it.each(bodies)(
    'with %s is 400 in 12.1 and a status later [MS-ASCMD R4811 R4815 R4817 R7545 R7547]',
    async (_, body, status) => {
      await failsWith(new Harness(), status, 400, { body });
    },
  );

  it.each(['text/xml', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'that says it is %s is 101',
    async (type) => {
      await failsWith(new Harness(), 101, 400, { headers: { 'content-type': type } });
    },
  );

  it('may be missing where the command repeats what it remembers', async () => {
    const harness = new Harness();
    let seen: unknown = 'nothing';
    harness.ping = (_, request) => {
      seen = request;
      return document({ Status: 1 });
    };
    await harness.send({ query: QUERY.replace('FolderSync', 'Ping'), body: nothing });
    expect(seen).toBeUndefined();
  });
});

describe('a request that waits', () => {
  const ping = post({ query: QUERY.replace('FolderSync', 'Ping'), body: nothing });
  const signal = new AbortController().signal;

  function held() {
    const harness = new Harness();
    harness.ping = () => ({
      kind: 'held',
      hold: {
        kind: 'ping',
        mailbox: ACCOUNT.id,
        device: 'dev1' as never,
        deadline: 5,
        folders: [],
        look: async () => ({ now: [], later: [], hierarchy: false }),
        answer: (outcome) => document({ Status: outcome.kind === 'expired' ? 1 : 2 }),
      },
    });
    return harness;
  }

  it('is given to the holder, which answers in the version of the request', async () => {
    const harness = held();
    const answer = await harness.handler(ping, signal);
    expect(answer).toMatchObject({ kind: 'held', deadline: 5 });
    const response = await harness.held!.end({ kind: 'expired', folders: [] });
    expect(pingOf(response)).toEqual({ Status: 1 });
    expect(response.headers['Content-Length']).toBe(`${bytesOf(response).length}`);
  });

  it('leaves no timer behind, and says in the log that it waits', async () => {
    const harness = held();
    await harness.handler(ping, signal);
    expect(harness.clock.pending).toBe(0);
    expect(harness.lines.at(-1)?.fields).toMatchObject({ command: 'Ping', status: 'held', failure: undefined });
  });

  it('whose answer cannot be written is told to come again', async () => {
    const harness = held();
    const hold = harness.ping;
    harness.ping = async (context, request) => {
      const result = await hold(context, request);
      if (result.kind !== 'held') throw new Error('not held');
      return { kind: 'held', hold: { ...result.hold, answer: () => document({ Status: 'x' as unknown as number }) } };
    };
    await harness.handler(ping, signal);
    expect(pingOf(await harness.held!.end({ kind: 'failed' })).Status).toBe(111);
  });
});

describe('the log', () => {
  it('has one line for a request: no address, no subject, no credential', async () => {
    const harness = new Harness();
    await harness.send();
    expect(harness.lines).toEqual([
      {
        level: 'info',
        event: 'request',
        fields: {
          requestId: expect.any(String),
          method: 'POST',
          command: 'FolderSync',
          version: 141,
          account: 'm1',
          status: 200,
          failure: undefined,
          ms: 0,
        },
      },
    ]);
  });

  it('names a failure by its label', async () => {
    const harness = new Harness();
    harness.folderSync = fails(113);
    await harness.send();
    expect(harness.lines.at(-1)?.fields).toMatchObject({ failure: 'mailbox-quota-exceeded', status: 200 });
  });
});

describe('a server', () => {
  it('refuses limits and realms that cannot be', () => {
    for (const value of [Number.NaN, 0, -1, 1.5, Number.POSITIVE_INFINITY]) {
      const harness = new Harness();
      harness.overrides = { limits: { bodyBytes: value } };
      expect(() => harness.handler).toThrow(RangeError);
    }
    const harness = new Harness();
    harness.overrides = { realm: 'a"b' };
    expect(() => harness.handler).toThrow(TypeError);
  });

  it('gives its commands the registry, but not before it is complete', () => {
    const harness = new Harness();
    let advertise: (() => unknown) | undefined;
    harness.overrides = {
      commands: (registry) => {
        advertise = registry;
        expect(registry).toThrow(TypeError);
        return harness.commands();
      },
    };
    expect(harness.handler).toBeTypeOf('function');
    expect(advertise?.()).toMatchObject({ reinitialize: { 'MS-ASProtocolCommands': 'FolderSync,Ping' } });
  });
});
