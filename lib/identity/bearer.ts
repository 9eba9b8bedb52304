import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Clock } from '../ops/clock.ts';
import type { Account, Directory } from './types.ts';

export interface OidcOptions {
  /** Where the issuer publishes its keys; or the keys themselves, by whatever finds them. */
  readonly jwks: string | JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
  /** Claim that names the account: an address or a login name. Default `email`. */
  readonly claim?: string;
  /** Claims that must be there with exactly these values. */
  readonly required?: Readonly<Record<string, string | number | boolean>>;
}

export type BearerResult =
  | { readonly ok: true; readonly account: Account }
  | { readonly ok: false; readonly reason: 'invalid' | 'unavailable' };

export interface BearerAuth {
  /** Never rejects. */
  verify(token: string): Promise<BearerResult>;
}

/** Signatures that only the issuer can make: a shared secret or `none` is not among them. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** OpenID Connect access or identity tokens (RFC 6750) for accounts of the directory. */
export function createBearerAuth(options: OidcOptions, deps: { clock: Clock; directory: Directory }): BearerAuth {
  const keySet =
    typeof options.jwks === 'string'
      ? createRemoteJWKSet(new URL(options.jwks), { timeoutDuration: 5000, cooldownDuration: 30_000 })
      : options.jwks;
  const claim = options.claim ?? 'email';

  return {
    async verify(token) {
      let payload: JWTPayload;
      try {
        ({ payload } = await jwtVerify(token, keySet, {
          issuer: options.issuer,
          audience: options.audience,
          algorithms: ALGORITHMS,
          requiredClaims: ['exp'],
          clockTolerance: 30,
          currentDate: new Date(deps.clock.now()),
        }));
      } catch (error) {
        return { ok: false, reason: tellsOfToken(error) ? 'invalid' : 'unavailable' };
      }
      const name = payload[claim];
      if (typeof name !== 'string' || !holds(payload, options, claim)) return { ok: false, reason: 'invalid' };
      try {
        const account = await deps.directory.byLogin(name);
        return account ? { ok: true, account } : { ok: false, reason: 'invalid' };
      } catch {
        return { ok: false, reason: 'unavailable' };
      }
    },
  };
}

/** Anyone can claim an address at some issuers; one that says so itself is not believed. */
function holds(payload: JWTPayload, options: OidcOptions, claim: string): boolean {
  if (claim === 'email' && payload.email_verified === false) return false;
  return Object.entries(options.required ?? {}).every(([name, value]) => payload[name] === value);
}

/** The other errors are of the network, or of an issuer that publishes nonsense. */
function tellsOfToken(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return false;
  return !(
    error instanceof errors.JWKSTimeout ||
    error instanceof errors.JWKSInvalid ||
    error.code === 'ERR_JOSE_GENERIC'
  );
}
