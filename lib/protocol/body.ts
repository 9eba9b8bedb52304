import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { HttpFailure } from '../http/failure.ts';
import type { EasRequest } from '../http/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { RequestLimits } from './limits.ts';

const gunzipAsync = promisify(gunzip);
const NOTHING = new Uint8Array(0);

/**
 * The whole body, decompressed.
 * @throws HttpFailure 413 over the size, 408 over the time, 415 for a coding other than gzip, 400 for broken gzip
 */
export async function readBody(
  request: EasRequest,
  limits: RequestLimits,
  clock: Clock,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const coding = contentCoding(request.headers['content-encoding']);
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > limits.bodyBytes) throw tooLarge();
  const sent = request.body instanceof Uint8Array ? request.body : await collect(request.body, limits, clock, signal);
  if (sent.length > limits.bodyBytes) throw tooLarge();
  return coding === 'gzip' && sent.length > 0 ? await inflate(sent, limits.bodyBytes) : sent;
}

function contentCoding(header: string | undefined): 'gzip' | 'identity' {
  const coding = header?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return 'identity';
  if (coding === 'gzip' || coding === 'x-gzip') return 'gzip';
  throw new HttpFailure(415, 'content coding is not gzip', { headers: { 'Accept-Encoding': 'gzip' } });
}

/** Reads until the end, the limit or the time, whichever is first; a host ends a body whose client went away. */
async function collect(
  body: AsyncIterable<Uint8Array>,
  limits: RequestLimits,
  clock: Clock,
  signal: AbortSignal,
): Promise<Uint8Array> {
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

async function inflate(bytes: Uint8Array, maxOutputLength: number): Promise<Uint8Array> {
  try {
    return await gunzipAsync(bytes, { maxOutputLength });
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(cause);
    throw new HttpFailure(400, 'body is not gzip', { cause });
  }
}

function tooLarge(cause?: unknown): HttpFailure {
  return new HttpFailure(413, 'body too large', { cause });
}
