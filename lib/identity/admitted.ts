import type { Account, AuthResult } from './types.ts';

/**
 * Right credentials are not yet a right to use the account. Who is not let in is told so here, before being sent to
 * another server; there the rest is decided.
 * @param now for credentials that may expire
 */
export function admitted(account: Account, now: number | undefined): AuthResult {
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
