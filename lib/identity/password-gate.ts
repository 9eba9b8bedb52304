import { availableParallelism } from 'node:os';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/log.ts';
import { publicAccount } from './account-rows.ts';
import type { Accounts } from './accounts.ts';
import { admitted } from './admitted.ts';
import type { BasicCredentials } from './basic.ts';
import { CredentialCache } from './credential-cache.ts';
import { FairQueue, type Place } from './fair-queue.ts';
import { Guesses, type Outcome } from './guesses.ts';
import { type GivingUp, Joined } from './joined.ts';
import { Lockout, type LockoutOptions } from './lockout.ts';
import type { OutsideAuth } from './outside.ts';
import { createPasswordCheck, type PasswordAnswer, type PasswordCheck } from './password-check.ts';
import type { HashCost } from './password-hash.ts';
import type { Account, AuthResult } from './types.ts';

export interface PasswordGateDeps {
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly outside?: OutsideAuth;
  readonly hashCost?: HashCost;
}

export interface PasswordGateOptions {
  /** How long a right password of an account's own is believed at most, unless the account changes. Default a day. */
  readonly cacheMs?: number;
  /** The same for what another system said, which may change its mind. Default 10 minutes. */
  readonly outsideCacheMs?: number;
  readonly cacheSize?: number;
  /** Password checks at once; each takes 19 MiB and a core. Default: cores. */
  readonly concurrency?: number;
  /** Passwords that another system is asked about at once. Default 16. */
  readonly outsideConcurrency?: number;
  /** How many may wait for their turn of either, some 4 KB each. Default 10,000: most of the phones of a full task. */
  readonly queue?: number;
  readonly perAccount?: Partial<LockoutOptions>;
  readonly perSource?: Partial<LockoutOptions>;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
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

/** What a check needs: the account that the login named, where there is one, and what the outcome is remembered under. */
interface Login {
  readonly credentials: BasicCredentials;
  readonly id: Account['id'] | undefined;
  readonly key: string;
}

/** Names and passwords: what is known already, whose turn it is, and one check at a time for each credential. */
export class PasswordGate {
  readonly #deps: PasswordGateDeps;
  readonly #cache: CredentialCache;
  readonly #checkPassword: PasswordCheck;
  readonly #guesses: Guesses;
  readonly #own: FairQueue;
  /** Apart, so that a system that takes its time to answer keeps nobody waiting but those whom it knows. */
  readonly #outside: FairQueue;
  /** A phone opens several connections at once with the same password: that is one check, and one failure. */
  readonly #checking = new Joined<AuthResult>(UNAVAILABLE);

