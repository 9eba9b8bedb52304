import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isExample } from '../../lib/infra/app.ts';
import { Context, readContext } from '../../lib/infra/context.ts';
import { HOST } from './support.ts';

const given = (keys: Record<string, unknown>) =>
  Object.fromEntries(Object.entries({ hostName: 'eas.acme.test', ...keys }).map(([k, v]) => [`direct-push:${k}`, v]));

describe('examples', () => {
  it.each([
    ['eas.example.com', true],
    ['example.org', true],
    ['mail.example', true],
    ['eas.acme.test', false],
    ['eas.counterexample.com', false],
    ['example.com.acme.test', false],
  ])('%s', (hostName, example) => {
    expect(isExample(hostName)).toBe(example);
  });
});

describe('commands of the pages', () => {
  const pages = ['README.md', ...readdirSync('docs').map((name) => path.join('docs', name))];
  const commands = pages
    .filter((page) => page.endsWith('.md'))
    .flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/npx cdk [a-z]+[^`\n#]*/g)].map(([line]) => line.trim()),
    );

  it('give no setting that the next one would forget', () => {
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) expect(command).not.toMatch(/ (-c|--context) /);
  });

  it.each(['README.md', 'docs/deploy.md'])('%s writes the settings before it deploys', (page) => {
    const text = readFileSync(page, 'utf8');
    const [, json] = /echo '(.*?)' > cdk\.context\.json/.exec(text)!;
    expect(readContext(JSON.parse(json!)).hostName).toBe('eas.example.com');
    expect(text.indexOf('cdk.context.json')).toBeLessThan(text.indexOf('npx cdk deploy'));
  });
});

describe('context keys', () => {
  it('one is required, the others have defaults', () => {
    expect(readContext(given({}))).toEqual({
      hostName: 'eas.acme.test',
      stackName: 'DirectPush',
      transport: 'websocket',
      highAvailability: true,
      tls: 'modern',
      mail: true,
      createIdentities: true,
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
    ['a rate that the firewall does not know', { requestsPerAddress: '5' }, 'direct-push:requestsPerAddress: '],
    ['a number that is none', { maxTasks: 'many' }, 'direct-push:maxTasks: '],
    ['a zone without its name', { hostedZoneId: 'Z1' }, 'direct-push:hostedZoneId: belongs together'],
    ['tables without their stream', { tablePrefix: 'restored-' }, 'direct-push:tablePrefix: belongs together'],
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

  const templates = () =>
    ['DirectPush-Data', 'DirectPush'].map((name) =>
      JSON.parse(readFileSync(path.join(out, `${name}.template.json`), 'utf8')),
    );

  it('gives both stacks', () => {
    const { status, stderr } = run({});
    expect(stderr).not.toMatch(/error/i);
    expect(status).toBe(0);
    expect(readdirSync(out)).toEqual(
      expect.arrayContaining(['DirectPush-Data.template.json', 'DirectPush.template.json']),
    );
  });

  it('has no name of its own, and neither stack of the example can be deployed', () => {
    expect(Object.keys(context).filter((key) => key.startsWith('direct-push:'))).toEqual([]);
    expect(run({}).status).toBe(0);
    for (const { Parameters } of templates()) {
      // Nobody is asked for it, so that the command line of the CDK stops; what is given all the same fits no pattern.
      const { Default, AllowedPattern } = Parameters.GiveYourOwnHostName;
      expect(Default).toBeUndefined();
      for (const value of ['', 'eas.acme.test', ' ', '\n'])
        expect(value).not.toMatch(new RegExp(`^(?:${AllowedPattern})$`));
    }
  });

  it('can be deployed with a name', () => {
    expect(run({ 'direct-push:hostName': HOST }).status).toBe(0);
    for (const { Parameters } of templates()) expect(Parameters?.GiveYourOwnHostName).toBeUndefined();
  });

  it('ends with a sentence where a key is wrong', () => {
    const { status, stderr } = run({ 'direct-push:transport': 'pigeon' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^direct-push: direct-push:transport: [^\n]*\n$/);
  });
});
