/** Who a From field says wrote the message, where that is the account and no reader can see somebody else in it. */
import { domainToASCII } from 'node:url';
import { parseAddresses } from './addresses.ts';
import type { Sender } from './outgoing.ts';
import { fieldValue, type RawField } from './raw-message.ts';

export interface OwnFrom {
  readonly name: string;
  readonly address: string;
  /** The field itself where it may stay; otherwise it is to be written anew. */
  readonly raw?: RawField;
}

const ATOM = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~.]+";
const SPACE = '(?:\\r\\n)?[ \\t]+';
const QUOTED = '"[ -!#-;=?-[\\]-~]*"';
const ADDRESS = `(${ATOM}@[A-Za-z0-9.-]+)`;
/** One mailbox as every reader reads it: a bare address, or one in angle brackets behind words or one quoted string. */
const PLAIN = new RegExp(
  `^From:(?:${SPACE})?(?:${ADDRESS}|(?:(?:${QUOTED}|${ATOM}(?:${SPACE}${ATOM})*)(?:${SPACE})?)?<${ADDRESS}>)[ \\t]*$`,
  'i',
);

/**
 * Parsers differ about a From with two addresses and no comma, comments, routes or a bracket too many: what this one
 * takes for the name, another shows as the author. Such a field keeps nothing but what was understood of it.
 * `undefined` where it is not one address of the account.
 */
export function ownFrom(given: RawField, sender: Sender): OwnFrom | undefined {
  const [author, ...more] = parseAddresses([fieldValue(given)]);
  if (!author || more.length > 0 || !sender.owns(author.address)) return undefined;
  const foreign = namesAddress(author.name) && !sender.owns(author.name);
  const [, bare, bracketed] = PLAIN.exec(given.line) ?? [];
  if (!foreign && (bare ?? bracketed) === author.address) return { ...author, raw: given };
  return { name: foreign ? sender.name : author.name, address: inAscii(author.address) };
}

/** Phones show the name alone: an address in it passes for the sender's. */
const namesAddress = (name: string) => /[<>]|[^\s@]@[^\s@]/.test(name);

/** Without what only some readers take for the same domain. */
function inAscii(address: string): string {
  const at = address.lastIndexOf('@');
  return `${address.slice(0, at)}@${domainToASCII(address.slice(at + 1).toLowerCase())}`;
}
