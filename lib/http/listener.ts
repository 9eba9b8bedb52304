import type { Server, Socket } from 'node:net';
import { type SecureContextOptions, Server as TlsServer } from 'node:tls';
import type { Clock } from '../ops/clock.ts';
import { errorFields, type Log } from '../ops/log.ts';
import type { EasRequest, EasResponse, Handler, Held } from './types.ts';

export interface ListenOptions {
  readonly handler: Handler;
  readonly clock: Clock;
  readonly log: Log;
  /** 0: any free one. */
  readonly port: number;
  /** Every address where absent. */
  readonly host?: string;
  readonly tls?: Pick<SecureContextOptions, 'cert' | 'key' | 'minVersion' | 'ciphers'>;
  /** Proxies of ours in front, whose `X-Forwarded-For` counts; 0 where absent. */
  readonly trustedHops?: number;
  /** Answers before the handler is asked, for pages that are no part of the protocol. */
  readonly pages?: (request: EasRequest) => EasResponse | undefined;
  readonly timeouts?: Partial<Timeouts>;
}

/** Milliseconds. */
export interface Timeouts {
  /** An idle connection. Behind a load balancer longer than its own idle timeout, or it meets closed connections. */
  readonly keepAlive: number;
  /** From the first byte of a request to the end of its head. */
  readonly head: number;
  /** From the first byte of a request to the end of its body. */
  readonly request: number;
}

const TIMEOUTS: Timeouts = { keepAlive: 75_000, head: 30_000, request: 600_000 };

/** @throws RangeError */
export function timeouts(given: Partial<Timeouts> = {}): Timeouts {
  const merged = { ...TIMEOUTS, ...given };
  for (const [name, ms] of Object.entries(merged)) {
    if (!(Number.isSafeInteger(ms) && ms > 0)) throw new RangeError(`timeout ${name} must be whole milliseconds`);
  }
  return merged;
}

/** @throws RangeError */
export function trustedHops(given = 0): number {
  if (!Number.isSafeInteger(given) || given < 0) throw new RangeError('trustedHops must be a whole number');
  return given;
}

/**
 * `accepting`: connections are still taken and idle ones kept, for a load balancer that goes on sending requests for as
 * long as it has not read from the health check that it should not. A refused connection would be its 502 to a phone.
 */
export type DrainHow = 'closed' | 'accepting';

/** A server that listens. */
export interface Listener {
  readonly url: string;
  readonly port: number;
  /**
   * Stops accepting, says 503 to health checks, lets idle connections go and closes every other one after its answer.
   * Held requests wait on: whoever holds them answers them. May be called again with another `how`.
   */
  drain(how?: DrainHow): void;
  /** Serves another certificate from the next handshake on. Harmless without TLS. @throws Error for one that is none */
  renew(tls: NonNullable<ListenOptions['tls']>): void;
  /** Cuts every connection. Resolves when the port is free. */
  close(): Promise<void>;
}

/** Connections that are there keep what they began with. @throws Error for a pair that does not fit */
export function renewTls(server: Server, tls: NonNullable<ListenOptions['tls']>): void {
  if (server instanceof TlsServer) server.setSecureContext(tls);
}

/** Both are habits of load balancers. */
const HEALTH: ReadonlySet<string> = new Set(['/health', '/healthz']);

/**
 * Remembers every socket of a server, also those that have not finished a handshake or that one side has ended already:
 * a server waits for all of them before it is closed. @returns what cuts them
 */
export function trackSockets(server: Pick<Server, 'on'>): () => void {
  const sockets = new Set<Socket>();
  const forget = function (this: Socket) {
    sockets.delete(this);
  };
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // Not `once`, which makes a closure for each.
    socket.on('close', forget);
  });
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

/** What both listeners ask of the product: never rejects, knows the health check, tells whether it drains. */
export class Front {
  draining = false;
  /** While draining: whether connections are still taken. */
  accepting = false;
  readonly #options: ListenOptions;

  constructor(options: ListenOptions) {
    this.#options = options;
  }

  /** At once where no handler is needed. */
  answer(request: EasRequest, signal: AbortSignal): EasResponse | Promise<EasResponse | Held> {
    if (HEALTH.has(request.path)) return this.#health(request);
    const { handler, log, pages } = this.#options;
    const page = pages?.(request);
    if (page) return page;
    return handler(request, signal).catch((error: unknown) => {
      log.error('handler-rejected', errorFields(error));
      return plainText(503, '');
    });
  }

  #health(request: EasRequest): EasResponse {
    if (request.method !== 'GET' && request.method !== 'HEAD') return plainText(405, '');
    const body = this.draining ? 'draining\n' : 'ok\n';
    return plainText(this.draining ? 503 : 200, request.method === 'HEAD' ? '' : body);
  }
}

function plainText(status: number, text: string): EasResponse {
  const body = Buffer.from(text);
  const type: Record<string, string> = body.length > 0 ? { 'Content-Type': 'text/plain; charset=utf-8' } : {};
  return { status, headers: { ...type, 'Cache-Control': 'no-store', 'Content-Length': `${body.length}` }, body };
}

/** `http://127.0.0.1:8080`; the wildcard addresses become one that can be connected to. */
export function urlOf(host: string | undefined, port: number, encrypted: boolean): string {
  const name = host === undefined || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `${encrypted ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
