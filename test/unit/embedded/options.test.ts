import { describe, expect, it } from 'vitest';
import { BadOption, type EmbeddedInput, readOptions } from '../../../lib/embedded/options.ts';

describe('options of the embedded server', () => {
  it('has a default for everything', () => {
    expect(readOptions({})).toMatchObject({
      port: 8080,
      smtpPort: 2525,
      dataDir: './data',
      store: 'sqlite',
      tls: false,
    });
  });

  it('takes the environment, and a flag before it', () => {
    const env = { PORT: '9000', SMTP_PORT: '0', DATA_DIR: '/srv/mail', HOST: '0.0.0.0', LOG_LEVEL: '' };
    expect(readOptions({ port: 1 }, env)).toMatchObject({
      port: 1,
      smtpPort: 0,
      dataDir: '/srv/mail',
      host: '0.0.0.0',
      logLevel: 'info',
    });
  });

  it.each<[EmbeddedInput, NodeJS.ProcessEnv, readonly string[]]>([
    [{}, {}, ['2.5', '12.0', '12.1', '14.0', '14.1', '16.0', '16.1']],
    [{ versions: '12.1, 14.1' }, {}, ['12.1', '14.1']],
    [{ versions: ['16.1'] }, { PROTOCOL_VERSIONS: '2.5' }, ['16.1']],
    [{}, { PROTOCOL_VERSIONS: '2.5,12.0' }, ['2.5', '12.0']],
  ])('with %j and %j speaks %j', (flags, env, versions) => {
    const options = readOptions(flags, env);
    expect(options.versions).toEqual(versions);
    expect(readOptions(options).versions).toEqual(versions);
  });

  it.each<[string, EmbeddedInput, NodeJS.ProcessEnv, RegExp]>([
    ['a version that is none', { versions: '14.1,15.0' }, {}, /^versions: .*version/],
    ['no version at all', { versions: [] }, {}, /^versions: /],
    ['an empty list in the environment', {}, { PROTOCOL_VERSIONS: ' , ' }, /^PROTOCOL_VERSIONS \(versions\): /],
    ['a port that is no number', {}, { PORT: 'http' }, /^PORT \(port\): /],
    ['a port that is not a port', { port: 70_000 }, { PORT: '80' }, /^port: /],
    ['NaN', { port: Number.NaN }, {}, /^port: /],
    ['a store that does not exist', {}, { STORE: 'mysql' }, /^STORE \(store\): /],
    ['a certificate without its key', { tlsCert: 'a.pem' }, {}, /^tlsCert: .*belong together/],
    ['two certificates', { tls: true, tlsCert: 'a', tlsKey: 'b' }, {}, /^tls: /],
    ['heartbeats the wrong way round', { minHeartbeatS: 600, maxHeartbeatS: 60 }, {}, /^minHeartbeatS: /],
    ['a heartbeat that the protocol forbids', { maxHeartbeatS: 3600 }, {}, /^maxHeartbeatS: /],
    ['an issuer without an audience', { oidcIssuer: 'https://id.test' }, {}, /^oidcAudience: /],
    ['a typing mistake', { prot: 1 } as EmbeddedInput, {}, /prot/],
  ])('refuses %s and says which', (_, flags, env, message) => {
    expect(() => readOptions(flags, env)).toThrow(BadOption);
    expect(() => readOptions(flags, env)).toThrow(message);
  });
});
