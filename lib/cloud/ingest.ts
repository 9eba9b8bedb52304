import type { Delivery } from '../delivery/deliver.ts';
import { type InboundMessage, type InboundObject, inboundMessage } from '../delivery/inbound/envelope.ts';
import type { Harm } from '../delivery/inbound/receipt.ts';
import { type Refusal, refusalOf } from '../delivery/refusal.ts';
import { errorFields } from '../ops/log.ts';
import type { Base } from './base.ts';
import { type Arrival, arrivalsOf } from './inbound-queue.ts';

/** Of the queue's event what is used. */
export interface QueueEvent {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

/** Messages of the queue that come again. */
export interface QueueAnswer {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

export interface IngestDeps extends Base {
  /** `undefined` for an object that is gone by now. */
  readonly read: (key: string) => Promise<InboundObject | undefined>;
  readonly delivery: Pick<Delivery, 'read' | 'deliverTo'>;
  /** Domains whose mail is taken in. */
  readonly domains: readonly string[];
  /** Tells the sender; absent where messages that nobody takes are dropped. */
  readonly bounce?: (message: InboundMessage, refused: readonly Refused[]) => Promise<void>;
  /** What becomes of messages in which SES found spam or a virus. */
  readonly harmful?: 'deliver' | 'drop';
}

/** A recipient who does not get the message, now or later. */
export interface Refused {
  readonly address: string;
  readonly reason: Refusal;
}

/** SES puts it when a rule is made. */
const SETUP_NOTE = 'AMAZON_SES_SETUP_NOTIFICATION';

/**
 * Delivers every message that the queue tells of. What was delivered before changes nothing, so that it may tell again:
 * of those that could not be delivered to all their recipients, after all the others were.
 */
export async function ingestQueue(event: QueueEvent, deps: IngestDeps): Promise<QueueAnswer> {
  const batchItemFailures: { itemIdentifier: string }[] = [];
  for (const { messageId, body } of event.Records) {
    let key: string | undefined;
    try {
      const arrivals = arrivalsOf(body);
      if (arrivals.length === 0) deps.log.info('ingest-note', { message: messageId });
      for (const arrival of arrivals) {
        key = arrival.key;
        if (!key.endsWith(SETUP_NOTE)) await ingest(arrival, deps);
      }
    } catch (error) {
      batchItemFailures.push({ itemIdentifier: messageId });
      deps.log.error('ingest-failed', { message: messageId, key, ...errorFields(error) });
    }
  }
  return { batchItemFailures };
}

async function ingest({ key, once, receipt }: Arrival, deps: IngestDeps): Promise<void> {
  const { read, delivery, domains, log, metrics } = deps;
  const object = await read(key);
  if (!object) {
    log.warn('ingest-gone', { key });
    return;
  }
  const inbound = inboundMessage(object, domains, receipt);
  if (inbound.harm && deps.harmful === 'drop') {
    drop(inbound.harm, key, deps);
    return;
  }
  if (inbound.to.length === 0) {
    metrics.add('MailUnknownRecipient', 1);
    log.warn('ingest-nobody', { key });
    return;
  }
  const { from, trace } = inbound;
  const message = await delivery.read(inbound.raw, {
    ...{ from, trace, arrival: 'live', once },
    // Its sender is as false as the rest of it.
    ...(inbound.harm && { unanswered: true }),
  });
  const refused: Refused[] = [];
  let trouble: unknown;
  for (const address of inbound.to) {
    try {
      await delivery.deliverTo(address, message);
    } catch (error) {
      const reason = refusalOf(error);
      if (reason) refused.push({ address, reason });
      else trouble = error;
    }
  }
  if (trouble) throw trouble;
  if (refused.length === 0) return;
  for (const { reason } of refused) {
    if (reason === 'unknown') metrics.add('MailUnknownRecipient', 1);
    else metrics.add('MailRefused', 1, reason);
  }
  const reasons = [...new Set(refused.map(({ reason }) => reason))].sort();
  log.info('ingest-refused', { key, refused: refused.length, of: inbound.to.length, reasons: reasons.join(',') });
  await tell(inbound, refused, key, deps);
}

/** Without a sender there is nobody to tell, and what a machine sent must not be answered: the answers would meet. */
async function tell(
  inbound: InboundMessage,
  refused: readonly Refused[],
  key: string,
  deps: IngestDeps,
): Promise<void> {
  if (!deps.bounce || inbound.from === '' || inbound.automatic) return;
  if (inbound.harm) drop(inbound.harm, key, deps);
  else if (!inbound.proven) drop('unproven', key, deps);
  else await deps.bounce(inbound, refused);
}

function drop(reason: Harm | 'unproven', key: string, { log, metrics }: IngestDeps): void {
  metrics.add('MailDropped', 1, reason);
  log.info('ingest-dropped', { key, reason });
}
