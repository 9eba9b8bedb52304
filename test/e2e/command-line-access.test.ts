/** Devices, rules, quotas and accounts from the command line, beside a server that runs. */
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { startServer } from './harness.ts';

async function withPhone() {
  const server = await startServer();
  const dataDir = server.domain.options.dataDir;
  const cli = async (...args: string[]) => {
    const { out, err } = await runCli([...args, '--data', dataDir]);
    return `${out}${err}`;
  };
  const json = async (...args: string[]) => JSON.parse(await cli(...args, '--json')) as Record<string, unknown>[];
  const phone = server.phone();
  await phone.start();
  const status = async () => {
    const { status: http, document } = await phone.client.folderSync({ SyncKey: '0' });
    return http === 200 ? document!.Status : http;
  };
  return { server, cli, json, phone, status };
}

describe('the command line', () => {
  it('makes rules, says what they mean, and takes them back', async () => {
    const { cli, json, status } = await withPhone();
    expect(await cli('rule', 'add', 'block', '--type', 'DirectPush*', '--note', 'test')).toMatch(/1 device is treated/);
    expect(await status()).toBe(129);
    const [rule] = await json('rule', 'list');
    expect(rule).toMatchObject({ action: 'block', for: 'all', match: 'type=DirectPush*', note: 'test' });
    expect(await cli('rule', 'test', 'kim@example.test', 'DPTEST0000000001')).toBe(
      `block (rule ${String(rule!.id)})\n`,
    );
    expect(await json('device', 'list', 'kim@example.test')).toMatchObject([
      { access: `block (rule ${String(rule!.id)})` },
    ]);
    expect(await cli('rule', 'remove', String(rule!.id))).toMatch(/removed/);
    expect(await status()).toBe(1);
    expect(await cli('rule', 'default', 'quarantine', '--domain', 'example.test')).toMatch(/1 device/);
    expect(await json('rule', 'list')).toMatchObject([{ id: 'default', action: 'quarantine', for: 'example.test' }]);
    expect(await cli('rule', 'add', 'forbid', '--type', 'x')).toMatch(/an action is one of/);
    expect(await cli('rule', 'add', 'block')).toMatch(/a rule needs a pattern/);
  }, 120_000);

  it('approves and blocks single devices, also before they come', async () => {
    const { cli, status, server } = await withPhone();
    expect(await cli('device', 'block', 'kim@example.test', 'dptest0000000001')).toMatch(/is shut out/);
    expect(await status()).toBe(129);
    expect(await cli('device', 'approve', 'kim@example.test', 'DPTEST0000000001')).toMatch(/is let in/);
    expect(await status()).toBe(1);
    expect(await cli('device', 'block', 'kim@example.test', 'FUTURE')).toMatch(/is shut out/);
    const later = await server.phone({ deviceId: 'FUTURE' }).client.folderSync({ SyncKey: '0' });
    expect(later.document?.Status).toBe(129);
    expect(await cli('device', 'reset', 'kim@example.test', 'FUTURE')).toMatch(/left to the rules/);
  }, 120_000);

  it('sets quotas and shows what mailboxes hold', async () => {
    const { cli, json, server } = await withPhone();
    await server.deliver('kim@example.test', 'Subject: One\r\n\r\n0123456789\r\n');
    expect(await cli('quota', 'set', 'kim@example.test', '--bytes', '2MB', '--folder-items', '500')).toMatch(/2\.0 MB/);
    const [row] = await json('quota', 'show', 'kim@example.test');
    expect(row).toMatchObject({ 'of bytes': 2_097_152, items: 1, 'folder items': 500 });
    expect(row!.bytes).toBeGreaterThan(20);
    expect(await cli('quota', 'set', 'kim@example.test', '--items', '1')).toMatch(/may hold/);
    await expect(server.deliver('kim@example.test', 'Subject: Two\r\n\r\n')).rejects.toThrow('may not hold');
    expect(await cli('quota', 'clear', 'kim@example.test')).toMatch(/no limits/);
    await server.deliver('kim@example.test', 'Subject: Two\r\n\r\n');
    expect(await cli('quota', 'set', 'kim@example.test', '--bytes', 'much')).toMatch(/is no size/);
  }, 120_000);

  it('blocks accounts, moves them elsewhere and ends passwords', async () => {
    const { cli, status } = await withPhone();
    expect(await cli('user', 'block', 'kim@example.test')).toMatch(/blocked/);
    expect(await status()).toBe(456);
    expect(await cli('user', 'unblock', 'kim@example.test')).toMatch(/unblocked/);
    expect(await cli('user', 'home', 'kim@example.test', 'https://west.example.test')).toMatch(/west/);
    expect(await status()).toBe(451);
    expect(await cli('user', 'home', 'kim@example.test', 'here')).toMatch(/is here now/);
    expect(await cli('user', 'expire', 'kim@example.test', '2020-01-01')).toMatch(/2020/);
    expect(await status()).toBe(401);
    expect(await cli('user', 'expire', 'kim@example.test', 'never')).toMatch(/does not expire/);
    expect(await cli('user', 'expire', 'kim@example.test', 'soon')).toMatch(/is no date/);
    expect(await status()).toBe(1);
  }, 120_000);
});
