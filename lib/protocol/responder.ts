import { promisify } from 'node:util';
import { constants, gzip, gzipSync } from 'node:zlib';
import type { EasRequest, EasResponse } from '../http/types.ts';
import { encode } from '../wbxml/index.ts';
import type { AnyCommand, CommandResult, ExtraHeaders } from './command.ts';
import type { Registry } from './registry.ts';
import { collected, type Streamed, streamedBody, WBXML_TYPE } from './streamed.ts';
import { type ProtocolVersion, versionName } from './versions.ts';

const gzipAsync = promisify(gzip);
const NOTHING = new Uint8Array(0);
/** Most of the gain for a third of the time of the default. */
const GZIP = { level: constants.Z_BEST_SPEED };
/** From here on compressing would hold up every other request; below it the thread pool costs more than it saves. */
const ASYNC_FROM = 32 * 1024;
/** Streams up to here are collected. */
const COLLECTED = 64 * 1024;

/** How one client takes its answer; small, since a held request keeps it. */
export interface Encoding {
  readonly command: AnyCommand;
  readonly version: ProtocolVersion;
  readonly gzip: boolean;
  /** What is told with every answer of this request. */
  readonly headers?: ExtraHeaders;
}

/** Makes the http answers; the only place that writes response headers. */
export class Responder {
  readonly #gzipFrom: number;
  readonly #common: ExtraHeaders;

  constructor(registry: Registry, gzipFromBytes: number) {
    this.#gzipFrom = gzipFromBytes;
    this.#common = {
      'Cache-Control': 'private',
      'MS-Server-ActiveSync': versionName(registry.newest),
      // Nine stays at the oldest version that it knows unless the server looks like ASP.NET.
      'X-AspNet-Version': '4.0.30319',
    };
  }

  /** No Content-Type where there is no content (MS-ASHTTP R212). */
  empty(status: number, headers?: ExtraHeaders): EasResponse {
    return { status, headers: { ...this.#common, ...headers, 'Content-Length': '0' }, body: NOTHING };
  }

  async result<T>(encoding: Encoding, result: CommandResult<T>): Promise<EasResponse> {
    const streamed = streamedBody(encoding, result);
    const plain = streamed ? await this.#streamed(streamed, encoding) : this.#plain(encoding, result);
    if (!(plain.body instanceof Uint8Array)) return plain;
    const { body } = plain;
    if (!encoding.gzip || body.length < ASYNC_FROM) return this.#compressed(encoding, plain);
    return compressedAs(plain, await gzipAsync(body, GZIP));
  }

  /** The same at once, for the end of a hold. */
  resultNow<T>(encoding: Encoding, result: CommandResult<T>): EasResponse {
    return this.#compressed(encoding, this.#plain(encoding, result));
  }

  /** What is small is collected, so that it may be compressed; an attachment seldom shrinks and goes as it is. */
  async #streamed({ contentType, size, chunks }: Streamed, encoding: Encoding): Promise<EasResponse> {
    const headers = { ...this.#common, ...encoding.headers, 'Content-Type': contentType, 'Content-Length': `${size}` };
    return { status: 200, headers, body: size <= COLLECTED ? await collected(chunks, size) : chunks };
  }

  #plain<T>(encoding: Encoding, result: CommandResult<T>): EasResponse {
    if (result.kind === 'empty') return this.empty(200, encoding.headers);
    if (result.kind !== 'document') throw new TypeError(`a ${result.kind} result cannot be encoded at once`);
    const body = encode(encoding.command.response, result.document, encoding.version);
    const headers = {
      ...this.#common,
      ...encoding.headers,
      ...result.headers,
      'Content-Type': WBXML_TYPE,
      'Content-Length': `${body.length}`,
    };
    return { status: 200, headers, body };
  }

  #compressed(encoding: Encoding, plain: EasResponse): EasResponse {
    const body = plain.body as Uint8Array;
    if (!encoding.gzip || body.length < this.#gzipFrom) return plain;
    return compressedAs(plain, gzipSync(body, GZIP));
  }
}

function compressedAs(plain: EasResponse, body: Uint8Array): EasResponse {
  // Photos and encrypted mail do not shrink; then the plain bytes are cheaper for both.
  if (body.length >= (plain.body as Uint8Array).length) return plain;
  const headers = { ...plain.headers, 'Content-Encoding': 'gzip', 'Content-Length': `${body.length}` };
  return { status: plain.status, headers, body };
}

/** Whether `Accept-Encoding` takes gzip: named (or `*`) and not with q=0. */
export function acceptsGzip(request: EasRequest): boolean {
  const header = request.headers['accept-encoding'];
  if (!header) return false;
  let any = false;
  for (const part of header.toLowerCase().split(',')) {
    const [coding, ...parameters] = part.split(';').map((piece) => piece.trim());
    const refused = parameters.some((parameter) => /^q\s*=\s*0(?:\.0*)?$/.test(parameter));
    if (coding === 'gzip' || coding === 'x-gzip') return !refused;
    if (coding === '*') any = !refused;
  }
  return any;
}
