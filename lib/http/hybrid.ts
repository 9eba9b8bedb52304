import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import {
  Front,
  type Listener,
  type ListenOptions,
  renewTls,
  timeouts,
  trackSockets,
  trustedHops,
  urlOf,
} from './listener.ts';
import { createInjected, PROBE_MS } from './node.ts';
import { PlainConnection, type PlainHost } from './plain-connection.ts';

/**
 * The cheap listener: a bare socket for every connection whose requests are plain, so that a held one costs a quarter of
 * what node:http keeps; any other request takes its connection to an ordinary node:http server, for good. Both give the
 * same answers (`test/fuzz/listener.test.ts`).
 */
export async function listenHybrid(options: ListenOptions): Promise<Listener> {
  const limits = timeouts(options.timeouts);
  const hops = trustedHops(options.trustedHops);
  const front = new Front(options);
  const ordinary = createInjected(front, limits, hops);
  const host: PlainHost = {
    front,
    clock: options.clock,
    limits,
    hops,
    open: new Set(),
    inject(socket, bytes) {
      // Paused, so that what was read is back in the queue before anything flows to its new owner.
      socket.pause();
      if (bytes) socket.unshift(bytes);
      ordinary.emit('connection', socket);
      socket.resume();
    },
  };
  const onSocket = (socket: Socket) => {
    if (front.draining && !front.accepting) socket.destroy();
    else new PlainConnection(host, socket);
  };
  const server = options.tls ? secureServer(options.tls, onSocket) : createServer(SOCKET, onSocket);
  const cut = trackSockets(server);
  const port = await listen(server, options.port, options.host);
  return {
    port,
    url: urlOf(options.host, port, options.tls !== undefined),
    drain(how = 'closed') {
      front.draining = true;
      front.accepting = how === 'accepting';
      if (front.accepting) return;
      server.close();
      for (const connection of host.open) if (connection.idle) connection.end();
      ordinary.closeIdleConnections();
    },
    renew: (tls) => renewTls(server, { ...options.tls, ...tls }),
    close: () =>
      new Promise<void>((resolve) => {
        front.draining = true;
        front.accepting = false;
        server.close(() => resolve());
        for (const connection of host.open) connection.destroy();
        ordinary.closeAllConnections();
        // It never listened, so this only ends its timer.
        ordinary.close();
        cut();
      }),
  };
}

/** After a restart all phones come back at once, and wait here for their turn. The system has a limit of its own. */
const BACKLOG = 65_535;

/** As node:http wants its sockets: it decides itself what the end of a client's side means. */
const SOCKET = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_MS } as const;

function secureServer(tls: NonNullable<ListenOptions['tls']>, onSocket: (socket: Socket) => void): Server {
  const server = createSecureServer({ ...SOCKET, ...tls, ALPNProtocols: ['http/1.1'] }, onSocket);
  // A failed handshake is the peer's affair; its socket is already gone.
  server.on('tlsClientError', () => {});
  return server;
}

function listen(server: Server, port: number, host: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, BACKLOG, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
