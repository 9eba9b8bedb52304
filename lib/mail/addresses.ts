import { type Address, addressParser } from 'postal-mime';
import { cleanLine, utf8Length } from './text.ts';

interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** All mailboxes of the fields, groups opened (`undisclosed-recipients:;` has none). Never throws. */
export function parseAddresses(values: readonly string[]): readonly Mailbox[] {
  const found: Mailbox[] = [];
  for (const value of values) {
    let addresses: readonly Address[];
    try {
      addresses = addressParser(value);
    } catch {
      addresses = [{ name: cleanLine(value), address: '' }];
    }
    for (const entry of addresses) {
      for (const { name, address } of entry.group ?? [entry]) {
        const mailbox = { name: cleanLine(name), address: cleanLine(address) };
        if (mailbox.name || mailbox.address) found.push(mailbox);
      }
    }
  }
  return found;
}

/** `"Name" <address>`, or what there is of it. */
export function formatAddress({ name, address }: Mailbox): string {
  if (!address) return name;
  if (!name || name === address) return address;
  return `"${name.replace(/["\\]/g, '')}" <${address}>`;
}

/**
 * Whole addresses joined by `separator` as long as they fit `bytes`: commas for To and Cc (MS-ASEMAIL R331, R787),
 * semicolons for ReplyTo (R711). A list cut in the middle of an address would be answered to a stranger.
 */
export function formatAddresses(mailboxes: readonly Mailbox[], separator: string, bytes: number): string {
  return joinWithin(mailboxes.map(formatAddress), separator, bytes);
}

/** Display names, or addresses where there is none, joined by semicolons (MS-ASEMAIL R399, R400). */
export function displayNames(mailboxes: readonly Mailbox[], bytes: number): string {
  return joinWithin(
    mailboxes.map(({ name, address }) => (name || address).replaceAll(';', ',')),
    ';',
    bytes,
  );
}

function joinWithin(parts: readonly string[], separator: string, bytes: number): string {
  let joined = '';
  let left = bytes;
  for (const part of parts) {
    const next = joined ? separator + part : part;
    left -= utf8Length(next);
    if (left < 0) break;
    joined += next;
  }
  return joined;
}
