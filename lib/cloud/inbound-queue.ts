import * as z from 'zod/mini';
import type { Receipt } from '../delivery/inbound/receipt.ts';

/** A message in the inbound bucket that the queue tells of. */
export interface Arrival {
  readonly key: string;
  /** Another one for each object that was put, though it be the same under the same key. */
  readonly once: string;
  /** From SES alone: of what others put there, the object's metadata tells. */
  readonly receipt?: Receipt;
}

const verdict = z.optional(z.object({ status: z.string() }));

/** What SES publishes when it has put a message into the bucket; of its fields what is used. */
const Received = z.object({
  notificationType: z.literal('Received'),
  mail: z.object({ source: z.optional(z.nullable(z.string())) }),
  receipt: z.object({
    recipients: z.array(z.string()),
    spfVerdict: verdict,
    dmarcVerdict: verdict,
    spamVerdict: verdict,
    virusVerdict: verdict,
    action: z.object({ objectKey: z.string() }),
  }),
});

/** What S3 tells of objects that were put. */
const Objects = z.object({
  Records: z.array(
    z.object({ s3: z.object({ object: z.object({ key: z.string(), sequencer: z.optional(z.string()) }) }) }),
  ),
});

/**
 * What the body of a message of the queue tells of: nothing where SES or S3 only say that they may write to it.
 * @throws Error for a body that tells of a message, and not of which one
 */
export function arrivalsOf(body: string): readonly Arrival[] {
  const told = read(body);
  if (typeof told !== 'object' || told === null) return [];
  if ('Records' in told) {
    return checked(Objects, told).Records.map(({ s3: { object } }) => {
      // As a form encodes it.
      const key = decodeURIComponent(object.key.replace(/\+/g, ' '));
      return { key, once: `${object.sequencer ?? ''} ${key}` };
    });
  }
  if (!('notificationType' in told) || told.notificationType !== 'Received') return [];
  const { mail, receipt } = checked(Received, told);
  const { spfVerdict: spf, dmarcVerdict: dmarc, spamVerdict: spam, virusVerdict: virus } = receipt;
  const verdicts = { spf: spf?.status, dmarc: dmarc?.status, spam: spam?.status, virus: virus?.status };
  const key = receipt.action.objectKey;
  // SES names each object by a message id of its own.
  return [{ key, once: key, receipt: { from: mail.source ?? '', to: receipt.recipients, verdicts } }];
}

/** Its issues quote nothing of the body: that names people. */
function checked<T extends z.ZodMiniType>(schema: T, told: object): z.output<T> {
  const result = z.safeParse(schema, told);
  if (result.success) return result.data;
  throw new Error(`a notification without ${result.error.issues.map(({ path }) => path.join('.')).join(', ')}`);
}

function read(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
