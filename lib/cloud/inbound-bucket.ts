import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { InboundObject } from '../delivery/inbound/envelope.ts';

/** Above what SES takes in. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Reads messages of the inbound bucket. The function rejects for an object that is too large, and as S3 does. */
export function bucketReader(Bucket: string, client: S3Client) {
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
