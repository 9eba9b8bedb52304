import { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { limit } from '../limits.ts';
import { BlobMissing, type Blobs, StoreUnavailable } from '../ports.ts';
import { encodeKey, encodePrefix, keyOf } from './keys.ts';

export interface S3BlobsOptions {
  readonly bucket: string;
  readonly region?: string;
  /** Of a compatible server; the SDK's own choice (also `AWS_ENDPOINT_URL_S3`) when absent. */
  readonly endpoint?: string;
  /** The bucket in the path instead of the host name: most compatible servers want it. */
  readonly pathStyle?: boolean;
  readonly credentials?: S3ClientConfig['credentials'];
  /** Largest blob in bytes; a longer one is refused and leaves nothing. Default 256 MB. */
  readonly maxBytes?: number;
  readonly maxAttempts?: number;
}

export interface S3Blobs extends Blobs {
  close(): void;
}

type Range = { readonly start: number; readonly end?: number };
/** What is read, and how many bytes the server says that it is. */
type Opened = { readonly bytes: AsyncIterable<Uint8Array>; readonly length: number | undefined };

/** The SDK's own would have fifty. */
const AGENT = { keepAlive: true, maxSockets: 2000 };

/** As many as one request deletes. */
const DELETES = 1000;

/**
 * Blobs as objects of a bucket. A blob is gathered before it is put: S3 wants to know its length, and a sender that
 * breaks off then leaves nothing.
 */
export function openS3Blobs(options: S3BlobsOptions): S3Blobs {
  const maxBytes = limit('maxBytes', options.maxBytes ?? 256 * 1024 * 1024, 1, 5 * 1024 ** 3);
  const { region, endpoint, credentials, pathStyle } = options;
  const client = new S3Client({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
    ...(pathStyle && { forcePathStyle: true }),
    maxAttempts: limit('maxAttempts', options.maxAttempts ?? 4, 1, 20),
    // Compatible servers do not know the newer checksums; TLS and the length protect a blob well enough.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A blob that a slow phone loads keeps its connection for as long, and who waits for one waits within these times.
    requestHandler: {
      connectionTimeout: 3000,
      // Until the answer begins, not until a blob is read. Without the second line it is only warned of.
      requestTimeout: 30_000,
      throwOnRequestTimeout: true,
      httpAgent: AGENT,
      httpsAgent: AGENT,
    },
  });
  return new BucketBlobs(client, options.bucket, maxBytes);
}

class BucketBlobs implements S3Blobs {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #maxBytes: number;

  constructor(client: S3Client, bucket: string, maxBytes: number) {
    this.#client = client;
    this.#bucket = bucket;
    this.#maxBytes = maxBytes;
  }

  async put(key: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const Key = encodeKey(key);
    const Body = await this.#whole(bytes);
    await this.#sent(() => this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key, Body })));
  }

  async get(key: string, range?: Range): Promise<Uint8Array | undefined> {
    const body = await this.#open(encodeKey(key), range);
    if (body === undefined) return undefined;
    if (body === 'empty') return new Uint8Array();
    return this.#sent(() => gathered(body.bytes, body.length));
  }

  async *stream(key: string, range?: Range): AsyncIterable<Uint8Array> {
    const body = await this.#open(encodeKey(key), range);
    if (body === undefined) throw new BlobMissing(key);
    if (body !== 'empty') yield* body.bytes;
  }

  async delete(keys: readonly string[]): Promise<void> {
    const objects = keys.map((key) => ({ Key: encodeKey(key) }));
    for (let start = 0; start < objects.length; start += DELETES) {
      const Delete = { Objects: objects.slice(start, start + DELETES), Quiet: true };
      const { Errors = [] } = await this.#sent(() =>
        this.#client.send(new DeleteObjectsCommand({ Bucket: this.#bucket, Delete })),
      );
      const failed = Errors.find(({ Code }) => Code !== 'NoSuchKey');
      if (failed) throw new StoreUnavailable(`a blob could not be deleted: ${failed.Code}`);
    }
  }

  async *list(prefix: string): AsyncIterable<string> {
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#sent(() =>
        this.#client.send(
          new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: encodePrefix(prefix), ContinuationToken }),
        ),
      );
      for (const { Key } of page.Contents ?? []) {
        const key = Key === undefined ? undefined : keyOf(Key);
        if (key?.startsWith(prefix)) yield key;
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
  }

  close(): void {
    this.#client.destroy();
  }

  /** The bytes of a range; `empty` for a range with none in it, which HTTP cannot ask for. */
  async #open(Key: string, range?: Range): Promise<Opened | 'empty' | undefined> {
    const start = Math.max(range?.start ?? 0, 0);
    const end = range?.end;
    if (end !== undefined && end <= start) return (await this.#exists(Key)) ? 'empty' : undefined;
    const Range = start === 0 && end === undefined ? undefined : `bytes=${start}-${end === undefined ? '' : end - 1}`;
    try {
      const { Body, ContentLength: length } = await this.#sent(() =>
        this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key, Range })),
      );
      return Body instanceof Readable ? { bytes: Body, length } : 'empty';
    } catch (error) {
      const status = statusOf(error);
      if (status === 404) return undefined;
      // The start lies past the end, or the blob is empty.
      if (status === 416) return 'empty';
      throw error;
    }
  }

  async #exists(Key: string): Promise<boolean> {
    try {
      await this.#sent(() => this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key })));
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  /** @throws StoreUnavailable for trouble of the service or the way to it; what it answers otherwise stays */
  async #sent<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      const status = statusOf(cause);
      if (status === undefined || status >= 500 || status === 429) throw new StoreUnavailable('blobs', { cause });
      throw cause;
    }
  }

  async #whole(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
      size += chunk.byteLength;
      if (size > this.#maxBytes) throw new RangeError(`a blob takes ${this.#maxBytes} bytes`);
      chunks.push(chunk);
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
  }
}

/** Into one place as they come: a message has forty megabytes, and once is enough. */
async function gathered(body: AsyncIterable<Uint8Array>, length = 0): Promise<Uint8Array> {
  let [whole, used] = [new Uint8Array(length), 0];
  for await (const chunk of body) {
    // Longer than it said, or a server that did not say.
    if (used + chunk.length > whole.length) {
      const larger = new Uint8Array(Math.max(used + chunk.length, 2 * whole.length));
      larger.set(whole.subarray(0, used));
      whole = larger;
    }
    whole.set(chunk, used);
    used += chunk.length;
  }
  return used === whole.length ? whole : whole.slice(0, used);
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}
