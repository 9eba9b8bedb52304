import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createBearerAuth, type OidcOptions } from '../../../lib/identity/bearer.ts';
import { openWorld } from './support.ts';

const ISSUER = 'https://login.example.com';
const AUDIENCE = 'direct-push';
const { publicKey, privateKey } = await generateKeyPair('ES256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
const jwks = createLocalJWKSet({ keys: [jwk] });

async function setUp(options: Partial<OidcOptions> = {}) {
  const world = await openWorld();
  const account = await world.accounts.create({ address: 'ada@example.com' });
  const bearer = createBearerAuth(
    { jwks, issuer: ISSUER, audience: AUDIENCE, ...options },
    { clock: world.clock, directory: world.accounts },
  );
  const now = Math.floor(world.clock.now() / 1000);
  const token = (claims: Record<string, unknown>, kid = 'k1') =>
    new SignJWT({ iss: ISSUER, aud: AUDIENCE, exp: now + 600, email: 'Ada@example.com', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(privateKey);
  return { ...world, account, bearer, token, now };
}

describe('a token', () => {
  test.each([
    ['the right claims', {}, true],
    ['several audiences, one of them ours', { aud: ['x', AUDIENCE] }, true],
    ['a clock that is a little off', { exp: -20 }, true],
    ['another issuer', { iss: 'https://evil.example.com' }, false],
    ['another audience', { aud: 'x' }, false],
    ['its time over', { exp: -31 }, false],
    ['no end', { exp: undefined }, false],
    ['its time still to come', { nbf: 60 }, false],
    ['an address that the issuer did not verify', { email_verified: false }, false],
    ['an account that is not here', { email: 'bob@example.com' }, false],
    ['no address', { email: undefined }, false],
    ['an address that is no text', { email: ['ada@example.com'] }, false],
  ])('with %s lets in: %s', async (_, claims, ok) => {
    const { bearer, token, account, now } = await setUp();
    const moved = Object.fromEntries(
      Object.entries(claims).map(([name, value]) => [name, typeof value === 'number' ? now + value : value]),
    );
    expect(await bearer.verify(await token(moved))).toEqual(
      ok ? { ok: true, account } : { ok: false, reason: 'invalid' },
    );
  });

  test('may name the account by another claim, and must hold what is required', async () => {
    const { bearer, token } = await setUp({ claim: 'preferred_username', required: { tenant: 'a' } });
    expect(await bearer.verify(await token({ preferred_username: 'CORP\\ada', tenant: 'a' }))).toMatchObject({
      ok: true,
    });
    expect(await bearer.verify(await token({ preferred_username: 'ada', tenant: 'b' }))).toMatchObject({ ok: false });
    expect(await bearer.verify(await token({ preferred_username: 'ada' }))).toMatchObject({ ok: false });
  });

  test('that is not signed, or signed with a shared secret, is refused', async () => {
    const { bearer, now } = await setUp();
    const claims = { iss: ISSUER, aud: AUDIENCE, exp: now + 600, email: 'ada@example.com' };
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const hmac = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .sign(Buffer.from(jwk.x!.padEnd(32)));
    for (const token of [`${part({ alg: 'none' })}.${part(claims)}.`, hmac, 'abc', '..', 'a.b.c']) {
      expect(await bearer.verify(token)).toEqual({ ok: false, reason: 'invalid' });
    }
  });

  test('of a key that the issuer does not know is refused', async () => {
    const { bearer, token } = await setUp();
    expect(await bearer.verify(await token({}, 'k2'))).toEqual({ ok: false, reason: 'invalid' });
  });
});

describe('keys that the issuer publishes', () => {
  async function publish(answer: () => { readonly status: number; readonly body: string }): Promise<string> {
    const server = createServer((_, response) => {
      const { status, body } = answer();
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  }

  test('are fetched', async () => {
    const url = await publish(() => ({ status: 200, body: JSON.stringify({ keys: [jwk] }) }));
    const { bearer, token } = await setUp({ jwks: url });
    expect(await bearer.verify(await token({}))).toMatchObject({ ok: true });
  });

  test.each([
    ['the issuer is down', { status: 500, body: '' }],
    ['it publishes no JSON', { status: 200, body: '<html>' }],
    ['it publishes something else', { status: 200, body: '{}' }],
  ])('where %s the answer is "unavailable"', async (_, answer) => {
    const url = await publish(() => answer);
    const { bearer, token } = await setUp({ jwks: url });
    expect(await bearer.verify(await token({}))).toEqual({ ok: false, reason: 'unavailable' });
  });
});
