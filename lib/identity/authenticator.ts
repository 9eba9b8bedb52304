import type { Clock } from '../ops/clock.ts';
import { errorFields, type Log } from '../ops/log.ts';
import type { Accounts } from './accounts.ts';
import { admitted } from './admitted.ts';
import { parseAuthorization } from './basic.ts';
import type { BearerAuth } from './bearer.ts';
import { sourceKey } from './lockout.ts';
import type { OutsideAuth } from './outside.ts';
import { PasswordGate, type PasswordGateOptions } from './password-gate.ts';
import type { HashCost } from './password-hash.ts';
import type { Authenticator } from './types.ts';

export interface AuthenticatorDeps {
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly bearer?: BearerAuth;
  readonly outside?: OutsideAuth;
  readonly hashCost?: HashCost;
  readonly options?: AuthenticatorOptions;
}

export type AuthenticatorOptions = PasswordGateOptions;

const INVALID = { ok: false, reason: 'invalid' } as const;
const UNAVAILABLE = { ok: false, reason: 'unavailable' } as const;

export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const { options = {} } = deps;
  const gate = new PasswordGate(deps, options);
  return {
    async authenticate({ authorization, source, signal }) {
      const parsed = parseAuthorization(authorization);
      if (!parsed) return { ok: false, reason: 'missing' };
      try {
        if (parsed.scheme === 'basic') return await gate.enter(parsed.candidates, sourceKey(source), signal);
        if (!deps.bearer) return INVALID;
        const result = await deps.bearer.verify(parsed.token);
        return result.ok ? admitted(result.account, undefined) : result;
      } catch (error) {
        deps.log.warn('authentication-unavailable', errorFields(error));
        return UNAVAILABLE;
      }
    },
  };
}
