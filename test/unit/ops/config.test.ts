import { describe, expect, it } from 'vitest';
import { CLOUD_ENV, type CloudEnvName } from '../../../lib/ops/cloud-env.ts';
import { BadConfig, readConfig } from '../../../lib/ops/config.ts';

const env = (values: Partial<Record<CloudEnvName, string>>): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [CLOUD_ENV[name as CloudEnvName], value]));

describe('configuration from the environment', () => {
  it('has types', () => {
    const config = readConfig(
      ['lane', 'port', 'mailDomains', 'wakeSocketUrl'],
      env({ lane: 'task', port: '8080', mailDomains: ' Acme.test,b.test ,', wakeSocketUrl: 'wss://x.example/wake' }),
    );
    expect(config).toEqual({
      lane: 'task',
      port: 8080,
      mailDomains: ['acme.test', 'b.test'],
      wakeSocketUrl: 'wss://x.example/wake',
    });
  });

  it('has defaults, for what is absent as for what is empty', () => {
    const names = [
      'lane',
      'drainSeconds',
      'idleSeconds',
      'mailDomains',
      'outbound',
      'service',
      'wakeTransport',
    ] as const;
    const defaults = {
      lane: 'lambda',
      drainSeconds: 90,
      idleSeconds: 4000,
      mailDomains: [],
      outbound: 'none',
      service: 'direct-push',
      wakeTransport: 'none',
    };
    expect(readConfig(names, {})).toEqual(defaults);
    expect(readConfig(names, env(Object.fromEntries(names.map((name) => [name, '']))))).toEqual(defaults);
  });

  it('reads nothing that was not asked for', () => {
    expect(readConfig(['port'], env({ port: '1', hostName: 'x', minHeartbeat: 'nonsense' }))).toEqual({ port: 1 });
  });

  it('names every variable that is missing, once for all', () => {
    const read = () => readConfig(['mailboxesTable', 'blobBucket', 'port'], env({ port: 'many' }));
    expect(read).toThrow(BadConfig);
    expect(read).toThrow(
      /DIRECT_PUSH_TABLE_MAILBOXES is not set; DIRECT_PUSH_BLOB_BUCKET is not set; DIRECT_PUSH_PORT /,
    );
  });

  const wrong: readonly (readonly [CloudEnvName, string])[] = [
    ['port', 'NaN'],
    ['port', '0'],
    ['port', '80.5'],
    ['drainSeconds', '-1'],
    ['minHeartbeat', '59'],
    ['maxHeartbeat', '3541'],
    ['responseBytes', '1000000'],
    ['lane', 'fast'],
    ['wakeTransport', 'pigeon'],
    ['wakeManagementUrl', 'example.com'],
    ['unknownRecipients', 'keep'],
    ['maxDevices', '-1'],
    ['quotaBytes', '1e30'],
    ['sameCommands', '1.5'],
    ['throttleMinutes', '0'],
    ['agentBlockHours', '0'],
    ['passwordUrl', 'id.acme.test'],
    ['passwordWarnDays', 'NaN'],
    ['logLevel', 'loud'],
  ];
  it.each(wrong)('refuses %s=%s without repeating the value', (name, value) => {
    const read = () => readConfig([name], env({ [name]: value }));
    expect(read).toThrow(new RegExp(`^${CLOUD_ENV[name]} cannot be: `));
  });
});
