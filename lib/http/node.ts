import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  Front,
  type Listener,
  type ListenOptions,
  renewTls,
  type Timeouts,
  timeouts,
  trackSockets,
  trustedHops,
  urlOf,
} from './listener.ts';
import { peerOf } from './peer.ts';
import { reasonOf } from './reasons.ts';
import { splitTarget } from './target.ts';
import type { EasRequest, EasResponse } from './types.ts';

/** A dead peer is noticed, and a NAT's memory kept fresh, while a request is held. */
export const PROBE_MS = 60_000;
const NOTHING = new Uint8Array(0);

/** The ordinary listener on node:http, or node:https with `tls`. */
export async function listenNode(options: ListenOptions): Promise<Listener> {
  const limits = timeouts(options.timeouts);
  const front = new Front(options);
  const onRequest = requestListener(front, trustedHops(options.trustedHops));
  const server = options.tls
    ? createSecureServer({ ...serverOptions(limits), ...options.tls }, onRequest)
    : createServer(serverOptions(limits), onRequest);
  const cut = trackSockets(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: urlOf(options.host, port, options.tls !== undefined),
    drain(how = 'closed') {
      front.draining = true;
      if (how === 'closed') server.close();
    },
    renew: (tls) => renewTls(server, { ...options.tls, ...tls }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        cut();
      }),
  };
}

export function serverOptions(limits: Timeouts): ServerOptions {
  return {
    keepAlive: true,
    keepAliveInitialDelay: PROBE_MS,
    noDelay: true,
    keepAliveTimeout: limits.keepAlive,
    headersTimeout: limits.head,
    requestTimeout: limits.request,
    connectionsCheckingInterval: Math.min(5_000, limits.head),
    maxHeaderSize: 16 * 1024,
  };
}

/** A server for connections that another one accepted; it never listens itself. */
export function createInjected(front: Front, limits: Timeouts, hops: number): Server {
  const server = createServer(serverOptions(limits), requestListener(front, hops));
  // The checks of head and request timeouts begin with this event, and nothing else does.
  server.emit('listening');
  return server;
}

/** Node answers `Expect: 100-continue` by itself, before this is called. */
export function requestListener(front: Front, hops: number): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    const controller = new AbortController();
    const exchange = { controller: controller as AbortController | undefined, gone: false };
    res.once('close', () => {
      exchange.gone = true;
      if (!res.writableFinished) exchange.controller?.abort(new Error('the client went away'));
    });
    const send = (response: EasResponse) => sendResponse(front, req, res, response);
    const answered = Promise.resolve(front.answer(toRequest(req, hops), controller.signal)).then((answer) => {
      // From here on nothing of the request is kept but its sockets.
      exchange.controller = undefined;
      if (!('kind' in answer)) return send(answer);
      answer.complete((response) => void send(response));
      if (exchange.gone) answer.abandon();
      else res.once('close', () => answer.abandon());
      return undefined;
    });
    // A broken response stream ends the connection; there is nobody left to tell.
    answered.catch(() => res.destroy());
  };
}

function toRequest(req: IncomingMessage, hops: number): EasRequest {
  const headers = req.headers as Record<string, string | undefined>;
  const encrypted = (req.socket as TLSSocket).encrypted === true;
  const { path, query } = splitTarget(req.url ?? '/');
  const bodyless = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  return {
    method: req.method ?? '',
    path,
    query,
    headers,
    // An early end of the reading must not end the connection: the answer still goes over it.
    body: bodyless ? NOTHING : { [Symbol.asyncIterator]: () => req.iterator({ destroyOnReturn: false }) },
    ...peerOf(headers, req.socket.remoteAddress, encrypted, hops),
  };
}

async function sendResponse(
  front: Front,
  req: IncomingMessage,
  res: ServerResponse,
  response: EasResponse,
): Promise<void> {
  if (res.destroyed) return;
  const closing = front.draining || !isCheapToFinish(req);
  const headers = closing ? { ...response.headers, Connection: 'close' } : response.headers;
  res.writeHead(response.status, reasonOf(response.status), headers);
  if (response.body instanceof Uint8Array) {
    res.end(response.body);
    return;
  }
  for await (const chunk of response.body) {
    if (!res.write(chunk)) await writable(res);
    if (res.destroyed) return;
  }
  res.end();
}

/** How much of an unread body node:http may read and drop so that the connection lives on: a 401 to a first request. */
const MAX_DROPPED = 64 * 1024;

function isCheapToFinish(req: IncomingMessage): boolean {
  if (req.complete) return true;
  // NaN for a body in chunks, whose end nobody knows.
  return !req.readableDidRead && Number(req.headers['content-length']) <= MAX_DROPPED;
}

function writable(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.on('drain', done);
    res.on('close', done);
  });
}
