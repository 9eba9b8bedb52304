import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Running, start } from '../../lib/embedded/start.ts';
import { silentLog } from '../../lib/ops/log.ts';
import { runCli } from '../support/cli.ts';
import { Phone } from '../support/client/phone.ts';
import { temporaryFolder } from '../support/make-store.ts';

const PASSWORD = 'typed by a person';

const cli = (dataDir: string, args: readonly string[], input?: string | Buffer) =>
  runCli([...args, '--data', dataDir], { input });

async function untilHeld({ holder }: Running, count: number): Promise<void> {
  while (holder.held < count) await new Promise((resolve) => setImmediate(resolve));
}

describe('the command line, while the server runs', { timeout: 60_000 }, () => {
  let dataDir: string;
  let server: Running;
  let phone: Phone;
  const run = (args: readonly string[], input?: string | Buffer) => cli(dataDir, args, input);

  beforeAll(async () => {
    dataDir = await temporaryFolder();
    server = await start({ port: 0, smtpPort: 0, dataDir }, { log: silentLog });
    expect(
      await run(['user', 'add', 'kim@cli.test', '--name', 'Kim', '--alias', 'k@cli.test'], `${PASSWORD}\n`),
    ).toMatchObject({ code: 0 });
    phone = new Phone({ url: server.url, user: 'kim@cli.test', password: PASSWORD, deviceId: 'CLI1' });
    await phone.start();
    await phone.drain(phone.inbox);
    await phone.drain(phone.inbox);
  });
  afterAll(async () => {
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('lists accounts for people and for programs', async () => {
    const { out } = await run(['user', 'list', '--json']);
    expect(JSON.parse(out)).toEqual([
      { address: 'kim@cli.test', name: 'Kim', enabled: true, eas: true, policy: 'default', aliases: 'k@cli.test' },
    ]);
    expect((await run(['user', 'list'])).out).toMatch(/^ADDRESS +NAME.*\nkim@cli\.test +Kim/);
  });

  it('delivers a message that completes a held Ping of the server', async () => {
    const ping = phone.ping([phone.inbox]);
    await untilHeld(server, 1);
    expect(await run(['deliver', 'k@cli.test'], 'Subject: by hand\r\n\r\nhello\r\n')).toMatchObject({ code: 0 });
    expect((await ping).document?.Status).toBe(2);
    const { added } = await phone.drain(phone.inbox);
    expect(phone.inbox.items.get(added[0]!)?.Subject).toBe('by hand');
    await phone.drain(phone.inbox);
  });

  it('imports a folder of messages once, however often it is told to', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'dp-eml-'));
    await mkdir(path.join(folder, 'deep'));
    for (const name of ['a.eml', 'b.eml', 'deep/c.eml']) {
      await writeFile(
        path.join(folder, name),
        `Subject: ${name}\r\nDate: Thu, 1 Jan 2026 10:00:00 +0000\r\n\r\n${name}\r\n`,
      );
    }
    expect((await run(['import', 'kim@cli.test', folder])).err).toContain('3 imported, 0 were there already, 0 failed');
    expect((await run(['import', 'kim@cli.test', folder])).err).toContain('0 imported, 3 were there already, 0 failed');
    await phone.drain(phone.inbox);
    await phone.drain(phone.inbox);
    const subjects = [...phone.inbox.items.values()].map(({ Subject }) => Subject);
    expect(subjects).toEqual(expect.arrayContaining(['a.eml', 'b.eml', 'deep/c.eml']));
    await rm(folder, { recursive: true });
  });

  it('sets a policy, and the held Ping ends with status 7 [MS-ASCMD R4257]', async () => {
    const ping = phone.ping([phone.inbox]);
    await untilHeld(server, 1);
    const policy = { settings: { DevicePasswordEnabled: true, MinDevicePasswordLength: 6 } };
    expect(await run(['policy', 'set', 'default'], JSON.stringify(policy))).toMatchObject({ code: 0 });
    expect((await ping).document?.Status).toBe(7);
    expect(JSON.parse((await run(['policy', 'show'])).out).settings).toEqual(policy.settings);
    expect((await phone.sync(phone.inbox)).status).toBeGreaterThan(139);
    await phone.provision();
    expect((await phone.sync(phone.inbox)).status).toBe(1);
  });

  it('changes a password: the old one ends with the next request', async () => {
    expect(await run(['user', 'passwd', 'kim@cli.test'], 'a new one\n')).toMatchObject({ code: 0 });
    expect((await phone.client.discover()).status).toBe(401);
    expect(await run(['user', 'passwd', 'kim@cli.test'], `${PASSWORD}\n`)).toMatchObject({ code: 0 });
    expect((await phone.client.discover()).status).toBe(200);
  });

  it('makes an app password that logs in, and revokes it', async () => {
    const secret = (await run(['user', 'app-password', 'kim@cli.test', '--name', 'tablet'])).out.trim();
    const tablet = new Phone({ url: server.url, user: 'kim@cli.test', password: secret, deviceId: 'TABLET' });
    expect((await tablet.client.discover()).status).toBe(200);
    const [{ id }] = JSON.parse((await run(['user', 'app-password', 'kim@cli.test', '--list', '--json'])).out);
    expect(await run(['user', 'app-password', 'kim@cli.test', '--revoke', id])).toMatchObject({ code: 0 });
    expect((await tablet.client.discover()).status).toBe(401);
  });

  it('imports accounts from a file, naming the rows that it cannot take', async () => {
    const file = path.join(dataDir, 'users.csv');
    await writeFile(file, '\uFEFFaddress,password,name\nann@cli.test,"pass, word","Ann, A."\nkim@cli.test,x,Kim\n');
    const { code, err } = await run(['user', 'import', file]);
    expect(code).toBe(1);
    expect(err).toContain('1 accounts made, 1 refused');
    expect(err).toContain('row 2: kim@cli.test');
    const ann = new Phone({ url: server.url, user: 'ann@cli.test', password: 'pass, word' });
    expect((await ann.client.discover()).status).toBe(200);
  });

  it('disables an account, whose devices get in no more', async () => {
    expect(await run(['user', 'disable', 'ann@cli.test'])).toMatchObject({ code: 0 });
    const ann = new Phone({ url: server.url, user: 'ann@cli.test', password: 'pass, word' });
    expect((await ann.client.discover()).status).toBe(403);
  });

  it('gives mailboxes a new incarnation: a held Ping is told, and the phone begins again', async () => {
    for (const which of [['kim@cli.test'], ['--all']]) {
      const ping = phone.ping([phone.inbox]);
      await untilHeld(server, 1);
      expect(await run(['renew', ...which])).toMatchObject({
        code: 0,
        err: expect.stringMatching(/^\d mailboxes renewed/),
      });
      expect((await ping).document?.Status).toBe(7);
      const before = phone.inbox.items.size;
      expect((await phone.sync(phone.inbox)).status).toBe(3);
      phone.hierarchyKey = '0';
      await phone.syncFolders();
      await phone.drain(phone.inbox);
      await phone.drain(phone.inbox);
      expect(phone.inbox.items.size).toBe(before);
    }
    for (const wrong of [[], ['kim@cli.test', '--all']]) {
      expect(await run(['renew', ...wrong])).toMatchObject({ code: 1, err: expect.stringContaining('--all') });
    }
  });

  it('backs up while it runs, and what is restored begins a new incarnation', async () => {
    const [target, fresh] = [path.join(dataDir, 'backup'), await temporaryFolder()];
    expect(await run(['backup', target])).toMatchObject({ code: 0 });
    const folder = path.join(fresh, 'data');
    expect((await cli(folder, ['restore', target])).err).toContain('restored');
    const copy = await start({ port: 0, smtpPort: 0, dataDir: folder }, { log: silentLog });
    try {
      const moved = new Phone({ url: copy.url, user: 'kim@cli.test', password: PASSWORD, deviceId: 'CLI1' });
      moved.client.policyKey = phone.client.policyKey;
      await moved.syncFolders();
      moved.inbox.syncKey = phone.inbox.syncKey;
      expect((await moved.sync(moved.inbox)).status).toBe(3);
      await moved.drain(moved.inbox);
      expect(moved.inbox.items.size).toBe(phone.inbox.items.size);
    } finally {
      await copy.close();
    }
    expect((await cli(folder, ['restore', target])).err).toContain('already holds a store');
    expect(await readFile(path.join(target, 'backup.json'), 'utf8')).toContain('fileVersion');
  });

  it('wipes a device that waits in a Ping', async () => {
    const ping = phone.ping([phone.inbox]);
    await untilHeld(server, 1);
    expect((await run(['device', 'wipe', 'kim@cli.test', 'CLI1'])).code).not.toBe(0);
    expect(await run(['device', 'wipe', 'kim@cli.test', 'CLI1', '--yes'])).toMatchObject({ code: 0 });
    expect((await ping).document?.Status).toBe(7);
    expect((await phone.sync(phone.inbox)).status).toBe(140);
    const [device] = JSON.parse((await run(['device', 'list', 'kim@cli.test', '--json'])).out);
    expect(device).toMatchObject({ device: 'cli1', wipe: 'device ordered' });
    expect(await run(['device', 'remove', 'kim@cli.test', 'CLI1'])).toMatchObject({ code: 0 });
    expect(JSON.parse((await run(['device', 'list', 'kim@cli.test', '--json'])).out)).toEqual([]);
  });

  it.concurrent.each([
    ['an unknown account', ['user', 'passwd', 'nobody@cli.test'], /there is no account nobody@cli\.test/],
    ['an unknown recipient', ['deliver', 'nobody@cli.test'], /nobody takes mail for nobody@cli\.test/],
    ['an address that is none', ['user', 'add', 'nonsense'], /not a mail address/],
    ['a policy that is no JSON', ['policy', 'set', 'default'], /not JSON/],
    ['an unknown command', ['frobnicate'], /unknown command/],
    ['an unknown option', ['user', 'list', '--frob'], /unknown option/],
    ['a file that is not there', ['user', 'import', '/nonexistent.csv'], /nonexistent\.csv/],
    ['a port that is none', ['serve', '--port', 'http'], /port/],
  ])('says what is wrong with %s, without a stack', async (_, args, message) => {
    const { code, err, out } = await run(args, 'x\n');
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err + out).not.toContain(' at ');
  });
});
