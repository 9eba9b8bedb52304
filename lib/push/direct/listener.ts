import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../ops/clock.ts';
import { unpackMessage } from '../task-message.ts';
import type { TaskMessage } from '../types.ts';
import { isSealed, SEAL_HEADER } from './seal.ts';

export const WAKE_PATH = '/wake';

export interface DirectListenerOptions {
  readonly clock: Clock;
  readonly task: string;
  readonly key: string;
  /** 0: any free one. */
  readonly port: number;
  readonly host?: string;
  readonly receive: (message: TaskMessage) => void;
}

export interface DirectListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Above what a sender makes of one piece. */
const MAX_BODY = 256 * 1024;

/** Takes wakes at a port that only the wakers' security group reaches; a wrong seal is refused all the same. */
export async function listenDirect(options: DirectListenerOptions): Promise<DirectListener> {
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 5000, maxHeaderSize: 4096 }, (req, res) => {
    take(options, req).then(
      (status) => answer(res, status),
      () => res.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function take({ clock, task, key, receive }: DirectListenerOptions, req: IncomingMessage): Promise<number> {
  if (req.url !== WAKE_PATH || req.method !== 'POST') return 404;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY) return 413;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks, size);
  if (!isSealed(req.headers[SEAL_HEADER], key, task, body, clock.now())) return 401;
  const message = unpackMessage(body);
  if (!message) return 400;
  receive(message);
  return 204;
}

function answer(res: ServerResponse, status: number): void {
  res.writeHead(status, status === 413 ? { Connection: 'close' } : {}).end();
}
