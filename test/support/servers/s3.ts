/** An S3-compatible server in this process; each test file gets its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { existingS3 } from '../existing-s3.ts';

/** What S3 tells of an object, as it tells a Lambda. */
export interface S3Event {
  readonly Records: readonly {
    readonly eventName: string;
    readonly s3: { readonly bucket: { readonly name: string }; readonly object: { readonly key: string } };
  }[];
}

export interface S3Server {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Called for every object that is put or deleted. */
  onEvent: (event: S3Event) => void;
  stop(): Promise<void>;
}

interface Instance {
  readonly middleware: ((context: { readonly method: string }, next: () => Promise<void>) => Promise<void>)[];
  run(): Promise<{ readonly port: number }>;
  close(): Promise<void>;
  on(name: 'event', listener: (event: { readonly Records: S3Event['Records'] }) => void): void;
}
type S3rver = new (options: object) => Instance;

const require = createRequire(import.meta.url);

/** Why there is none; `undefined` where there is. */
export function s3Missing(): string | undefined {
  try {
    require.resolve('s3rver');
    return undefined;
  } catch {
    return 's3rver is not installed';
  }
}

/** In this process, or the one at `S3_ENDPOINT`. */
export async function startS3(buckets: readonly string[]): Promise<S3Server> {
  if (process.env.S3_ENDPOINT) return existingS3(process.env.S3_ENDPOINT, buckets);
  // biome-ignore lint/correctness/noUnresolvedImports: its entry point is named in a way that Biome does not follow
  const S3rver = require('s3rver') as S3rver;
  const directory = await mkdtemp(join(tmpdir(), 'dp-s3-'));
  const instance = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: buckets.map((name) => ({ name })),
  });
  // Its deletes take away empty folders, also one that a put is about to use: one change at a time.
  let last: Promise<unknown> = Promise.resolve();
  instance.middleware.unshift(({ method }, next) => {
    if (method === 'GET' || method === 'HEAD') return next();
    const turn = last.then(next);
    last = turn.catch(() => {});
    return turn;
  });
  const { port } = await instance.run();
  const server: S3Server = {
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    onEvent: () => {},
    async stop() {
      await instance.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  instance.on('event', (event) => server.onEvent({ Records: event.Records }));
  return server;
}
