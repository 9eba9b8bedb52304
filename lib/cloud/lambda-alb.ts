import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { type AlbEvent, type AlbResult, fromAlb, toAlb } from '../http/alb.ts';
import type { EasResponse, Handler, Held } from '../http/types.ts';
import { errorFields } from '../ops/log.ts';
import type { FastPath } from '../push/fast-path.ts';
import type { Base } from './base.ts';

/** What a Lambda behind the load balancer does with a request. */
export interface LambdaHost extends Base {
  readonly handler: Handler;
  readonly fastPath?: FastPath;
}

/** Left for the answer when the time of a function is nearly over. */
const SPARE_MS = 1500;
/** How long an answer waits for wakes that are still to be posted; the stream brings them anyway. */
const WAKE_MS = 500;

/** A Lambda that answers a load balancer. Opened while the function is still starting, where time costs nothing. */
export function albFunction(opening: Promise<LambdaHost>) {
  return middy<AlbEvent, AlbResult>({
    timeoutEarlyInMillis: SPARE_MS,
    timeoutEarlyResponse: () => BUSY,
  })
    .after(async () => {
      const { fastPath, metrics } = await opening;
      await fastPath?.settled(WAKE_MS);
      metrics.flush();
    })
    .onError(async (request) => {
      const { log, metrics } = await opening;
      log.error('lambda', errorFields(request.error));
      metrics.add('Failures', 1, 'unexpected');
      metrics.flush();
      // Never 500 or 502: a phone answers several of them by downloading everything again.
      request.response = BUSY;
    })
    .handler(async (event: AlbEvent, _context: Context, { signal }: { signal: AbortSignal }) => {
      const { handler, metrics } = await opening;
      const { result, tooLarge } = await toAlb(event, await answered(await handler(fromAlb(event), signal)));
      if (tooLarge) metrics.add('LaneChanges', 1);
      return result;
    });
}

const BUSY: AlbResult = {
  statusCode: 503,
  statusDescription: '503 Service Unavailable',
  headers: { 'Retry-After': '30' },
  multiValueHeaders: { 'Retry-After': ['30'] },
  body: '',
  isBase64Encoded: false,
};

function answered(answer: EasResponse | Held): EasResponse | Promise<EasResponse> {
  return 'kind' in answer ? new Promise((resolve) => answer.complete(resolve)) : answer;
}
