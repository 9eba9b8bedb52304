import { createGunzip } from 'node:zlib';
import { HttpFailure } from '../http/failure.ts';
import type { EasRequest } from '../http/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { BodyRoom } from './body-room.ts';
import type { RequestLimits } from './limits.ts';

const INFLATE_CHUNK = 64 * 1024;
const NOTHING = new Uint8Array(0);

export interface Reading {
  readonly limits: RequestLimits;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Holds the memory of the body; whoever made it releases it, also where reading failed. */
  readonly room: BodyRoom;
}

/**
 * The whole body, decompressed.
 * @throws HttpFailure 413 over the size, 408 over the time, 415 for a coding other than gzip, 400 for broken gzip,
 * 503 where other bodies have the memory
 */
export async function readBody(request: EasRequest, reading: Reading): Promise<Uint8Array> {
  const { limits, room } = reading;
  const coding = contentCoding(request.headers['content-encoding']);
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > limits.bodyBytes) throw tooLarge();
  if (coding === 'identity') return await sentBody(request, reading);
  const packed = room.beside();
  try {
    const sent = await sentBody(request, { ...reading, room: packed });
    return sent.length > 0 ? await inflate(sent, reading) : sent;
  } finally {
    packed.release();
  }
}

async function sentBody({ body }: EasRequest, reading: Reading): Promise<Uint8Array> {
  if (!(body instanceof Uint8Array)) return await collect(body, reading);
  if (body.length > reading.limits.bodyBytes) throw tooLarge();
  reading.room.grow(body.length);
  return body;
}

function contentCoding(header: string | undefined): 'gzip' | 'identity' {
  const coding = header?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return 'identity';
  if (coding === 'gzip' || coding === 'x-gzip') return 'gzip';
  throw new HttpFailure(415, 'content coding is not gzip', { headers: { 'Accept-Encoding': 'gzip' } });
}

/** Reads until the end, the limit or the time, whichever is first; a host ends a body whose client went away. */
async function collect(body: AsyncIterable<Uint8Array>, { limits, clock, signal, room }: Reading): Promise<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  let stop: (reason: unknown) => void = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = reject;
  });
  stopped.catch(() => {});
  const cancel = clock.after(limits.bodyMs, () => stop(new HttpFailure(408, 'body took too long')));
  const onAbort = () => stop(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  let complete = false;
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    while (true) {
      const next = await Promise.race([iterator.next(), stopped]);
      if (next.done) break;
      size += next.value.length;
      if (size > limits.bodyBytes) throw tooLarge();
      room.grow(next.value.length);
      chunks.push(next.value);
    }
    complete = true;
    if (chunks.length === 0) return NOTHING;
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
  } finally {
    cancel();
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a generator that hangs in its `next` would hang here as well.
    if (!complete) void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/** Piece by piece: a few kilobytes may become the largest body there is, so each piece asks for its room. */
async function inflate(packed: Uint8Array, { limits, room }: Reading): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const gunzip = createGunzip({ chunkSize: INFLATE_CHUNK });
  gunzip.end(packed);
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > limits.bodyBytes) throw tooLarge();
      room.grow(chunk.length);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof HttpFailure ? cause : new HttpFailure(400, 'body is not gzip', { cause });
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
}

function tooLarge(): HttpFailure {
  return new HttpFailure(413, 'body too large');
}
