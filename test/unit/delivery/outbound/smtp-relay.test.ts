import { describe, expect, test } from 'vitest';
import { createSmtpRelay } from '../../../../lib/delivery/outbound/smtp-relay.ts';
import { silentLog } from '../../../../lib/ops/log.ts';
import { startRelay, type TestRelay } from '../../../e2e/relay.ts';

const RAW = Buffer.from('From: a@x.test\r\nSubject: x\r\n\r\nGr\xfc\xdfe \x80\r\n.\r\n..two\r\n', 'latin1');

async function connect(options: Parameters<typeof startRelay>[0] = {}, url?: (relay: TestRelay) => string) {
  const server = await startRelay(options);
  const relay = createSmtpRelay({ url: url ? url(server) : server.url, hostname: 'mx.example.net' }, silentLog);
  return { server, relay };
}

describe('the SMTP relay', () => {
  test('gets every byte, for every recipient', async () => {
    const { server, relay } = await connect();
    expect(await relay.send('a@x.test', ['b@y.test', 'c@y.test'], RAW)).toEqual([{ kind: 'sent' }, { kind: 'sent' }]);
    expect(server.messages).toMatchObject([{ from: 'a@x.test', to: ['b@y.test', 'c@y.test'] }]);
    expect(server.messages[0]!.raw).toEqual(RAW);
    relay.close();
  });

  test.each([
    [550, 'failed'],
    [450, 'later'],
  ] as const)('that answers %i for one recipient has the message for the other: %s', async (code, kind) => {
    const { server, relay } = await connect();
    server.refuse.set('b@y.test', code);
    const outcomes = await relay.send('a@x.test', ['b@y.test', 'c@y.test'], RAW);
    expect(outcomes).toMatchObject([{ kind, text: expect.stringContaining(`${code}`) }, { kind: 'sent' }]);
    expect(server.messages[0]!.to).toEqual(['c@y.test']);
    relay.close();
  });

  test('that refuses everybody is told apart by each answer', async () => {
    const { server, relay } = await connect();
    server.refuse.set('b@y.test', 550).set('c@y.test', 450);
    expect(await relay.send('a@x.test', ['b@y.test', 'c@y.test'], RAW)).toMatchObject([
      { kind: 'failed', status: '5.1.1' },
      { kind: 'later' },
    ]);
    relay.close();
  });

  test('is logged in to', async () => {
    const { server, relay } = await connect({ login: 'user:p%40ss'.replace('%40', '') });
    expect(await relay.send('a@x.test', ['b@y.test'], RAW)).toEqual([{ kind: 'sent' }]);
    expect(server.messages).toHaveLength(1);
    relay.close();
  });

  test('keeps mail waiting while the login is wrong', async () => {
    const { server, relay } = await connect({ login: 'user:right' }, ({ url }) => url.replace('right', 'wrong'));
    expect(await relay.send('a@x.test', ['b@y.test'], RAW)).toMatchObject([{ kind: 'later' }]);
    expect(server.messages).toEqual([]);
    relay.close();
  });

  test('gets no password over a line that is not encrypted', async () => {
    const { server, relay } = await connect({ login: 'user:right' }, ({ url }) => url.replace('?requireTLS=false', ''));
    expect(await relay.send('a@x.test', ['b@y.test'], RAW)).toMatchObject([{ kind: 'later' }]);
    expect(server.messages).toEqual([]);
    relay.close();
  });

  test('that is not there is later', async () => {
    const relay = createSmtpRelay({ url: 'smtp://127.0.0.1:1' }, silentLog);
    expect(await relay.send('a@x.test', ['b@y.test'], RAW)).toMatchObject([{ kind: 'later', status: '4.4.0' }]);
    relay.close();
  });
});
