import type { Account } from '../identity/types.ts';
import type { ExtraHeaders } from './command.ts';

/** What is told of passwords that expire. */
export interface PasswordOptions {
  /** Where a user changes the password: 457 must name it (MS-ASHTTP R1100). Absent: an expired password is a wrong one. */
  readonly url?: string;
  /** Days before the end from which every answer says how many are left. */
  readonly warnDays: number;
}

export const PASSWORDS: PasswordOptions = { warnDays: 14 };
const DAY_MS = 86_400_000;

/** @throws RangeError, TypeError */
export function passwordOptions(given: Partial<PasswordOptions> = {}): PasswordOptions {
  const options = { ...PASSWORDS, ...given };
  if (!(options.warnDays >= 0)) throw new RangeError('warnDays must be a number of at least 0');
  if (options.url !== undefined && !URL.canParse(options.url)) throw new TypeError('the password page must be a URL');
  return options;
}

/** Days until the password expires, where that is near; 0 for less than one (MS-ASHTTP R900). */
export function daysLeft({ passwordExpires }: Account, now: number, { warnDays }: PasswordOptions): number | undefined {
  if (passwordExpires === undefined) return undefined;
  const days = Math.floor((passwordExpires - now) / DAY_MS);
  return days < warnDays ? Math.max(0, days) : undefined;
}

/** X-MS-Credentials-Expire, as long as it says something (MS-ASHTTP R1101, R1102). */
export function expiryHeaders(account: Account, now: number, options: PasswordOptions): ExtraHeaders | undefined {
  const days = daysLeft(account, now, options);
  return days === undefined ? undefined : { 'X-MS-Credentials-Expire': `${days}` };
}
