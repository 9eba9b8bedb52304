import type { Delivery } from '../delivery/deliver.ts';
import { type InboundMessage, type InboundObject, inboundMessage } from '../delivery/inbound/envelope.ts';
import { type Refusal, refusalOf } from '../delivery/refusal.ts';
import { errorFields } from '../ops/log.ts';
import type { Base } from './base.ts';

/** Of S3's event what is used. */
export interface ObjectsEvent {
  readonly Records: readonly { readonly s3: { readonly object: { readonly key: string } } }[];
}

export interface IngestDeps extends Base {
  /** `undefined` for an object that is gone by now. */
  readonly read: (key: string) => Promise<InboundObject | undefined>;
  readonly delivery: Pick<Delivery, 'read' | 'deliverTo'>;
  /** Domains whose mail is taken in. */
  readonly domains: readonly string[];
  /** Tells the sender; absent where messages that nobody takes are dropped. */
  readonly bounce?: (message: InboundMessage, refused: readonly Refused[]) => Promise<void>;
}

/** A recipient who does not get the message, now or later. */
export interface Refused {
  readonly address: string;
  readonly reason: Refusal;
}

/** SES puts it when a rule is made. */
const SETUP_NOTE = 'AMAZON_SES_SETUP_NOTIFICATION';

/**
 * Delivers every message of the event. What was delivered before changes nothing, so that an event may come again.
 * @throws Error when a message could not be delivered to all its recipients, after all the others were: the event then
 *   comes again, and in the end goes to the failure queue
 */
export async function ingestObjects(event: ObjectsEvent, deps: IngestDeps): Promise<void> {
  let failed = 0;
  for (const { s3 } of event.Records) {
    // As a form encodes it.
    const key = decodeURIComponent(s3.object.key.replace(/\+/g, ' '));
    if (key.endsWith(SETUP_NOTE)) continue;
    try {
      await ingest(key, deps);
    } catch (error) {
      failed++;
      deps.log.error('ingest-failed', { key, ...errorFields(error) });
    }
  }
  if (failed > 0) throw new Error(`${failed} of ${event.Records.length} messages could not be taken in`);
}

async function ingest(key: string, { read, delivery, domains, bounce, log, metrics }: IngestDeps): Promise<void> {
  const object = await read(key);
  if (!object) {
    log.warn('ingest-gone', { key });
    return;
  }
  const inbound = inboundMessage(object, domains);
  if (inbound.to.length === 0) {
    metrics.add('MailUnknownRecipient', 1);
    log.warn('ingest-nobody', { key });
    return;
  }
  const { from, trace } = inbound;
  const message = await delivery.read(inbound.raw, { from, trace, arrival: 'live' });
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
  // Without a sender there is nobody to tell, and what a machine sent must not be answered: the answers would meet.
  if (from !== '' && !inbound.automatic) await bounce?.(inbound, refused);
}
