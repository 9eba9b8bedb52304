/** Both lanes in one process: what the load balancer's rules give to functions goes through its events. */
import { createBriefHolder } from '../../../lib/cloud/brief-holder.ts';
import type { StartSettings } from '../../../lib/embedded/start.ts';
import { type AlbResult, fromAlb, toAlb } from '../../../lib/http/alb.ts';
import { LANE_COOKIE_SET } from '../../../lib/http/lane.ts';
import type { EasRequest, EasResponse, Handler } from '../../../lib/http/types.ts';
import { type Rule, routingRules } from '../../../lib/infra/routing-rules.ts';
import type { Clock } from '../../../lib/ops/clock.ts';
import type { Log } from '../../../lib/ops/log.ts';
import { noMetrics } from '../../../lib/ops/metrics.ts';
import { albEvent } from './alb-event.ts';

export function lanes(clock: Clock, log: Log): NonNullable<StartSettings['front']> {
  return (task, another) => {
    const holder = createBriefHolder({ clock, log, metrics: noMetrics, waitMs: 0 });
    const lambda = another(holder, { lane: 'lambda' });
    return async (request, signal) => {
      if (ruleOf(request) === 'holder') return task(request, signal);
      const body = await bytesOf(request.body);
      const answer = await throughLambda(lambda, { ...request, body }, signal);
      // A client that keeps cookies comes to the other lane with its next request; this one comes at once.
      if (answer.headers['Set-Cookie'] === LANE_COOKIE_SET) return task({ ...request, body }, signal);
      return answer;
    };
  };
}

async function throughLambda(
  handler: Handler,
  request: EasRequest & { readonly body: Uint8Array },
  signal: AbortSignal,
): Promise<EasResponse> {
  const { method, path: at, query, source, body } = request;
  const headers = { ...request.headers, 'x-forwarded-for': source, 'x-forwarded-proto': schemeOf(request) };
  const event = albEvent({ method, target: query === '' ? at : `${at}?${query}`, headers, body });
  const given = await handler(fromAlb(event), signal);
  const response = 'kind' in given ? await new Promise<EasResponse>((resolve) => given.complete(resolve)) : given;
  return responseOf((await toAlb(event, response)).result);
}

const schemeOf = ({ origin }: EasRequest) => origin.slice(0, origin.indexOf(':'));

/** As the load balancer sends it on: it says itself how long the body is. */
function responseOf({ statusCode, multiValueHeaders = {}, body, isBase64Encoded }: AlbResult): EasResponse {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const headers = Object.fromEntries(Object.entries(multiValueHeaders).map(([name, [value = '']]) => [name, value]));
  return { status: statusCode, headers: { ...headers, 'Content-Length': `${bytes.length}` }, body: bytes };
}

async function bytesOf(body: EasRequest['body']): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const RULES = routingRules();

function ruleOf(request: EasRequest): Rule['target'] {
  return RULES.find((rule) => applies(rule, request))?.target ?? 'holder';
}

function applies({ paths, method, commands, header }: Rule, request: EasRequest): boolean {
  if (!paths.some((pattern) => glob(pattern, '').test(request.path))) return false;
  if (method && method !== request.method) return false;
  const command = /(?:^|&)cmd=([^&]*)/i.exec(request.query)?.[1]?.toLowerCase();
  if (commands && !commands.some((name) => name.toLowerCase() === command)) return false;
  if (!header) return true;
  const value = request.headers[header.name.toLowerCase()] ?? '';
  if (header.regex) return new RegExp(header.regex).test(value);
  return (header.values ?? []).some((pattern) => glob(pattern, 'i').test(value));
}

const glob = (pattern: string, flags: string) =>
  new RegExp(`^${pattern.replace(/[\\^$+.()|[\]{}]/g, '\\$&').replaceAll('*', '.*')}$`, flags);
