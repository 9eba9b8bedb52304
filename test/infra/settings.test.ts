import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, it } from 'vitest';
import { OPTION_CONFIG } from '../../lib/cloud/domain.ts';
import { readOptions } from '../../lib/embedded/options.ts';
import type { DirectPushProps } from '../../lib/infra/props.ts';
import { settings } from '../../lib/infra/settings.ts';
import { CLOUD_ENV } from '../../lib/ops/cloud-env.ts';
import { readConfig } from '../../lib/ops/config.ts';
import { actionsOn, HOST, only, type Properties, statementsOf, synthApp, synthConstruct } from './support.ts';

/** Whatever a server process reads must be a property: a name that is added there is missed here. */
const NAMES = OPTION_CONFIG;

const ALL: Partial<DirectPushProps> = {
  versions: ['14.1', '16.1'],
  authentication: {
    url: 'https://auth.acme.test/check',
    oidc: { issuer: 'https://id.acme.test', audience: 'mail' },
  },
  limits: {
    messageBytes: 10_000_000,
    sendBytes: 5_000_000,
    recipients: 50,
    recipientsPerHour: 0,
    devices: 5,
    mailbox: { bytes: 2_000_000_000, items: 100_000, folderItems: 50_000, itemBytes: 0 },
  },
  throttle: {
    commandsPerMinute: 0,
    syncsPerMinute: 600,
    sameCommands: 50,
    minutes: 30,
    agentChanges: 2,
    agentHours: 12,
    agentBlockHours: 6,
  },
  passwords: { url: 'https://id.acme.test/password', warnDays: 7 },
  mail: { relayOwnDomains: true },
  galScope: 'server',
};

/** What a server process reads of it. */
const READ = {
  versions: '14.1,16.1',
  authUrl: 'https://auth.acme.test/check',
  oidcIssuer: 'https://id.acme.test',
  oidcAudience: 'mail',
  maxMessageBytes: 10_000_000,
  maxSendBytes: 5_000_000,
  maxRecipients: 50,
  recipientsPerHour: 0,
  relayOwnDomains: true,
  galScope: 'server',
  maxDevices: 5,
  quotaBytes: 2_000_000_000,
  quotaItems: 100_000,
  quotaFolderItems: 50_000,
  quotaItemBytes: 0,
  commandsPerMinute: 0,
  syncsPerMinute: 600,
  sameCommands: 50,
  throttleMinutes: 30,
  agentChanges: 2,
  agentHours: 12,
  agentBlockHours: 6,
  passwordUrl: 'https://id.acme.test/password',
  passwordWarnDays: 7,
};

