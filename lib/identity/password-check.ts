import type { Log } from '../ops/log.ts';
import { errorFields } from '../ops/log.ts';
import type { StoredAccount } from './account-rows.ts';
import type { Accounts } from './accounts.ts';
import type { BasicCredentials } from './basic.ts';
import type { OutsideAuth } from './outside.ts';
import { DEFAULT_COST, type HashCost, hashPassword, isOutdated, verifyPassword } from './password-hash.ts';

export type PasswordAnswer =
  /** `own`: it was the account's own password, which may expire. `outside`: another system said so. */
  | { readonly ok: true; readonly account: StoredAccount; readonly own?: boolean; readonly outside?: boolean }
  /** `mayChange`: another system said no, and may say otherwise without the account changing here. */
  | { readonly ok: false; readonly mayChange: boolean }
  | { readonly ok: false; readonly unavailable: true };

export interface PasswordCheckDeps {
  readonly accounts: Accounts;
  readonly outside?: OutsideAuth;
  readonly log: Log;
  readonly hashCost?: HashCost;
}

/**
 * Is this the password of the account that the login named? Its own one, that is; the outside system is asked where it
 * has none. App passwords are another matter: nobody guesses them. Rejects with what the store says.
 */
export type PasswordCheck = (
  account: StoredAccount | undefined,
  credentials: BasicCredentials,
) => Promise<PasswordAnswer>;

export function createPasswordCheck(deps: PasswordCheckDeps): PasswordCheck {
  const { accounts, outside, hashCost: cost = DEFAULT_COST } = deps;
  /** Nobody's password. Names that nobody has are checked against it, so that they take as long as the others. */
  let decoy: Promise<string> | undefined;
  const decoyHash = () => {
    decoy ??= hashPassword('', cost).catch((error: unknown) => {
      decoy = undefined;
      throw error;
    });
    return decoy;
  };

  return async (account, credentials) => {
    const { password } = credentials;
    const hash = account?.passwordHash;
    if (outside && hash === undefined) return askOutside(accounts, outside, account, credentials);
    const right = await verifyPassword(password, hash ?? (await decoyHash()));
    if (!right || !account || hash === undefined) return { ok: false, mayChange: false };
    if (isOutdated(hash, cost)) await renew(deps, account, hash, password);
    return { ok: true, account, own: true };
  };
}

async function askOutside(
  accounts: Accounts,
  outside: OutsideAuth,
  account: StoredAccount | undefined,
  credentials: BasicCredentials,
): Promise<PasswordAnswer> {
  const answer = await outside.verify(credentials);
  if (!answer.ok)
    return answer.reason === 'invalid' ? { ok: false, mayChange: true } : { ok: false, unavailable: true };
  if (answer.address === undefined)
    return account ? { ok: true, account, outside: true } : { ok: false, mayChange: true };
  const named = await accounts.byAddress(answer.address);
  const stored = named && (await accounts.stored(named.id));
  return stored ? { ok: true, account: stored, outside: true } : { ok: false, mayChange: true };
}

/** The cost that is wanted may have risen since the hash was made; only now is the password at hand. */
async function renew(
  { accounts, log, hashCost }: PasswordCheckDeps,
  account: StoredAccount,
  hash: string,
  password: string,
) {
  try {
    const fresh = await hashPassword(password, hashCost);
    await accounts.replaceHash(account.id, hash, fresh);
  } catch (error) {
    // The login stands; the next one tries again.
    log.warn('password-rehash-failed', { account: account.id, ...errorFields(error) });
  }
}
