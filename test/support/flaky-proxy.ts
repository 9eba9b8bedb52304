/** A DynamoDB endpoint that misbehaves as told, in front of one that does not. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the SDK sent it: `TransactWriteItems` and its JSON. */
export interface Call {
  readonly operation: string;
  readonly input: Record<string, unknown>;
}

/**
 * What to do with a call. `lose`: the server gets it, its answer never arrives. `drop`: the server never gets it.
 * `hang`: no answer, ever. `error`: an answer of DynamoDB's kind. `answer`: this JSON instead of the server's.
 */
export type Behaviour =
  | 'pass'
  | 'lose'
  | 'drop'
  | 'hang'
  | { readonly error: string; readonly status?: number; readonly rest?: object }
  | { readonly answer: object }
  | { readonly change: (answer: Record<string, unknown>) => object };

export interface FlakyProxy {
  readonly endpoint: string;
  /** All calls so far, the SDK's repeated ones included. */
  readonly calls: readonly Call[];
  /** Asked for every call. */
  behave: (call: Call) => Behaviour;
}

/** One that ends with the running test. */
export async function flakyProxy(endpoint?: string): Promise<FlakyProxy> {
  const proxy = await startFlakyProxy(endpoint);
  // Benchmarks use this file, too, and have no test to finish.
  const { onTestFinished } = await import('vitest');
  onTestFinished(() => proxy.stop());
  return proxy;
}

/** `endpoint` is the real server's; without one every call must be answered by `behave`. */
export async function startFlakyProxy(endpoint?: string): Promise<FlakyProxy & { stop(): void }> {
  const calls: Call[] = [];
  const proxy = { endpoint: '', calls, behave: (_call: Call): Behaviour => 'pass' };
  // Whoever keeps a connection must not meet its end in the middle of a write that is sent but once.
  const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    const handle = async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk as Uint8Array);
      const body = Buffer.concat(chunks).toString();
      const target = String(request.headers['x-amz-target']);
      const call = { operation: target.slice(target.indexOf('.') + 1), input: JSON.parse(body) };
      calls.push(call);
      const behaviour = proxy.behave(call);
      if (behaviour === 'hang') return;
      if (behaviour === 'drop') return void request.socket.destroy();
      const reply = (status: number, value: object) => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(JSON.stringify(value));
      };
      if (typeof behaviour === 'object' && 'error' in behaviour) {
        const { error, status = 400, rest } = behaviour;
        return reply(status, { __type: `com.amazonaws.dynamodb.v20120810#${error}`, message: 'injected', ...rest });
      }
      if (typeof behaviour === 'object' && 'answer' in behaviour) return reply(200, behaviour.answer);
      const headers = Object.fromEntries(
        ['x-amz-target', 'content-type', 'authorization', 'x-amz-date'].map((name) => [
          name,
          String(request.headers[name]),
        ]),
      );
      const answer = await fetch(`${endpoint}/`, { method: 'POST', headers, body });
      const json = (await answer.json()) as Record<string, unknown>;
      if (behaviour === 'lose') return void request.socket.destroy();
      reply(answer.status, typeof behaviour === 'object' ? behaviour.change(json) : json);
    };
    handle().catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(proxy as FlakyProxy, {
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}
