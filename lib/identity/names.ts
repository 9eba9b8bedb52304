import { domainToASCII } from 'node:url';

/** The text is no mail address that this server could take mail for. */
export class InvalidAddress extends Error {
  override readonly name = 'InvalidAddress';
}

const LOCAL_PART = /^[^\s@\\"<>(),:;[\]\p{Cc}]{1,64}$/u;

/**
 * An address as it is stored and compared: lower case, NFC, the domain in its ASCII form.
 * @throws InvalidAddress
 */
export function normaliseAddress(text: string): string {
  const parsed = parseAddress(text);
  if (!parsed) throw new InvalidAddress('not a mail address');
  return parsed;
}

/** Like `normaliseAddress`; `undefined` for anything else, however hostile. */
export function parseAddress(text: string): string | undefined {
  if (text.length > 320) return undefined;
  const trimmed = text.trim().normalize('NFC');
  const at = trimmed.lastIndexOf('@');
  const local = trimmed.slice(0, at).toLowerCase();
  if (at < 1 || !LOCAL_PART.test(local)) return undefined;
  const domain = domainToASCII(trimmed.slice(at + 1).toLowerCase());
  if (domain === '' || domain.length > 253) return undefined;
  return `${local}@${domain}`;
}

export const localPart = (address: string) => address.slice(0, address.lastIndexOf('@'));
export const domainPart = (address: string) => address.slice(address.lastIndexOf('@') + 1);

/** `name+tag@domain` -> `name@domain`; `undefined` where there is no tag to take off. */
export function withoutTag(address: string): string | undefined {
  const plus = address.indexOf('+');
  const at = address.lastIndexOf('@');
  return plus > 0 && plus < at ? address.slice(0, plus) + address.slice(at) : undefined;
}

/** What a client typed into the field for the user. */
export interface Login {
  /** Set when the name is a mail address. */
  readonly address?: string;
  /** The name alone, in lower case. */
  readonly bare?: string;
  /** The part before the backslash, in lower case: a NetBIOS or DNS name, or whatever the phone insisted on. */
  readonly domain?: string;
}

/** `user@host`, `user`, `DOMAIN\user` or `DOMAIN\user@host` (Outlook). `undefined` for what cannot be a name. */
export function parseLogin(text: string): Login | undefined {
  const name = text.trim().normalize('NFC').toLowerCase();
  if (name === '' || name.length > 400) return undefined;
  const slash = name.lastIndexOf('\\');
  const user = name.slice(slash + 1);
  const domain = slash > 0 ? name.slice(0, slash) : undefined;
  if (user.includes('@')) {
    const address = parseAddress(user);
    return address === undefined ? undefined : { address };
  }
  return LOCAL_PART.test(user) ? { bare: user, domain } : undefined;
}
