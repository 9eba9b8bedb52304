import type { InboundMessage } from '../delivery/inbound/envelope.ts';
import { bounceOf } from '../delivery/outbound/bounce.ts';
import type { Relay } from '../delivery/outbound/types.ts';
import { FULL_FOR_GOOD, REFUSALS } from '../delivery/refusal.ts';
import { domainPart } from '../identity/names.ts';
import type { MailboxId } from '../ops/ids.ts';
import { newId } from '../ops/ids.ts';
import type { Base } from './base.ts';
import type { Refused } from './ingest.ts';

export interface BouncerNames {
  readonly hostName: string;
  /** Domains that SES sends for: the name of the host need not be under one of them. */
  readonly domains: readonly string[];
}

/** Tells the sender of a message whom it did not reach. Once: a report that cannot be sent is given up. */
export function createBouncer(
  relay: Relay,
  { hostName, domains }: BouncerNames,
  { clock, log }: Pick<Base, 'clock' | 'log'>,
) {
  return async ({ from, raw }: InboundMessage, refused: readonly Refused[]): Promise<void> => {
    const at = clock.now();
    const failed = refused.map(({ address, reason }) => {
      // Whoever sent it is not asked to come again: the bucket took the message.
      const { code, status, text } = reason === 'full' ? FULL_FOR_GOOD : REFUSALS[reason];
      return { address, status, text: `${code} ${status} ${text}` };
    });
    const written = refused.map(({ address }) => domainPart(address)).find((domain) => domains.includes(domain));
    const report = bounceOf(
      { id: newId(at), tx: '', mailbox: '' as MailboxId, from, to: [], failed, due: at, at, failedAt: at, attempts: 1 },
      raw,
      hostName,
      written ?? domains[0],
    );
    const [outcome] = await relay.send('', [from], report);
    if (outcome?.kind !== 'sent') log.warn('bounce-not-sent', { outcome: outcome?.kind });
  };
}