describe('properties that are options of the server', () => {
  const { template } = synthConstruct(() => ALL);
  const variables = (name: string): Record<string, string> =>
    only(template, 'AWS::Lambda::Function', `DirectPushFunctions${name}Function`).Environment.Variables;
  const container = only(template, 'AWS::ECS::TaskDefinition').ContainerDefinitions[0];
  const holder = Object.fromEntries(
    container.Environment.map(({ Name, Value }: Properties) => [Name, Value]),
  ) as Record<string, string>;

  it.each([
    ['the holder', holder],
    ['Sync', variables('Sync')],
    ['ingest', variables('Ingest')],
  ])('reach %s, which understands them', (_, environment) => {
    expect(readConfig(NAMES, environment)).toEqual(READ);
  });

  it('reach Autodiscover as far as they are about logins', () => {
    expect(readConfig(['authUrl', 'oidcIssuer', 'oidcAudience'], variables('Autodiscover'))).toEqual({
      authUrl: 'https://auth.acme.test/check',
      oidcIssuer: 'https://id.acme.test',
      oidcAudience: 'mail',
    });
  });

  it('are options of the server under the same names', () => {
    const { versions, ...config } = readConfig(NAMES, holder);
    expect(readOptions({ ...config, versions: versions! })).toMatchObject({ ...config, versions: ['14.1', '16.1'] });
  });

  it('that nobody gave are not set, and the processes have defaults', () => {
    const names = new Set<string>(NAMES.map((name) => CLOUD_ENV[name]));
    const given = only(synthApp().template, 'AWS::Lambda::Function', 'DirectPushFunctionsSyncFunction').Environment;
    expect(Object.keys(given.Variables).filter((name) => names.has(name))).toEqual([]);
    expect(readConfig(NAMES, {})).toEqual({
      versions: undefined,
      authUrl: undefined,
      oidcIssuer: undefined,
      oidcAudience: undefined,
      maxMessageBytes: 44_040_192,
      maxSendBytes: 36_700_160,
      maxRecipients: 500,
      recipientsPerHour: 2000,
      relayOwnDomains: false,
      galScope: 'domain',
      ...Object.fromEntries(NAMES.slice(NAMES.indexOf('maxDevices')).map((name) => [name, undefined])),
    });
  });

  it('are context keys of the app under the same names, as text', () => {
    const bounds = { minHeartbeatS: '120', maxHeartbeatS: '1800', logLevel: 'warn' };
    const keys = { ...Object.fromEntries(Object.entries(READ).map(([name, value]) => [name, `${value}`])), ...bounds };
    const { Variables } = only(synthApp(keys).template, 'AWS::Lambda::Function', 'DirectPushFunctionsSync').Environment;
    expect(readConfig(NAMES, Variables)).toEqual(READ);
    expect(readConfig(['minHeartbeat', 'maxHeartbeat', 'logLevel'], Variables)).toEqual({
      ...{ minHeartbeat: 120, maxHeartbeat: 1800, logLevel: 'warn' },
    });
  });

  it('are context keys of the app where they are about who may connect, and how', () => {
    const { template: narrow } = synthApp({
      ...{ allowedCidrs: '192.0.2.0/24', hangingSyncAgents: '*Nine*', minTasks: '3', unknownRecipients: 'drop' },
    });
    const { SecurityGroupIngress } = only(narrow, 'AWS::EC2::SecurityGroup', 'DirectPushNetworkBalancer');
    expect(SecurityGroupIngress.map(({ CidrIp }: Properties) => CidrIp)).toEqual(['192.0.2.0/24', '192.0.2.0/24']);
    expect(JSON.stringify(narrow.findResources('AWS::ElasticLoadBalancingV2::ListenerRule'))).toContain('"*Nine*"');
    narrow.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 3 });
    expect(actionsOn(narrow, 'DirectPushFunctionsIngestRole', 'identity/')).toEqual([]);
  });

  it('are context keys of the app where they are about logins', () => {
    const given = { authUrl: 'https://a.test/', oidcIssuer: 'https://i.test', oidcAudience: 'mail' };
    const sync = only(synthApp(given).template, 'AWS::Lambda::Function', 'DirectPushFunctionsSyncFunction');
    expect(sync.Environment.Variables).toMatchObject({
      [CLOUD_ENV.authUrl]: 'https://a.test/',
      [CLOUD_ENV.oidcIssuer]: 'https://i.test',
      [CLOUD_ENV.oidcAudience]: 'mail',
    });
  });

  it.each<[string, Partial<DirectPushProps>]>([
    ['authentication.url', { authentication: { url: 'http://auth.acme.test' } }],
    ['authentication.url', { authentication: { url: 'nonsense' } }],
    ['authentication.url', { authentication: { url: 'https://user:password@auth.acme.test' } }],
    ['authentication.oidc.issuer', { authentication: { oidc: { issuer: 'http://id.test', audience: 'a' } } }],
    ['authentication.oidc.audience', { authentication: { oidc: { issuer: 'https://id.test', audience: '' } } }],
    ['versions', { versions: [] }],
    ['versions: 15.0', { versions: ['14.1', '15.0'] }],
    ['limits.messageBytes', { limits: { messageBytes: Number.NaN } }],
    ['limits.messageBytes', { limits: { messageBytes: 300 * 1024 * 1024 } }],
    ['limits.sendBytes', { limits: { sendBytes: 1.5 } }],
    ['limits.recipients', { limits: { recipients: 0 } }],
    ['limits.recipientsPerHour', { limits: { recipientsPerHour: -1 } }],
    ['limits.devices', { limits: { devices: -1 } }],
    ['limits.mailbox.bytes', { limits: { mailbox: { bytes: Number.NaN } } }],
    ['limits.mailbox.items', { limits: { mailbox: { items: 0.5 } } }],
    ['limits.mailbox.folderItems', { limits: { mailbox: { folderItems: -1 } } }],
    ['limits.mailbox.itemBytes', { limits: { mailbox: { itemBytes: Number.POSITIVE_INFINITY } } }],
    ['throttle.commandsPerMinute', { throttle: { commandsPerMinute: Number.NaN } }],
    ['throttle.syncsPerMinute', { throttle: { syncsPerMinute: -1 } }],
    ['throttle.sameCommands', { throttle: { sameCommands: 1.5 } }],
    ['throttle.minutes', { throttle: { minutes: 0 } }],
    ['throttle.agentChanges', { throttle: { agentChanges: -1 } }],
    ['throttle.agentHours', { throttle: { agentHours: 0 } }],
    ['throttle.agentBlockHours', { throttle: { agentBlockHours: 0 } }],
    ['passwords.url', { passwords: { url: 'http://id.acme.test/password' } }],
    ['passwords.warnDays', { passwords: { warnDays: -1 } }],
  ])('%s that cannot be is refused by name', (name, props) => {
    expect(() => settings({ hostName: HOST, ...props })).toThrow(name);
  });
});

