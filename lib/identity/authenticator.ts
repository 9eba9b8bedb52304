import { availableParallelism } from 'node:os';
import type { Clock } from '../ops/clock.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { publicAccount } from './account-rows.ts';
import type { Accounts } from './accounts.ts';
import { type BasicCredentials, parseAuthorization } from './basic.ts';
import type { BearerAuth } from './bearer.ts';
import { CredentialCache } from './credential-cache.ts';
import { Busy, Limiter } from './limiter.ts';
import { Lockout, type LockoutOptions, sourceKey } from './lockout.ts';
import type { OutsideAuth } from './outside.ts';
import { createPasswordCheck, type PasswordAnswer, type PasswordCheck } from './password-check.ts';
import type { HashCost } from './password-hash.ts';
import type { Account, Authenticator, AuthResult } from './types.ts';

export interface AuthenticatorDeps {
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly bearer?: BearerAuth;
  readonly outside?: OutsideAuth;
  readonly hashCost?: HashCost;
  readonly options?: AuthenticatorOptions;
}

export interface AuthenticatorOptions {
  /** How long a verified credential is believed without asking again, unless the account changes. Default 10 minutes. */
  readonly cacheMs?: number;
  readonly cacheSize?: number;
  /** Password checks at once, and how many may wait for one. A check takes 19 MiB. Default: cores, 64. */
  readonly concurrency?: number;
  readonly queue?: number;
  readonly perAccount?: Partial<LockoutOptions>;
  readonly perSource?: Partial<LockoutOptions>;
}

const MINUTE_MS = 60_000;
const PER_ACCOUNT: LockoutOptions = {
  free: 8,
  firstMs: 2000,
  mostMs: 15 * MINUTE_MS,
  forgetMs: 30 * MINUTE_MS,
  max: 50_000,
};
/** An office behind one address mistypes more than one person does. */
const PER_SOURCE: LockoutOptions = { ...PER_ACCOUNT, free: 60 };
const INVALID = { ok: false, reason: 'invalid' } as const;
const UNAVAILABLE = { ok: false, reason: 'unavailable' } as const;

export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const { options = {} } = deps;
  const gate = new PasswordGate(deps, options);
  return {
    async authenticate({ authorization, source }) {
      const parsed = parseAuthorization(authorization);
      if (!parsed) return { ok: false, reason: 'missing' };
      try {
        if (parsed.scheme === 'basic') return await gate.enter(parsed.candidates, sourceKey(source));
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

/**
 * Right credentials are not yet a right to use the account. Who is not let in is told so here, before being sent to
 * another server; there the rest is decided.
 * @param now for credentials that may expire
 */
function admitted(account: Account, now: number | undefined): AuthResult {
  const refused = (reason: Extract<AuthResult, { account: Account; ok: false }>['reason']): AuthResult => {
    return { ok: false, reason, account };
  };
  if (account.blocked) return refused('blocked');
  if (!account.enabled) return refused('disabled');
  if (account.home !== undefined) return refused('elsewhere');
  if (!account.easEnabled) return refused('not-enabled');
  if (now !== undefined && account.passwordExpires !== undefined && account.passwordExpires <= now) {
    return refused('expired');
  }
  return { ok: true, account };
}

/** Names and passwords: what is cached, who has to wait, and one check at a time for each credential. */
class PasswordGate {
  readonly #deps: AuthenticatorDeps;
  readonly #cache: CredentialCache;
  readonly #checkPassword: PasswordCheck;
  readonly #perAccount: Lockout;
  readonly #perSource: Lockout;
  /** A phone opens several connections at once with the same password: that is one check, and one failure. */
  readonly #checking = new Map<string, Promise<AuthResult>>();

  constructor(deps: AuthenticatorDeps, options: AuthenticatorOptions) {
    const goodMs = options.cacheMs ?? 10 * MINUTE_MS;
    this.#deps = deps;
    this.#cache = new CredentialCache(deps.clock, { goodMs, badMs: 30 * MINUTE_MS, max: options.cacheSize ?? 20_000 });
    const limiter = new Limiter({
      concurrency: options.concurrency ?? availableParallelism(),
      queue: options.queue ?? 64,
    });
    this.#checkPassword = createPasswordCheck({ ...deps, limiter });
    this.#perAccount = new Lockout(deps.clock, { ...PER_ACCOUNT, ...options.perAccount });
    this.#perSource = new Lockout(deps.clock, { ...PER_SOURCE, ...options.perSource });
  }

  /** The first reading that is right; otherwise what was said of the last. */
  async enter(candidates: readonly BasicCredentials[], source: string): Promise<AuthResult> {
    let result: AuthResult = INVALID;
    for (const candidate of candidates) {
      result = await this.#try(candidate, source);
      if (result.ok || result.reason !== 'invalid') return result;
    }
    return result;
  }

  async #try(credentials: BasicCredentials, source: string): Promise<AuthResult> {
    const key = this.#cache.keyOf(credentials.login.toLowerCase(), credentials.password);
    const known = this.#cache.get(key);
    if (known) {
      const account = await this.#deps.accounts.get(known.account);
      if (account?.credentialVersion === known.credentialVersion)
        return known.good ? this.#admitted(account, known.own) : INVALID;
      this.#cache.delete(key);
    }
    // By source too: one source's lock must not answer for another's.
    const flight = `${source} ${key}`;
    const running = this.#checking.get(flight);
    if (running !== undefined) return running;
    const checking = this.#check(credentials, source, key).finally(() => this.#checking.delete(flight));
    this.#checking.set(flight, checking);
    return checking;
  }

  #admitted(account: Account, own: boolean | undefined): AuthResult {
    return admitted(account, own ? this.#deps.clock.now() : undefined);
  }

  async #check(credentials: BasicCredentials, source: string, key: string): Promise<AuthResult> {
    const { accounts } = this.#deps;
    const found = await accounts.byLogin(credentials.login);
    const account = found && (await accounts.stored(found.id));
    // Names that nobody has are counted like the others, so that a lock tells nothing.
    const pair = `${account?.id ?? credentials.login.toLowerCase()} ${source}`;
    const wait = Math.max(this.#perAccount.wait(pair), this.#perSource.wait(source));
    // The name that was typed stays out of the log: people type their password there.
    const refused = (reason: string) => this.#deps.log.info('login-refused', { account: account?.id, source, reason });
    if (wait > 0) {
      refused('locked');
      return { ok: false, reason: 'locked', retryAfterS: Math.ceil(wait / 1000) };
    }
    const takeBack = [this.#perAccount.charge(pair), this.#perSource.charge(source)];
    const refund = () => {
      for (const undo of takeBack) undo();
    };
    let answer: PasswordAnswer;
    try {
      answer = await this.#checkPassword(account, credentials);
    } catch (error) {
      refund();
      if (error instanceof Busy) return UNAVAILABLE;
      throw error;
    }
    if (answer.ok) {
      refund();
      this.#perAccount.clear(pair);
      const { id, credentialVersion } = answer.account;
      this.#cache.put(key, { account: id, credentialVersion, good: true, own: answer.own });
      return this.#admitted(publicAccount(answer.account), answer.own);
    }
    if ('unavailable' in answer) {
      refund();
      return UNAVAILABLE;
    }
    if (account && !answer.mayChange) {
      this.#cache.put(key, { account: account.id, credentialVersion: account.credentialVersion, good: false });
    }
    refused('invalid');
    return INVALID;
  }
}
