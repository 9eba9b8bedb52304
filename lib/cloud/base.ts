import { type Clock, systemClock } from '../ops/clock.ts';
import type { CloudConfig } from '../ops/config.ts';
import { createLog, type Log } from '../ops/log.ts';
import { createMetrics, type Metrics } from '../ops/metrics.ts';
import type { Tracer } from '../ops/tracer.ts';
import { measuredLog } from './measured-log.ts';
import { xrayTracer } from './xray.ts';

export const BASE_CONFIG = ['service', 'logLevel', 'tracing'] as const;

/** What every process on AWS has. */
export interface Base {
  readonly clock: Clock;
  /** One JSON line per event on standard output, where the log service picks it up. */
  readonly log: Log;
  readonly metrics: Metrics;
  /** Where traces were asked for. */
  readonly tracer?: Tracer;
}

export function openBase(config: Pick<CloudConfig, (typeof BASE_CONFIG)[number]>): Base {
  const clock = systemClock;
  const metrics = createMetrics(config.service, clock, (line) => process.stdout.write(`${line}\n`));
  // Written at once: a Lambda may be stopped as soon as it has answered.
  const log = createLog(config.logLevel, { descriptor: 1, sync: true });
  const tracer = config.tracing === 'xray' ? xrayTracer(clock) : undefined;
  return { clock, log: measuredLog(log, metrics), metrics, tracer };
}
