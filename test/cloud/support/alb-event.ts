import type { AlbEvent } from '../../../lib/http/alb.ts';

export interface AlbRequest {
  readonly method: string;
  /** As on the request line. */
  readonly target: string;
  /** Names in lower case; a list where a header is repeated. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

/** Types whose bodies a load balancer passes as text. */
const TEXT = /^(?:text\/.*|application\/(?:json|javascript|xml))(?:;|$)/i;

/** The event that a load balancer with multi-value headers makes of a request. */
export function albEvent({ method, target, headers, body }: AlbRequest): AlbEvent {
  const mark = target.indexOf('?');
  const query: Record<string, string[]> = {};
  for (const pair of mark < 0 ? [] : target.slice(mark + 1).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    query[name] = [...(query[name] ?? []), equals < 0 ? '' : pair.slice(equals + 1)];
  }
  const many: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) many[name] = typeof value === 'string' ? [value] : [...value];
  }
  const text = TEXT.test(many['content-type']?.[0] ?? '') && !many['content-encoding'];
  return {
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-north-1:1:targetgroup/x/1' } },
    httpMethod: method,
    path: mark < 0 ? target : target.slice(0, mark),
    multiValueQueryStringParameters: query,
    multiValueHeaders: many,
    body: Buffer.from(body).toString(text ? 'utf8' : 'base64'),
    isBase64Encoded: !text,
  } as AlbEvent;
}