  constructor(deps: PasswordGateDeps, options: PasswordGateOptions) {
    const { clock } = deps;
    this.#deps = deps;
    this.#cache = new CredentialCache(clock, {
      goodMs: options.cacheMs ?? DAY_MS,
      outsideMs: options.outsideCacheMs ?? 10 * MINUTE_MS,
      badMs: 30 * MINUTE_MS,
      max: options.cacheSize ?? 20_000,
      maxBad: options.cacheSize ?? 20_000,
    });
    this.#checkPassword = createPasswordCheck(deps);
    this.#guesses = new Guesses(
      clock,
      new Lockout(clock, { ...PER_ACCOUNT, ...options.perAccount }),
      new Lockout(clock, { ...PER_SOURCE, ...options.perSource }),
    );
    const waiting = options.queue ?? 10_000;
    const queue = (concurrency: number) => new FairQueue({ concurrency, waiting }, this.#guesses);
    this.#own = queue(options.concurrency ?? availableParallelism());
    this.#outside = queue(options.outsideConcurrency ?? 16);
  }

  /** The first reading that is right; otherwise what was said of the last. */
  async enter(
    candidates: readonly BasicCredentials[],
    source: string,
    signal: AbortSignal | undefined,
  ): Promise<AuthResult> {
    let result: AuthResult = INVALID;
    for (const candidate of candidates) {
      result = await this.#try(candidate, source, signal);
      if (result.ok || result.reason !== 'invalid') return result;
    }
    return result;
  }

  async #try(credentials: BasicCredentials, source: string, signal: AbortSignal | undefined): Promise<AuthResult> {
    const key = this.#cache.keyOf(credentials.login.toLowerCase(), credentials.password);
    const known = this.#cache.get(key);
    if (known) {
      const account = await this.#deps.accounts.get(known.account);
      if (account?.credentialVersion === known.credentialVersion)
        return known.good ? this.#admitted(account, known.own) : INVALID;
      this.#cache.delete(key);
    }
    // By source too: one source's lock must not answer for another's.
    return this.#checking.run(`${source} ${key}`, signal, (giving) => this.#check(credentials, source, key, giving));
  }

  #admitted(account: Account, own: boolean | undefined): AuthResult {
    return admitted(account, own ? this.#deps.clock.now() : undefined);
  }

  async #check(credentials: BasicCredentials, source: string, key: string, giving: GivingUp): Promise<AuthResult> {
    const { accounts, outside } = this.#deps;
    const found = await accounts.byLogin(credentials.login);
    // Nobody guesses an app password, so it needs neither a turn nor a door that is open.
    if (found && (await accounts.isAppPassword(found.id, credentials.password))) {
      this.#guesses.regular(source);
      this.#cache.put(key, { account: found.id, credentialVersion: found.credentialVersion, good: true });
      return this.#admitted(found, undefined);
    }
    const elsewhere = outside && (!found || (await accounts.stored(found.id))?.passwordHash === undefined);
    const queue = elsewhere ? this.#outside : this.#own;
    if (giving.isOver) return UNAVAILABLE;
    // Names that nobody has are counted like the others, so that a lock tells nothing.
    const place = { source, account: found?.id ?? credentials.login.toLowerCase() };
    return this.#wait(queue, place, { credentials, id: found?.id, key }, giving);
  }

  /** Thousands may be here: nothing is kept that the check can read again. */
  async #wait(queue: FairQueue, place: Place, login: Login, giving: GivingUp): Promise<AuthResult> {
    const ticket = queue.ask(place);
    giving.onOver = ticket.cancel;
    switch (await ticket.turn) {
      case 'go':
        return this.#judge(queue, place, login);
      case 'locked':
        this.#refused(place, login.id, 'locked');
        return { ok: false, reason: 'locked', retryAfterS: Math.ceil(this.#guesses.wait(place) / 1000) };
      default:
        return UNAVAILABLE;
    }
  }

  /** In its turn. The account is read anew: waiting may have taken long, and its password may be another one now. */
  async #judge(queue: FairQueue, place: Place, { credentials, id, key }: Login): Promise<AuthResult> {
    let outcome: Outcome = 'unknown';
    try {
      const account = id && (await this.#deps.accounts.stored(id));
      const answer = await this.#checkPassword(account, credentials);
      if (!('unavailable' in answer)) outcome = answer.ok ? 'right' : 'wrong';
      return this.#told(answer, account, place, key);
    } finally {
      queue.leave();
      this.#guesses.ended(place, outcome);
      for (const each of [this.#own, this.#outside]) each.review(place);
    }
  }

  #told(answer: PasswordAnswer, account: Account | undefined, place: Place, key: string): AuthResult {
    if (answer.ok) {
      const { own, outside } = answer;
      const { id, credentialVersion } = answer.account;
      this.#cache.put(key, { account: id, credentialVersion, good: true, own, outside });
      return this.#admitted(publicAccount(answer.account), own);
    }
    if ('unavailable' in answer) return UNAVAILABLE;
    if (account && !answer.mayChange) {
      this.#cache.put(key, { account: account.id, credentialVersion: account.credentialVersion, good: false });
    }
    this.#refused(place, account?.id, 'invalid');
    return INVALID;
  }

  /** The name that was typed stays out of the log: people type their password there. */
  #refused({ source }: Place, account: string | undefined, reason: string): void {
    this.#deps.log.info('login-refused', { account, source, reason });
  }
}