describe('traces', () => {
  it('are sent by the functions where they were asked for, and by nobody else', () => {
    const on = synthApp({ tracing: true }).template;
    const sync = only(on, 'AWS::Lambda::Function', 'DirectPushFunctionsSyncFunction');
    expect(sync).toMatchObject({
      TracingConfig: { Mode: 'Active' },
      Environment: { Variables: { DIRECT_PUSH_TRACING: 'xray' } },
    });
    // The holder has no daemon beside it.
    expect(JSON.stringify(only(on, 'AWS::ECS::TaskDefinition'))).not.toContain('DIRECT_PUSH_TRACING');
    expect(JSON.stringify(synthApp().template.toJSON())).not.toContain('DIRECT_PUSH_TRACING');
  });
});

describe('a canary', () => {
  const secret = (stack: Parameters<typeof secretsmanager.Secret.fromSecretNameV2>[0]) =>
    secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'canary');
  const canary = (more: object) => synthConstruct((stack) => ({ canary: { account: secret(stack), ...more } }));

  it('is not there unless it was asked for', () => {
    const { template } = synthConstruct();
    expect(() => only(template, 'AWS::Lambda::Function', 'DirectPushFunctionsCanary')).toThrow(/^0 of/);
    template.resourceCountIs('AWS::Events::Rule', 0);
    expect(JSON.stringify(template.toJSON())).not.toContain('Canary');
  });

  it('visits as often and holds as long as was said', () => {
    const { template } = canary({ everyMinutes: 5, holdSeconds: 60 });
    expect(only(template, 'AWS::Events::Rule').ScheduleExpression).toBe('rate(5 minutes)');
    const { Environment } = only(template, 'AWS::Lambda::Function', 'DirectPushFunctionsCanaryFunction');
    expect(Environment.Variables.DIRECT_PUSH_CANARY_HOLD).toBe('60');
  });

  it('reads a secret that is known by its name, and none whose name begins so', () => {
    const { template } = canary({});
    const statement = statementsOf(template, 'DirectPushFunctionsCanaryRole').find(({ actions }) =>
      actions.includes('secretsmanager:GetSecretValue'),
    );
    expect(statement?.resources).toMatch(/secret:canary-\?{6}/);
  });

  it.each([{ everyMinutes: 4 }, { everyMinutes: 61 }, { holdSeconds: 0 }, { holdSeconds: 121 }, { holdSeconds: 1.5 }])(
    '%j is refused',
    (more) => {
      expect(() => canary(more)).toThrow(/^canary: /);
    },
  );
});
