import type { InboundMessage } from '../delivery/inbound/envelope.ts';
import { bounceOf } from '../delivery/outbound/bounce.ts';
import type { Relay } from '../delivery/outbound/types.ts';
import type { MailboxId } from '../ops/ids.ts';
import { newId } from '../ops/ids.ts';
import type { Base } from './base.ts';

/** Tells the sender of a message whom it did not reach. Once: a report that cannot be sent is given up. */
export function createBouncer(relay: Relay, hostName: string, { clock, log }: Pick<Base, 'clock' | 'log'>) {
  return async ({ from, raw }: InboundMessage, unknown: readonly string[]): Promise<void> => {
    const at = clock.now();
    const failed = unknown.map((address) => ({ address, status: '5.1.1', text: 'No such recipient here' }));
    const report = bounceOf(
      { id: newId(at), tx: '', mailbox: '' as MailboxId, from, to: [], failed, due: at, at, failedAt: at, attempts: 1 },
      raw,
      hostName,
    );
    const [outcome] = await relay.send('', [from], report);
    if (outcome?.kind !== 'sent') log.warn('bounce-not-sent', { outcome: outcome?.kind });
  };
}
