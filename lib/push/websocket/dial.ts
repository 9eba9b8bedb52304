import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { WebSocket } from 'ws';
import type { Clock } from '../../ops/clock.ts';
import type { Wire } from './task-socket.ts';

export interface DialOptions {
  /** `wss://{api}.execute-api.{region}.amazonaws.com/{stage}`. */
  readonly url: string;
  readonly region: string;
  readonly credentials: ConstructorParameters<typeof SignatureV4>[0]['credentials'];
  /** By this name the task is known to senders. */
  readonly task: string;
  readonly clock: Clock;
  readonly handshakeTimeoutMs?: number;
}

/** What no route knows, so that nothing runs for it. */
const PING = '{"action":"ping"}';
/** Above what the gateway can send. */
const MAX_MESSAGE = 256 * 1024;

/** Opens a signed connection; the gateway has noted whose it is when this resolves. */
export function dialer(options: DialOptions): () => Promise<Wire> {
  const { credentials, region, clock } = options;
  const signer = new SignatureV4({ credentials, region, service: 'execute-api', sha256: NodeHash });
  return async () => {
    const url = new URL(options.url);
    url.searchParams.set('task', options.task);
    const { headers } = await signer.sign(
      {
        method: 'GET',
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: { task: options.task },
        headers: { host: url.host },
      },
      { signingDate: new Date(clock.now()) },
    );
    const { host: _, ...signed } = headers;
    return open(url, signed, options.handshakeTimeoutMs ?? 10_000);
  };
}

function open(url: URL, headers: Readonly<Record<string, string>>, handshakeTimeout: number): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers, handshakeTimeout, perMessageDeflate: false, maxPayload: MAX_MESSAGE });
    // Without a listener an error would end the process; whoever waits is told by `close` in any case.
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('closed while connecting')));
    socket.once('open', () => resolve(wireOf(socket)));
  });
}

function wireOf(socket: WebSocket): Wire {
  return {
    listen({ message, pong, close }) {
      socket.on('message', (data) => message(data.toString()));
      socket.on('pong', pong);
      socket.once('close', close);
      if (socket.readyState > WebSocket.OPEN) close();
    },
    ping() {
      if (socket.readyState !== WebSocket.OPEN) return;
      // Which of the two counts as activity is the gateway's secret.
      socket.send(PING);
      socket.ping();
    },
    close() {
      socket.close();
      // A peer that is gone never answers the closing.
      socket.terminate();
    },
  };
}

/** SHA-256 as the signer wants it. */
class NodeHash {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
