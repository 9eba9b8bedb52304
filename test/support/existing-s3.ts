import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { S3Event, S3Server } from './servers/s3.ts';

const LOOK_MS = 50;

/** An S3-compatible server that somebody else runs. What is put is found by looking: its own events are not asked for. */
export async function existingS3(endpoint: string, buckets: readonly string[]): Promise<S3Server> {
  const credentials = {
    accessKeyId: process.env.AWS_ACCESS_KEY_ID || 'test',
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY || 'test',
  };
  const client = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
  const seen = new Map<string, Set<string>>();
  const keysOf = async (Bucket: string) =>
    ((await client.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key!);
  for (const Bucket of buckets) {
    await client.send(new CreateBucketCommand({ Bucket })).catch((error: Error) => {
      if (!/^BucketAlready/.test(error.name)) throw error;
    });
    seen.set(Bucket, new Set(await keysOf(Bucket)));
  }
  let stopped = false;
  const server: S3Server = {
    endpoint,
    credentials,
    onEvent: () => {},
    async stop() {
      stopped = true;
      await watching;
      client.destroy();
    },
  };
  async function look(): Promise<void> {
    for (const [name, known] of seen) {
      const fresh = (await keysOf(name)).filter((key) => !known.has(key));
      for (const key of fresh) known.add(key);
      const Records = fresh.map((key): S3Event['Records'][number] => ({
        eventName: 'ObjectCreated:Put',
        // As S3 does, which leaves what parts folders.
        s3: { bucket: { name }, object: { key: key.split('/').map(encodeURIComponent).join('/') } },
      }));
      if (Records.length > 0) server.onEvent({ Records });
    }
  }
  const watching = (async () => {
    while (!stopped) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  })();
  return server;
}
