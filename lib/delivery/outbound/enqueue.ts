import type { Clock } from '../../ops/clock.ts';
import { newId } from '../../ops/ids.ts';
import type { Blobs } from '../../store/ports.ts';
import { OUTBOUND_OPTIONS } from './options.ts';
import { blobPrefix, newTx, type Queued } from './row.ts';
import type { OutgoingEnvelope } from './types.ts';

/** A message as it will stand in the queue, its blob written where it is large. The row is still to be committed. */
export async function queuedMessage(
  { blobs, clock }: { readonly blobs: Pick<Blobs, 'put'>; readonly clock: Clock },
  { mailbox, from, to }: OutgoingEnvelope,
  raw: Uint8Array,
  inlineBytes: number = OUTBOUND_OPTIONS.inlineBytes,
): Promise<Queued> {
  const now = clock.now();
  const id = newId(now);
  const small = raw.length <= inlineBytes;
  const blob = small ? undefined : `${blobPrefix(mailbox)}${id}/mime`;
  if (blob !== undefined) await blobs.put(blob, raw);
  const dates = { due: now, at: now, failedAt: 0 };
  const message = small ? { raw } : { blob };
  return { id, tx: newTx(), mailbox, from, to, failed: [], ...dates, attempts: 0, ...message };
}
