import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHttpAuth, type HttpAuthOptions } from '../../../lib/identity/outside.ts';
import { FakeClock } from '../../support/fake-clock.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

async function serve(handler: Handler, options: Partial<HttpAuthOptions> = {}) {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => handler(request, response, body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const clock = new FakeClock();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/check`;
  return { clock, auth: createHttpAuth({ url, clock, ...options }) };
}
const credentials = { login: 'CORP\\ada', password: 'gr\u00fcn:"5"' };

describe('asking over HTTP', () => {
  test('sends the name and the password as JSON, and who asks', async () => {
    let seen: unknown;
    const { auth } = await serve(
      (request, response, body) => {
        seen = {
          method: request.method,
          authorization: request.headers.authorization,
          body: JSON.parse(body) as unknown,
        };
        response.end('{"address":"ada@example.com"}');
      },
      { secret: 'key' },
    );
    expect(await auth.verify(credentials)).toEqual({ ok: true, address: 'ada@example.com' });
    expect(seen).toEqual({
      method: 'POST',
      authorization: 'Bearer key',
      body: { user: credentials.login, password: credentials.password },
    });
  });

  test.each([
    ['200 and nothing', 200, '', { ok: true, address: undefined }],
    ['204', 204, '', { ok: true, address: undefined }],
    ['200 and other JSON', 200, '[1]', { ok: true, address: undefined }],
    ['401', 401, 'no', { ok: false, reason: 'invalid' }],
    ['403', 403, '', { ok: false, reason: 'invalid' }],
    ['404', 404, '', { ok: false, reason: 'unavailable' }],
    ['500', 500, '', { ok: false, reason: 'unavailable' }],
    ['200 and a web page', 200, '<html>', { ok: false, reason: 'unavailable' }],
    ['more than anyone needs', 200, ' '.repeat(20_000), { ok: false, reason: 'unavailable' }],
  ])('%s is understood', async (_, status, body, answer) => {
    const { auth } = await serve((_request, response) => response.writeHead(status).end(body));
    expect(await auth.verify(credentials)).toEqual(answer);
  });

  test('a redirect is not followed: the password stays here', async () => {
    let requests = 0;
    const { auth } = await serve((_request, response) => {
      requests++;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await auth.verify(credentials)).toEqual({ ok: false, reason: 'unavailable' });
    expect(requests).toBe(1);
  });

  test('who does not answer in time is not waited for', async () => {
    const arrived = Promise.withResolvers<void>();
    const { auth, clock } = await serve(() => arrived.resolve(), { timeoutMs: 3000 });
    const answer = auth.verify(credentials);
    await arrived.promise;
    await clock.advance(3000);
    expect(await answer).toEqual({ ok: false, reason: 'unavailable' });
    expect(clock.pending).toBe(0);
  });

  test('nobody there is "unavailable"', async () => {
    const auth = createHttpAuth({ url: 'http://127.0.0.1:1/', clock: new FakeClock() });
    expect(await auth.verify(credentials)).toEqual({ ok: false, reason: 'unavailable' });
  });

  test.each([
    ['http://auth.example.com/', {}],
    ['ftp://localhost/', {}],
    ['https://auth.example.com/', { timeoutMs: Number.NaN }],
  ])('%s with %j is refused', (url, more) => {
    expect(() => createHttpAuth({ url, clock: new FakeClock(), ...more })).toThrow(RangeError);
  });
});
