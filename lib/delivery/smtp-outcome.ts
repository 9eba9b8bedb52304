import type { SMTPServerOptions } from 'smtp-server';
import { errorFields, type Log } from '../ops/log.ts';
import type { Delivery } from './deliver.ts';
import type { IncomingMessage } from './message.ts';
import { REFUSALS, type Refusal, refusalOf, type Told } from './refusal.ts';

/** What became of a message for one recipient. `unknown`: the account went away between RCPT and now; `refused`: or the right to write. */
export type Outcome = 'delivered' | 'later' | 'too-large' | Refusal;

const REPLIES: Readonly<Record<Exclude<Outcome, 'delivered'>, Told>> = {
  ...REFUSALS,
  later: { code: 451, status: '4.3.0', text: 'Try again later' },
  'too-large': { code: 552, status: '5.3.4', text: 'Message too large' },
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
      const refusal = refusalOf(error);
      if (!refusal) log.warn('delivery postponed', errorFields(error));
      outcomes.push(refusal ?? 'later');
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

export function failure(outcome: Exclude<Outcome, 'delivered'>): Error {
  const { code, status, text } = REPLIES[outcome];
  return Object.assign(new Error(`${status} ${text}`), { responseCode: code });
}
