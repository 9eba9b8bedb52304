import { GetObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { InboundObject } from '../delivery/inbound/envelope.ts';

/** Above what SES takes in. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Until S3 answers, and of its silence while it sends: several attempts in the time of the function. */
const TIMES = { connectionTimeout: 3000, requestTimeout: 15_000, socketTimeout: 15_000, throwOnRequestTimeout: true };

export function inboundClient(options: S3ClientConfig = {}): S3Client {
  return new S3Client({
    forcePathStyle: 'AWS_ENDPOINT_URL_S3' in process.env,
    maxAttempts: 4,
    ...options,
    requestHandler: { ...TIMES, ...options.requestHandler },
  });
}

/** Reads messages of the inbound bucket. The function rejects for an object that is too large, and as S3 does. */
export function bucketReader(Bucket: string, client = inboundClient()) {
  return async (Key: string): Promise<InboundObject | undefined> => {
    try {
      const { Body, Metadata = {}, ContentLength = 0 } = await client.send(new GetObjectCommand({ Bucket, Key }));
      if (ContentLength > MAX_BYTES) throw new RangeError(`a message takes ${MAX_BYTES} bytes`);
      return { raw: (await Body?.transformToByteArray()) ?? new Uint8Array(0), metadata: Metadata };
    } catch (error) {
      if ((error as { readonly name?: unknown }).name === 'NoSuchKey') return undefined;
      throw error;
    }
  };
}
