/** An Application Load Balancer in this process: the synthesised rules, Lambda events, a proxy to the holders. */
import { Agent, type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AlbResult } from '../../../lib/http/alb.ts';
import type { FunctionName } from '../../../lib/infra/catalogue.ts';
import { albEvent } from './alb-event.ts';
import type { ListenerRule, Synthesised } from './template.ts';

export interface Balancer {
  readonly url: string;
  /** Which lane answered, newest last: `sync`, `holder`, ... */
  readonly lanes: readonly string[];
  /** Holders in service: requests go to them in turn. */
  holders: readonly string[];
  /** A connection without a byte is given up after this: the idle time of the template, unless a test shortens it. */
  idleMs: number;
  /** So many answers are lost on their way to the phone. */
  lose: number;
  /**
   * A target is deregistered: it gets no more requests. The answer ends the delay, after which what is in flight there is
   * cut, and says how much that was.
   */
  deregister(holder: string): () => number;
  stop(): Promise<void>;
}

const LIMIT = 1_000_000;

export async function startBalancer(
  { rules, idleSeconds }: Pick<Synthesised, 'rules' | 'idleSeconds'>,
  invoke: (name: FunctionName, event: unknown) => Promise<AlbResult>,
): Promise<Balancer> {
  const lanes: string[] = [];
  const agent = new Agent({ keepAlive: true });
  const state = { holders: [] as readonly string[], idleMs: idleSeconds * 1000, lose: 0 };
  const inFlight = new Map<ClientRequest, string>();
  let turn = 0;

  async function lambda(name: FunctionName, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of req) chunks.push(chunk as Uint8Array);
    const headers = { ...req.headersDistinct, ...forwarded(req) };
    const event = albEvent({ method: req.method!, target: req.url!, headers, body: Buffer.concat(chunks) });
    if (JSON.stringify(event).length > LIMIT) return void res.writeHead(413).end();
    try {
      const result = await invoke(name, event);
      if (state.lose > 0) {
        state.lose--;
        return void res.destroy();
      }
      if (JSON.stringify(result).length > LIMIT) return void res.writeHead(502).end();
      const body = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8');
      const many = Object.entries(result.multiValueHeaders ?? {}).map(([key, value]) => [key, [...value]] as const);
      res.writeHead(result.statusCode, { ...Object.fromEntries(many), 'content-length': body.length });
      res.end(body);
    } catch {
      res.writeHead(502).end();
    }
  }

  function proxy(req: IncomingMessage, res: ServerResponse): void {
    const holder = state.holders[turn++ % Math.max(1, state.holders.length)];
    if (!holder) return void res.writeHead(503).end();
    const headers = { ...req.headers, ...forwarded(req) };
    const onward = request(holder + req.url, { method: req.method, headers, agent }, (answer) => {
      if (state.lose > 0) {
        state.lose--;
        answer.resume();
        return void res.destroy();
      }
      res.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(res);
      answer.on('error', () => res.destroy());
    });
    inFlight.set(onward, holder);
    onward.once('close', () => inFlight.delete(onward));
    onward.setTimeout(state.idleMs, () => {
      if (!res.headersSent) res.writeHead(504).end();
      onward.destroy();
    });
    // A target that is gone is answered with 502, or by the end of the connection once the answer has begun.
    onward.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()));
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  }

  const server = createServer({ requestTimeout: 0, keepAliveTimeout: idleSeconds * 1000 }, (req, res) => {
    const target = rules.find(({ conditions }) => conditions.every((condition) => holds(condition, req)))?.target;
    lanes.push(target ?? 'default');
    if (target === undefined || target === 'holder') proxy(req, res);
    else void lambda(target, req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const balancer: Balancer = Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lanes,
    deregister(holder: string) {
      balancer.holders = balancer.holders.filter((url) => url !== holder);
      return () => {
        const cut = [...inFlight].filter(([, to]) => to === holder);
        for (const [onward] of cut) onward.destroy();
        return cut.length;
      };
    },
    stop: () =>
      new Promise<void>((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  return balancer;
}

const forwarded = (req: IncomingMessage) => ({
  'x-forwarded-for': [req.headers['x-forwarded-for'], '198.51.100.7'].filter(Boolean).join(', '),
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '443',
});

/** Conditions of a listener rule, as the documentation of the load balancer has them. */
function holds(condition: ListenerRule['conditions'][number], req: IncomingMessage): boolean {
  const [path = '', query = ''] = req.url!.split('?', 2);
  const matches = (values: readonly string[], text: string, flags: string) =>
    values.some((value) => new RegExp(`^${pattern(value)}$`, flags).test(text));
  switch (condition.Field) {
    case 'path-pattern':
      return matches(condition.PathPatternConfig.Values, path, '');
    case 'http-request-method':
      return condition.HttpRequestMethodConfig.Values.includes(req.method);
    case 'query-string':
      return condition.QueryStringConfig.Values.some(({ Key, Value }: { Key?: string; Value: string }) =>
        query.split('&').some((pair) => {
          const [key = '', value = ''] = pair.split('=', 2);
          return (Key === undefined || matches([Key], key, 'i')) && matches([Value], value, 'i');
        }),
      );
    case 'http-header': {
      const { HttpHeaderName, Values = [], RegexValues = [] } = condition.HttpHeaderConfig;
      const text = String(req.headers[HttpHeaderName.toLowerCase()] ?? '');
      return matches(Values, text, 'i') || RegexValues.some((value: string) => new RegExp(value).test(text));
    }
    default:
      throw new Error(`no condition ${condition.Field}`);
  }
}

const pattern = (text: string) =>
  text
    .replace(/[\\^$+.()|[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
