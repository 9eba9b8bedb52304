import type { SMTPServerOptions } from 'smtp-server';
import { QuotaExceeded } from '../mailbox/quota.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { type Delivery, NoRecipient, NotAllowed } from './deliver.ts';
import type { IncomingMessage } from './message.ts';

/** What became of a message for one recipient. `unknown`: the account went away between RCPT and now; `refused`: or the right to write. */
export type Outcome = 'delivered' | 'unknown' | 'refused' | 'later' | 'too-large' | 'full' | 'never-fits';

const REPLIES: Readonly<Record<Exclude<Outcome, 'delivered'>, readonly [code: number, text: string]>> = {
  unknown: [550, '5.1.1 No such recipient here'],
  refused: [550, '5.7.1 Not allowed to write there'],
  later: [451, '4.3.0 Try again later'],
  // RFC 3463: X.2.2 the mailbox is full, which its owner can mend; X.2.3 it never takes a message of this length.
  full: [452, '4.2.2 Mailbox full'],
  'never-fits': [552, '5.2.3 Message too large for this mailbox'],
  'too-large': [552, '5.3.4 Message too large'],
};

/** One after the other, so that one message holds few rows at a time. Never rejects. */
export async function deliverAll(
  { delivery, log }: { readonly delivery: Delivery; readonly log: Log },
  addresses: readonly string[],
  message: IncomingMessage,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const address of addresses) {
    try {
      await delivery.deliverTo(address, message);
      outcomes.push('delivered');
    } catch (error) {
      if (error instanceof NotAllowed) outcomes.push('refused');
      else if (error instanceof NoRecipient) outcomes.push('unknown');
      else if (error instanceof QuotaExceeded) outcomes.push(error.limit === 'itemBytes' ? 'never-fits' : 'full');
      else {
        log.warn('delivery postponed', errorFields(error));
        outcomes.push('later');
      }
    }
  }
  return outcomes;
}

type Callback = Parameters<NonNullable<SMTPServerOptions['onData']>>[2];

/**
 * LMTP answers for each recipient. SMTP has one answer for all: when not everybody got the message it is 451, and the
 * retry finds what was delivered already; who is unknown is then told so at RCPT.
 */
export function reply(outcomes: readonly Outcome[], protocol: 'smtp' | 'lmtp', callback: Callback): void {
  if (protocol === 'lmtp') {
    callback(
      null,
      outcomes.map((outcome) => (outcome === 'delivered' ? '2.1.5 Delivered' : failure(outcome))),
    );
    return;
  }
  const [first] = outcomes;
  const alike = outcomes.every((outcome) => outcome === first);
  if (alike && first === 'delivered') callback(null, '2.0.0 Delivered');
  else callback(failure(alike && first !== undefined && first !== 'delivered' ? first : 'later'));
}

function failure(outcome: Exclude<Outcome, 'delivered'>): Error {
  const [responseCode, text] = REPLIES[outcome];
  return Object.assign(new Error(text), { responseCode });
}
