/** Which messages an automatic reply may answer: RFC 3834 for the responder of a person. */
import { parseAddress, withoutTag } from '../../identity/names.ts';
import type { Account } from '../../identity/types.ts';
import { parseAddresses } from '../../mail/addresses.ts';
import { isAutomatic } from '../../mail/automatic.ts';
import { fieldValue, type RawField } from '../../mail/raw-message.ts';

/** Names behind which there is a machine or a list, whatever the header says (RFC 3834 2). */
const MACHINE =
  /^(?:mailer-daemon|listserv|majordomo|postmaster|no-?reply|do-?not-?reply|bounces?|owner-.*|.*-(?:request|owner|relay|bounces?))(?:[+=].*)?$/;
/** What may stand in an SMTP command without an extension. */
const PLAIN = /^[\x21-\x7e]{1,320}$/;
/** MS-OXCMAIL 2.1.3.2.21: Exchange and Outlook say so of their own notices. */
const SUPPRESSED = /\b(?:all|oof|autoreply)\b/i;

/**
 * Whom to answer: the envelope's sender in the form of `parseAddress`. `undefined` for nobody: a bounce, a list, a
 * machine, the account itself, and everything that does not name the account as a recipient.
 */
export function whomToAnswer(from: string, fields: readonly RawField[], account: Account): string | undefined {
  const sender = parseAddress(from);
  if (sender === undefined || !PLAIN.test(sender)) return undefined;
  if (MACHINE.test(sender.slice(0, sender.lastIndexOf('@'))) || isOwn(account, sender)) return undefined;
  if (isAutomatic(fields) || fields.some(isSuppressed)) return undefined;
  return addressed(fields).some(({ address }) => isOwn(account, address)) ? sender : undefined;
}

function isSuppressed(field: RawField): boolean {
  if (field.name === 'x-auto-response-suppress') return SUPPRESSED.test(fieldValue(field));
  // A reply to spam goes to somebody whose name was stolen.
  return field.name === 'x-spam-flag' && /^yes\b/i.test(fieldValue(field));
}

/** A list or a blind copy names somebody else: who was only one of many is not answered for (RFC 3834 2). */
function addressed(fields: readonly RawField[]) {
  const named = new Set(['to', 'cc', 'bcc', 'resent-to', 'resent-cc', 'resent-bcc']);
  return parseAddresses(fields.filter(({ name }) => named.has(name)).map(fieldValue));
}

function isOwn({ address, aliases }: Account, written: string): boolean {
  const plain = parseAddress(written);
  if (plain === undefined) return false;
  const own = [address, ...aliases];
  const untagged = withoutTag(plain);
  return own.includes(plain) || (untagged !== undefined && own.includes(untagged));
}
