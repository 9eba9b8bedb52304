import { LANE_COOKIE_SET } from '../http/lane.ts';
import type { EasResponse, Held } from '../http/types.ts';
import { type Clock, sleep } from '../ops/clock.ts';
import { newId } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';
import type { Metrics } from '../ops/metrics.ts';
import { type Tracer, traced } from '../ops/tracer.ts';
import type { Holder, HoldSpec, Outcome } from '../push/types.ts';
import { limit } from '../store/limits.ts';

export interface BriefHolderDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracer?: Tracer;
  /** Milliseconds. Default 2 s: what keeps a client that knows no cookies from asking without a pause. */
  readonly waitMs?: number;
}

/**
 * What a Lambda does with a request that would wait: it is paid by the second, so it looks, waits for a moment, looks
 * again, and answers as if the time had ended, with the cookie that takes the client to the other lane from now on.
 * Nothing is registered, and nobody wakes it.
 */
export function createBriefHolder(deps: BriefHolderDeps): Holder {
  const waitMs = limit('waitMs', deps.waitMs ?? 2000, 0, 20_000);
  return {
    held: 0,
    hold: (spec, encode) => briefly(deps, waitMs, spec, encode),
    wake() {},
    receive() {},
    recheck() {},
    async drain() {},
    async close() {},
  };
}

function briefly<T>(
  { clock, log, metrics, tracer }: BriefHolderDeps,
  waitMs: number,
  spec: HoldSpec<T>,
  encode: (value: T) => EasResponse,
): Held {
  const now = clock.now();
  const deadline = Math.min(spec.deadline, now + waitMs);
  const gone = new AbortController();
  const key = newId(now);

  const look = () => traced(tracer, 'look', () => spec.look());

  async function outcome(): Promise<Outcome> {
    try {
      const first = told(await look());
      if (first.kind !== 'expired') return first;
      await sleep(clock, Math.max(0, deadline - clock.now()), gone.signal);
      return told(await look());
    } catch (error) {
      log.warn('hold-trouble', { stage: 'look', ...errorFields(error) });
      return { kind: 'failed' };
    }
  }

  async function answer(): Promise<EasResponse> {
    const response = encode(await spec.answer(await outcome()));
    metrics.add('LaneChanges', 1);
    return { ...response, headers: { ...response.headers, 'Set-Cookie': LANE_COOKIE_SET } };
  }

  return {
    kind: 'held',
    key,
    deadline,
    complete(sink) {
      answer().then(
        (response) => gone.signal.aborted || sink(response),
        (error) => {
          log.error('hold-answer', { key, ...errorFields(error) });
          if (!gone.signal.aborted) sink({ status: 503, headers: { 'Retry-After': '30' }, body: new Uint8Array(0) });
        },
      );
    },
    abandon: () => gone.abort(new Error('the client went away')),
  };
}

function told({ now, later, hierarchy }: Awaited<ReturnType<HoldSpec<unknown>['look']>>): Outcome {
  if (hierarchy) return { kind: 'hierarchy' };
  return now.length > 0 ? { kind: 'changes', folders: [...now, ...later] } : { kind: 'expired', folders: later };
}
