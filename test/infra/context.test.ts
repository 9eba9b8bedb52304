import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Context, readContext } from '../../lib/infra/context.ts';

const given = (keys: Record<string, unknown>) =>
  Object.fromEntries(Object.entries({ hostName: 'eas.acme.test', ...keys }).map(([k, v]) => [`direct-push:${k}`, v]));

describe('context keys', () => {
  it('one is required, the others have defaults', () => {
    expect(readContext(given({}))).toEqual({
      hostName: 'eas.acme.test',
      stackName: 'DirectPush',
      transport: 'websocket',
      highAvailability: true,
      tls: 'modern',
      mail: true,
      mxRecord: false,
      relayOwnDomains: false,
      waf: false,
      tracing: false,
    });
  });

  it('are text when they come from the command line', () => {
    const context = readContext(given({ highAvailability: 'false', maxTasks: '4', mailDomains: 'a.test, b.test' }));
    expect(context).toMatchObject({ highAvailability: false, maxTasks: 4, mailDomains: ['a.test', 'b.test'] });
  });

  it('of others are left alone, and empty ones are absent', () => {
    expect(() => readContext({ ...given({ image: '' }), '@aws-cdk/core:x': true, other: 1 })).not.toThrow();
  });

  it.each([
    ['a typo', { hostname: 'x' }, 'direct-push:hostname: unknown key'],
    ['a transport that does not exist', { transport: 'pigeon' }, 'direct-push:transport: '],
    ['a flag that is none', { waf: 'yes' }, 'direct-push:waf: '],
    ['a number that is none', { maxTasks: 'many' }, 'direct-push:maxTasks: '],
    ['a zone without its name', { hostedZoneId: 'Z1' }, 'direct-push:hostedZoneId: belongs together'],
    ['an MX record without a zone', { mxRecord: true }, 'direct-push:mxRecord: needs hostedZoneId'],
    ['an ARN that is none', { certificateArn: 'x' }, 'direct-push:certificateArn: '],
    ['a secret that is none', { canarySecretArn: 'hunter2' }, 'direct-push:canarySecretArn: '],
    ['a size that is none', { maxMessageBytes: '1e30' }, 'direct-push:maxMessageBytes: '],
    ['nobody to send to', { maxRecipients: 0 }, 'direct-push:maxRecipients: '],
    ['a heartbeat that is too long', { maxHeartbeatS: '3541' }, 'direct-push:maxHeartbeatS: '],
    ['a page over HTTP', { passwordUrl: 'http://id.acme.test' }, 'direct-push:passwordUrl: '],
    ['passwords over HTTP', { authUrl: 'http://auth.acme.test' }, 'direct-push:authUrl: '],
    ['an issuer without an audience', { oidcIssuer: 'https://id.acme.test' }, 'direct-push:oidcIssuer: belongs'],
  ])('%s is refused by name', (_, keys, message) => {
    expect(() => readContext(given(keys))).toThrow(message);
  });

  it('no host name is said, too', () => {
    expect(() => readContext({})).toThrow('direct-push:hostName: ');
  });

  it('are all documented', () => {
    const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');
    const named = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(Context.shape).sort());
  });
});

describe('the app of cdk.json', { timeout: 120_000 }, () => {
  const out = mkdtempSync(path.join(tmpdir(), 'cdk-'));
  afterAll(() => rmSync(out, { recursive: true, force: true }));
  const { app, context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
  /** As the command line of the CDK runs it, without network, account or Docker. */
  const run = (more: object) => {
    const [command, ...args] = app.split(' ');
    return spawnSync(command, args, {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        CDK_OUTDIR: out,
        CDK_CONTEXT_JSON: JSON.stringify({ ...context, 'aws:cdk:bundling-stacks': [], ...more }),
      },
    });
  };

  it('gives both stacks', () => {
    const { status, stderr } = run({});
    expect(stderr).not.toMatch(/error/i);
    expect(status).toBe(0);
    expect(readdirSync(out)).toEqual(
      expect.arrayContaining(['DirectPush-Data.template.json', 'DirectPush.template.json']),
    );
  });

  it('ends with a sentence where a key is wrong', () => {
    const { status, stderr } = run({ 'direct-push:transport': 'pigeon' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^direct-push: direct-push:transport: [^\n]*\n$/);
  });
});
