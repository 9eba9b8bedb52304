import type { Account } from '../identity/types.ts';

/**
 * Whether the `User` of the query (MS-ASHTTP 2.2.1.1.1.2.1) is who logged in: the login name itself, in any case and
 * with or without its domain, or an address of the account. Phones send what their owner typed, which is rarely the
 * primary address.
 */
export function isSameUser(user: string, account: Account, authorization: string | undefined): boolean {
  const wanted = fold(user);
  if (wanted === account.address || account.aliases.includes(wanted)) return true;
  const login = basicLogin(authorization);
  if (login !== undefined && isSameName(fold(login), wanted)) return true;
  return !wanted.includes('@') && [account.address, ...account.aliases].some((address) => bare(address) === bare(user));
}

/** Two whole addresses must be equal; otherwise the part without domain decides. */
function isSameName(one: string, other: string): boolean {
  return one === other || (!(one.includes('@') && other.includes('@')) && bare(one) === bare(other));
}

/** Without what stands before a backslash, as in logins: Samsung fills in `\user`, Outlook writes `DOMAIN\user@host`. */
function fold(name: string): string {
  const folded = name.trim().toLowerCase();
  return folded.slice(folded.lastIndexOf('\\') + 1);
}

/** Without `@host` as well. */
const bare = (name: string): string => fold(name).replace(/@.*$/s, '');

function basicLogin(authorization: string | undefined): string | undefined {
  const match = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(authorization ?? '');
  if (!match) return undefined;
  const bytes = Buffer.from(match[1]!, 'base64');
  const colon = bytes.indexOf(0x3a);
  if (colon < 0) return undefined;
  const utf8 = bytes.subarray(0, colon).toString('utf8');
  // Old Outlook writes Latin-1; so does the authenticator's second try.
  return utf8.includes('\ufffd') ? bytes.subarray(0, colon).toString('latin1') : utf8;
}
