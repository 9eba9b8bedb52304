import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate, pem } from '../support/certificates.ts';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/make-store.ts';

describe('the command line, of people', { timeout: 60_000 }, () => {
  let dataDir: string;

  const run = (...args: readonly string[]) => runCli([...args, '--data', dataDir]);

  beforeAll(async () => {
    dataDir = await temporaryFolder();
    for (const name of ['kim', 'lee']) {
      expect((await run('user', 'add', `${name}@cli.test`, '--no-password')).code).toBe(0);
    }
  }, 60_000);

  it('sets an absence and shows it', async () => {
    const times = ['--from', '2026-07-01T00:00:00Z', '--until', '2026-07-15T00:00:00Z'];
    const texts = ['--text', 'Away', '--internal', 'Away, dear', '--silent', 'unknown'];
    expect(await run('user', 'oof', 'kim@cli.test', ...times, ...texts)).toMatchObject({
      code: 0,
      out: expect.stringContaining('on from 2026-07-01 00:00 until 2026-07-15 00:00 UTC'),
    });
    const { out } = await run('user', 'oof', 'kim@cli.test', '--json');
    expect(JSON.parse(out)).toEqual({
      state: 2,
      start: Date.UTC(2026, 6, 1),
      end: Date.UTC(2026, 6, 15),
      messages: {
        internal: { enabled: true, text: 'Away, dear', html: false },
        known: { enabled: true, text: 'Away', html: false },
        unknown: { enabled: false, text: '', html: false },
      },
    });
    expect((await run('user', 'oof', 'kim@cli.test', '--off')).out).toMatch(/^off\n/);
    for (const wrong of [
      ['--on', '--off'],
      ['--from', '2026-07-01'],
      ['--silent', 'everybody'],
      [...times.slice(0, 3), 'later'],
    ]) {
      expect(await run('user', 'oof', 'kim@cli.test', ...wrong)).toMatchObject({ code: 1, out: '' });
    }
  });

  it('keeps a photo and certificates', async () => {
    const [photo, back, cert] = ['a.jpg', 'b.jpg', 'a.pem'].map((name) => path.join(dataDir, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(photo, Buffer.of(0xff, 0xd8, 0xff, 1, 2, 3));
    expect(await run('user', 'photo', 'kim@cli.test', photo)).toMatchObject({ code: 0, err: 'Photo set.\n' });
    await run('user', 'photo', 'kim@cli.test', '--export', back);
    expect(await readFile(back)).toEqual(await readFile(photo));
    expect((await run('user', 'photo', 'kim@cli.test', '--remove')).code).toBe(0);
    expect(await run('user', 'photo', 'kim@cli.test')).toMatchObject({ code: 1 });
    const now = Date.now();
    await writeFile(cert, pem(await makeCertificate('Kim', { from: now, to: now + 86_400_000 })));
    expect((await run('user', 'certificate', 'kim@cli.test', '--add', cert)).code).toBe(0);
    const [{ id, subject }] = JSON.parse((await run('user', 'certificate', 'kim@cli.test', '--json')).out);
    expect(subject).toBe('CN=Kim');
    expect((await run('user', 'certificate', 'kim@cli.test', '--remove', id)).code).toBe(0);
    expect(await run('user', 'certificate', 'kim@cli.test', '--add', photo)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^direct-push: not a certificate/),
    });
  });

  it('keeps groups', async () => {
    const members = ['--member', 'kim@cli.test', 'out@side.test'];
    expect((await run('group', 'add', 'team@cli.test', '--name', 'Team', ...members)).code).toBe(0);
    expect(await run('group', 'add', 'kim@cli.test')).toMatchObject({ code: 1 });
    await run(
      'group',
      'change',
      'team@cli.test',
      '--add',
      'lee@cli.test',
      '--remove',
      'out@side.test',
      '--senders',
      'members',
    );
    expect(JSON.parse((await run('group', 'list', '--json')).out)).toEqual([
      { address: 'team@cli.test', name: 'Team', senders: 'members', members: 2 },
    ]);
    expect(JSON.parse((await run('group', 'show', 'team@cli.test', '--json')).out)).toMatchObject({
      reached: ['kim@cli.test', 'lee@cli.test'],
    });
    expect((await run('group', 'remove', 'team@cli.test')).code).toBe(0);
    expect(await run('group', 'show', 'team@cli.test')).toMatchObject({ code: 1 });
    expect((await run('group', 'add', 'x@cli.test', '--senders', 'all')).code).toBe(1);
  });

  it('keeps domains that are elsewhere', async () => {
    expect((await run('domain', 'redirect', 'far.test', '--server', 'https://mail.far.test')).code).toBe(0);
    expect((await run('domain', 'redirect', 'old.test', '--domain', 'new.test')).code).toBe(0);
    expect(JSON.parse((await run('domain', 'list', '--json')).out)).toEqual([
      { domain: 'far.test', to: 'https://mail.far.test' },
      { domain: 'old.test', to: 'new.test' },
    ]);
    expect((await run('domain', 'redirect', 'old.test', '--remove')).code).toBe(0);
    expect((await run('domain', 'redirect', 'old.test')).code).toBe(1);
    expect((await run('domain', 'redirect', 'old.test', '--server', 'http://plain.test')).code).toBe(1);
  });

  it('shows no recovery password where there is none, and makes no key for that', async () => {
    expect(await run('device', 'password', 'kim@cli.test', 'PHONE')).toMatchObject({ code: 1, out: '' });
    await expect(stat(path.join(dataDir, 'recovery.key'))).rejects.toThrow('ENOENT');
  });
});
