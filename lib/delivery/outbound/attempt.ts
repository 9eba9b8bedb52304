/** What one look at a queued message comes to: pure decisions. */
import type { OutboundOptions } from './options.ts';
import { pauseAfter } from './options.ts';
import { type Failed, newTx, type Queued } from './row.ts';
import type { Recipient, RelayOutcome } from './types.ts';

/** What happened to some of the recipients. */
export type Results = ReadonlyMap<Recipient, RelayOutcome>;

/** Without those who have it; with those who will not get it. */
export function withResults(queued: Queued, results: Results): Queued {
  const failed: Failed[] = [...queued.failed];
  const to: Recipient[] = [];
  for (const recipient of queued.to) {
    const outcome = results.get(recipient);
    if (outcome === undefined || outcome.kind === 'later') to.push(recipient);
    else if (outcome.kind === 'failed') {
      failed.push({ address: recipient.address, status: outcome.status, text: outcome.text });
    }
  }
  return { ...queued, to, failed };
}

/** The row of the next attempt. */
export function later(queued: Queued, now: number): Queued {
  const attempts = queued.attempts + 1;
  return { ...queued, tx: newTx(), attempts, due: now + pauseAfter(attempts) };
}

/** The same row for so long nobody else's. */
export const leased = (queued: Queued, now: number, { leaseMs }: OutboundOptions): Queued => ({
  ...queued,
  tx: newTx(),
  due: now + leaseMs,
});

/** RFC 3463: delivery time expired. */
const EXPIRED = '4.4.7';

/** Whoever could not be reached for too long has failed; the last reason is told. */
export function expire(queued: Queued, results: Results, now: number, { giveUpMs }: OutboundOptions): Queued {
  if (queued.to.length === 0 || now - queued.at < giveUpMs) return queued;
  const failed = queued.to.map((recipient): Failed => {
    const outcome = results.get(recipient);
    const reason = outcome && outcome.kind !== 'sent' ? `: ${outcome.text}` : '';
    return { address: recipient.address, status: EXPIRED, text: `Not delivered in time${reason}` };
  });
  return { ...queued, to: [], failed: [...queued.failed, ...failed] };
}
