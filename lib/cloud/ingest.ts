import { type Delivery, NoRecipient } from '../delivery/deliver.ts';
import { type InboundMessage, type InboundObject, inboundMessage } from '../delivery/inbound/envelope.ts';
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
  /** Tells the sender; absent where unknown recipients are dropped. */
  readonly bounce?: (message: InboundMessage, unknown: readonly string[]) => Promise<void>;
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
  const unknown: string[] = [];
  let trouble: unknown;
  for (const address of inbound.to) {
    try {
      await delivery.deliverTo(address, message);
    } catch (error) {
      if (error instanceof NoRecipient) unknown.push(address);
      else trouble = error;
    }
  }
  if (trouble) throw trouble;
  if (unknown.length === 0) return;
  metrics.add('MailUnknownRecipient', unknown.length);
  log.info('ingest-unknown', { key, unknown: unknown.length, of: inbound.to.length });
  // Without a sender there is nobody to tell, and what a machine sent must not be answered: the answers would meet.
  if (from !== '' && !inbound.automatic) await bounce?.(inbound, unknown);
}
