import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BadSecret, canaryAccount, visit } from '../../../lib/cloud/canary.ts';
import type { LogFields } from '../../../lib/ops/log.ts';
import { PASSWORD, startServer } from '../../e2e/harness.ts';
import { startSecrets } from '../../support/servers/secrets.ts';

const USER = 'kim@example.test';

/** Secrets Manager with a secret `arn`, or without it. */
async function secret(text: string | undefined) {
  const server = await startSecrets(text === undefined ? {} : { arn: text });
  const client = new SecretsManagerClient({
    endpoint: server.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
  onTestFinished(() => {
    client.destroy();
    return server.stop();
  });
  return client;
}

function base() {
  const metrics: (readonly [string, number, string | undefined])[] = [];
  const lines: (LogFields & { readonly level: string })[] = [];
  const at =
    (level: string) =>
    (_: string, fields: LogFields = {}) =>
      void lines.push({ level, ...fields });
  return {
    metrics,
    lines,
    parts: {
      log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
      metrics: { add: (name: string, value: number, by?: string) => void metrics.push([name, value, by]), flush() {} },
    },
  };
}

describe('the account of the canary', () => {
  it('is what the secret says', async () => {
    const client = await secret(JSON.stringify({ user: USER, password: 'p', more: 1 }));
    expect(await canaryAccount(client, 'arn')).toEqual({ user: USER, password: 'p' });
  });

  it.each(['', 'kim:password', '{}', '{"user":"kim","password":"p"}', `{"user":"${USER}","password":""}`, '[]'])(
    'is not %j, which is not repeated',
    async (text) => {
      const reading = canaryAccount(await secret(text), 'arn');
      await expect(reading).rejects.toBeInstanceOf(BadSecret);
      if (text.length > 4) await expect(reading).rejects.not.toThrow(text);
    },
  );

  it('that nobody has is an error of AWS', async () => {
    await expect(canaryAccount(await secret(undefined), 'arn')).rejects.toThrow('gone');
  });
});

describe('a visit of the canary', { timeout: 60_000 }, () => {
  const lookup = () => Promise.reject(new Error('ENOTFOUND'));

  it('to a server that works counts no failure, and how long mail took', async () => {
    const server = await startServer();
    const { parts, metrics, lines } = base();
    const done = await visit({ url: new URL(server.url), user: USER, password: PASSWORD, holdS: 0.05, lookup }, parts);
    expect(done).toEqual({ ok: true });
    expect(metrics).toContainEqual(['CanaryFailures', 0, undefined]);
    expect(metrics).toContainEqual(['CanaryPush', expect.any(Number), undefined]);
    expect(metrics).toHaveLength(2);
    expect(lines.map(({ check }) => check)).toContain('delivery');
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('that cannot log in counts the check that failed, without its password', async () => {
    const server = await startServer();
    const { parts, metrics, lines } = base();
    const done = await visit({ url: new URL(server.url), user: USER, password: 'not it', holdS: 0.05, lookup }, parts);
    expect(done).toEqual({ ok: false });
    expect(metrics).toEqual([['CanaryFailures', 1, 'OPTIONS']]);
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', check: 'OPTIONS', outcome: 'failed' }));
    expect(JSON.stringify(lines)).not.toContain('not it');
  });
});
