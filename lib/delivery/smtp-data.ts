import type { Readable } from 'node:stream';
import type { Budget } from '../ops/budget.ts';

export type Collected =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly release: () => void }
  /** `size`: more than a message may have; `budget`: too much at this moment. */
  | { readonly ok: false; readonly reason: 'size' | 'budget'; readonly release: () => void };

/**
 * The whole message. What is too large is read to its end, as SMTP wants, and kept no longer. `release` returns its
 * memory to the budget. @throws what the stream throws; its memory is returned then
 */
export async function collect(stream: Readable, budget: Budget, limit: number): Promise<Collected> {
  let chunks: Uint8Array[] = [];
  let taken = 0;
  let refused: 'size' | 'budget' | undefined;
  const release = () => {
    budget.give(taken);
    taken = 0;
  };
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      if (refused) continue;
      if (taken + chunk.length > limit) refused = 'size';
      else if (!budget.take(chunk.length)) refused = 'budget';
      else {
        taken += chunk.length;
        chunks.push(chunk);
      }
      if (refused) {
        chunks = [];
        release();
      }
    }
  } catch (error) {
    release();
    throw error;
  }
  return refused ? { ok: false, reason: refused, release } : { ok: true, bytes: Buffer.concat(chunks), release };
}
