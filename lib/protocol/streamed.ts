import { encode } from '../wbxml/index.ts';
import type { CommandResult, Piece } from './command.ts';
import type { Encoding } from './responder.ts';

export const WBXML_TYPE = 'application/vnd.ms-sync.wbxml';
/** MS-ASCMD R5505. */
const MULTIPART_TYPE = 'application/vnd.ms-sync.multipart';

/** A body whose length is known before its bytes are. */
export interface Streamed {
  readonly contentType: string;
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** The body of a result that leaves while it is read; `undefined` for results of other kinds. */
export function streamedBody<T>(encoding: Encoding, result: CommandResult<T>): Streamed | undefined {
  switch (result.kind) {
    case 'multipart':
      return multipart(documentBytes(encoding, result.document), result.parts);
    case 'inlined':
      return inlined(documentBytes(encoding, result.document), result.pieces);
    case 'file':
      return { contentType: result.contentType, size: result.piece.size, chunks: exactly(result.piece) };
    default:
      return undefined;
  }
}

const documentBytes = <T>({ command, version }: Encoding, document: T): Uint8Array =>
  encode(command.response, document, version);

/** Number of parts, then offset and length of each, in 32 bits of little-endian (MS-ASCMD 2.2.1.10.1.1, R5509-R5518). */
function multipart(document: Uint8Array, parts: readonly Piece[]): Streamed {
  const sizes = [document.length, ...parts.map(({ size }) => size)];
  const head = new DataView(new ArrayBuffer(4 + 8 * sizes.length));
  head.setUint32(0, sizes.length, true);
  let offset = head.byteLength;
  for (const [n, size] of sizes.entries()) {
    head.setUint32(4 + 8 * n, offset, true);
    head.setUint32(8 + 8 * n, size, true);
    offset += size;
  }
  if (offset > 0xffff_ffff) throw new RangeError('a multipart answer takes 4 GB');
  async function* chunks() {
    yield new Uint8Array(head.buffer);
    yield document;
    for (const part of parts) yield* exactly(part);
  }
  return { contentType: MULTIPART_TYPE, size: offset, chunks: chunks() };
}

/** The document cut at its placeholders, with the base64 of the pieces between. */
function inlined(
  document: Uint8Array,
  pieces: readonly { readonly placeholder: string; readonly piece: Piece }[],
): Streamed {
  const whole = Buffer.from(document.buffer, document.byteOffset, document.byteLength);
  const cuts = pieces.map(({ placeholder, piece }) => {
    const at = whole.indexOf(placeholder, 0, 'latin1');
    if (at < 0) throw new TypeError('a placeholder is not in its document');
    return { at, end: at + placeholder.length, piece };
  });
  cuts.sort((a, b) => a.at - b.at);
  const size = cuts.reduce((sum, { at, end, piece }) => sum - (end - at) + base64Size(piece.size), whole.length);
  async function* chunks() {
    let from = 0;
    for (const { at, end, piece } of cuts) {
      yield whole.subarray(from, at);
      yield* base64(exactly(piece));
      from = end;
    }
    yield whole.subarray(from);
  }
  return { contentType: WBXML_TYPE, size, chunks: chunks() };
}

export const base64Size = (bytes: number): number => 4 * Math.ceil(bytes / 3);

/** Base64 of a stream: every three bytes are four characters, what is left of a chunk waits for the next. */
async function* base64(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of chunks) {
    const bytes =
      rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    if (whole > 0) yield Buffer.from(bytes.toString('base64', 0, whole), 'latin1');
    rest = bytes.subarray(whole);
  }
  if (rest.length > 0) yield Buffer.from(Buffer.from(rest).toString('base64'), 'latin1');
}

/**
 * A piece that has the size it says: another would shift all that follows, and a client would take one attachment's
 * bytes for another's. An error here ends the connection. @throws Error
 */
async function* exactly(piece: Piece): AsyncGenerator<Uint8Array> {
  let left = piece.size;
  if (left > 0) {
    for await (const chunk of piece.stream()) {
      left -= chunk.length;
      if (left < 0) break;
      yield chunk;
    }
  }
  if (left !== 0) throw new Error('stored data does not have the size that was told');
}

export async function collected(chunks: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
