/** An API Gateway WebSocket API in this process: signed `$connect`, `$disconnect`, and `@connections` to post to. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface SocketEvent {
  readonly requestContext: {
    readonly routeKey: string;
    readonly eventType: string;
    readonly connectionId: string;
    readonly stage: string;
  };
  readonly queryStringParameters?: Readonly<Record<string, string>>;
}

export interface SocketApi {
  /** For tasks. */
  readonly url: string;
  /** For whoever posts. */
  readonly managementUrl: string;
  readonly connections: ReadonlyMap<string, WebSocket>;
  /** Bodies that were posted, in order. */
  readonly posts: readonly { readonly connection: string; readonly body: string }[];
  /** What happens to the next posts, instead of what should. */
  refuse(how: Refusal, times: number): void;
  /** Nothing of what was told to `refuse` is left. */
  calm(): void;
  /** Ends a connection as its end of time does, with `$disconnect`; `lost` without telling the function in time. */
  cut(connection: string, how?: 'lost'): void;
  /** Nobody can connect until it is false again. */
  closed: boolean;
  stop(): Promise<void>;
}

/** A status to answer with; `hang`: no answer, ever; `lose`: delivered, and the answer is lost. */
export type Refusal = number | 'hang' | 'lose';

const STAGE = 'wake';
const SIGNED =
  /^AWS4-HMAC-SHA256 Credential=[^,]+\/execute-api\/aws4_request, SignedHeaders=[^,]+, Signature=[0-9a-f]{64}$/;

/** @param invoke the function behind `$connect` and `$disconnect` */
export async function startSocketApi(
  invoke: (event: SocketEvent) => Promise<{ readonly statusCode?: number } | undefined>,
): Promise<SocketApi> {
  const connections = new Map<string, WebSocket>();
  const posts: { connection: string; body: string }[] = [];
  const refusals: Refusal[] = [];
  const untold = new Set<string>();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createServer((req, res) => void post(req, res));
  const api = { closed: false };

  const event = (
    kind: 'CONNECT' | 'DISCONNECT',
    connectionId: string,
    query?: Record<string, string>,
  ): SocketEvent => ({
    requestContext: { routeKey: `$${kind.toLowerCase()}`, eventType: kind, connectionId, stage: STAGE },
    ...(query && { queryStringParameters: query }),
  });

  server.on('upgrade', async (req, socket, head) => {
    const url = new URL(req.url ?? '/', 'http://socket.test');
    const refused = (status: string) =>
      void socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    if (api.closed) return refused('503 Service Unavailable');
    if (url.pathname !== `/${STAGE}` || !SIGNED.test(req.headers.authorization ?? '')) return refused('403 Forbidden');
    const id = randomBytes(11).toString('base64');
    const query = Object.fromEntries(url.searchParams);
    const answer = await invoke(event('CONNECT', id, query)).catch(() => undefined);
    if (answer?.statusCode !== 200) return refused('502 Bad Gateway');
    sockets.handleUpgrade(req, socket, head, (ws) => {
      connections.set(id, ws);
      ws.on('error', () => {});
      ws.on('close', () => {
        connections.delete(id);
        // The gateway passes on nothing of the first request but what the client sent: no query here.
        if (!untold.has(id)) void invoke(event('DISCONNECT', id)).catch(() => {});
      });
    });
  });

  async function post(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of req) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks);
    const [, id] = /^\/wake\/@connections\/([^/]+)$/.exec(req.url ?? '') ?? [];
    const fail = (status: number, type: string) =>
      res.writeHead(status, { 'x-amzn-ErrorType': type, 'content-type': 'application/json' }).end('{"message":"no"}');
    if (!SIGNED.test(req.headers.authorization ?? '') || id === undefined) return void fail(403, 'ForbiddenException');
    if (body.length > 128 * 1024) return void fail(413, 'PayloadTooLargeException');
    const refusal = refusals.shift();
    if (refusal === 'hang') return;
    if (refusal === 429) return void fail(429, 'LimitExceededException');
    if (typeof refusal === 'number') return void fail(refusal, 'InternalServerErrorException');
    const connection = decodeURIComponent(id);
    const ws = connections.get(connection);
    if (!ws) return void fail(410, 'GoneException');
    posts.push({ connection, body: body.toString() });
    ws.send(body.toString());
    if (refusal === 'lose') return void res.destroy();
    res.writeHead(200).end();
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(api, {
    url: `ws://127.0.0.1:${port}/${STAGE}`,
    managementUrl: `http://127.0.0.1:${port}/${STAGE}`,
    connections,
    posts,
    refuse(how: Refusal, times: number) {
      refusals.push(...new Array<Refusal>(times).fill(how));
    },
    calm() {
      refusals.length = 0;
    },
    cut(connection: string, how?: 'lost') {
      if (how === 'lost') untold.add(connection);
      connections.get(connection)?.terminate();
    },
    stop: () =>
      new Promise<void>((resolve) => {
        for (const ws of connections.values()) ws.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
