import type { Accounts } from '../identity/accounts.ts';
import { type AuthenticatorOptions, createAuthenticator } from '../identity/authenticator.ts';
import { createBearerAuth } from '../identity/bearer.ts';
import { createHttpAuth } from '../identity/outside.ts';
import type { HashCost } from '../identity/password-hash.ts';
import type { Authenticator } from '../identity/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/log.ts';
import { issuerKeys } from './oidc.ts';
import type { EmbeddedOptions } from './options.ts';

/** Who may say who somebody is, besides the accounts' own passwords. */
export type OutsideOptions = Pick<EmbeddedOptions, 'authUrl' | 'oidcIssuer' | 'oidcAudience'>;

export interface AuthenticationDeps {
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly hashCost?: HashCost;
  readonly options?: AuthenticatorOptions;
}

/** Logins as the options say. @throws RangeError for an `authUrl` over which no password must travel */
export function openAuthenticator(
  { authUrl, oidcIssuer, oidcAudience }: OutsideOptions,
  { accounts, clock, log, hashCost, options }: AuthenticationDeps,
): Authenticator {
  const bearer = oidcIssuer
    ? createBearerAuth(
        { jwks: issuerKeys(oidcIssuer), issuer: oidcIssuer, audience: oidcAudience! },
        { clock, directory: accounts },
      )
    : undefined;
  const outside = authUrl ? createHttpAuth({ url: authUrl, clock }) : undefined;
  return createAuthenticator({ accounts, clock, log, bearer, outside, hashCost, options });
}
