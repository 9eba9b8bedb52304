import type { Outbound, Recipient } from '../../delivery/outbound/types.ts';
import { parseAddress } from '../../identity/names.ts';
import type { Account } from '../../identity/types.ts';
import type { Clock } from '../../ops/clock.ts';
import { ProtocolFailure } from '../../protocol/command.ts';
import type { ProtocolVersion } from '../../protocol/versions.ts';
import type { Table, Write } from '../../store/ports.ts';
import { keys } from '../../store/schema.ts';
import type { SendOptions } from './options.ts';

export const Status = { QuotaExceeded: 115, Unresolved: 116, NoRecipient: 119, NotSubmitted: 120 } as const;
const HOUR_MS = 3_600_000;
/** What may stand behind the @ in an SMTP command; the directory's own rules let more through. */
const DOMAIN = /@(?:[a-z0-9_-]{1,63}\.){0,126}[a-z0-9_-]{1,63}$/;

/**
 * The recipients with the way to each. All or nothing: a message that some cannot get is refused while its author still
 * looks at it, rather than bounced later.
 * @throws ProtocolFailure 119 for none, 115 for too many, 116 for what is no address, 120 for who cannot be reached
 */
export async function routeAll(
  addresses: readonly string[],
  context: { readonly account: Account; readonly version: ProtocolVersion },
  outbound: Pick<Outbound, 'route'>,
  { maxRecipients }: SendOptions,
): Promise<readonly Recipient[]> {
  if (addresses.length === 0) throw new ProtocolFailure(Status.NoRecipient, 'no recipient');
  if (addresses.length > maxRecipients) throw new ProtocolFailure(Status.QuotaExceeded, 'too many recipients');
  const found = new Map<string, Recipient>();
  for (const written of addresses) {
    const plain = parseAddress(written);
    if (plain === undefined || !DOMAIN.test(plain)) {
      throw new ProtocolFailure(Status.Unresolved, 'a recipient is no address');
    }
    if (found.has(plain)) continue;
    const route = await outbound.route(plain, context.account);
    if (route === undefined) {
      // Up to 12.1 the equivalent of 120 is 503, after which a client tries for ever; that of 116 ends it.
      const status = context.version >= 140 ? Status.NotSubmitted : Status.Unresolved;
      throw new ProtocolFailure(status, 'a recipient cannot be reached');
    }
    // Another server may tell upper from lower case before the @.
    const local = written.trim().normalize('NFC');
    const address = local.slice(0, local.lastIndexOf('@')) + plain.slice(plain.lastIndexOf('@'));
    found.set(plain, { address: route === 'local' ? plain : address, route });
  }
  return [...found.values()];
}

/**
 * Counts the recipients of the hour, in the transaction of the message. Two requests at once may both pass at the edge.
 * @throws ProtocolFailure 115
 */
export async function takeQuota(
  recipients: number,
  { account, clock }: { readonly account: Account; readonly clock: Clock },
  table: Pick<Table, 'get'>,
  { recipientsPerHour }: SendOptions,
): Promise<Write> {
  const hour = Math.floor(clock.now() / HOUR_MS);
  const key = keys.sentInHour(account.id, hour);
  const row = await table.get(key, 'strong');
  const before = typeof row?.count === 'number' ? row.count : 0;
  if (before + recipients > recipientsPerHour) throw new ProtocolFailure(Status.QuotaExceeded, 'sent too much');
  return { op: 'update', key, add: { count: recipients }, set: { ttl: ((hour + 2) * HOUR_MS) / 1000 } };
}
