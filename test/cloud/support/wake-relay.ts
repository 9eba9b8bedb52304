/** What stands between the wake function and the wake ports of tasks (transport `direct`), so that a test may break it. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Refusal } from './socket-api.ts';

export interface WakeRelays {
  /** A relay in front of a task's own port. @returns where it listens */
  before(target: string): Promise<string>;
  /** What happens to the next posts, to whatever task. A connection that is refused is `cut`. */
  refuse(how: Refusal | 'cut', times: number): void;
  calm(): void;
  /** Posts that reached a task. */
  readonly posts: number;
  stop(): void;
}

export function wakeRelays(): WakeRelays {
  const servers: Server[] = [];
  const refusals: (Refusal | 'cut')[] = [];
  let posts = 0;

  async function pass(target: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of req) chunks.push(chunk as Uint8Array);
    const how = refusals.shift();
    if (how === 'cut') return void req.socket.destroy();
    if (how === 'hang') return;
    if (typeof how === 'number') return void res.writeHead(how).end();
    const { host: _, ...headers } = req.headers;
    const onward = request(target + req.url, { method: req.method, headers }, (answer) => {
      posts++;
      answer.resume();
      if (how === 'lose') req.socket.destroy();
      else res.writeHead(answer.statusCode!).end();
    });
    onward.on('error', () => req.socket.destroy());
    onward.end(Buffer.concat(chunks));
  }

  return {
    async before(target) {
      const server = createServer((req, res) => void pass(target, req, res).catch(() => res.destroy()));
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    refuse(how, times) {
      refusals.push(...new Array<typeof how>(times).fill(how));
    },
    calm() {
      refusals.length = 0;
    },
    get posts() {
      return posts;
    },
    stop() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
