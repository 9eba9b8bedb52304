import type { SMTPServerOptions } from 'smtp-server';
import { errorFields, type Log } from '../ops/log.ts';
import { type Delivery, NoRecipient } from './deliver.ts';
import type { IncomingMessage } from './message.ts';

/** What became of a message for one recipient. `unknown`: the account went away between RCPT and now. */
export type Outcome = 'delivered' | 'unknown' | 'later' | 'too-large';

const REPLIES: Readonly<Record<Exclude<Outcome, 'delivered'>, readonly [code: number, text: string]>> = {
  unknown: [550, '5.1.1 No such recipient here'],
  later: [451, '4.3.0 Try again later'],
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
      if (error instanceof NoRecipient) outcomes.push('unknown');
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
