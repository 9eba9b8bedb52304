import { type Clock, systemClock } from '../ops/clock.ts';
import type { CloudConfig } from '../ops/config.ts';
import { createLog, type Log } from '../ops/log.ts';
import { createMetrics, type Metrics } from '../ops/metrics.ts';
import { measuredLog } from './measured-log.ts';

export const BASE_CONFIG = ['service', 'logLevel'] as const;

/** What every process on AWS has. */
export interface Base {
  readonly clock: Clock;
  /** One JSON line per event on standard output, where the log service picks it up. */
  readonly log: Log;
  readonly metrics: Metrics;
}

export function openBase(config: Pick<CloudConfig, (typeof BASE_CONFIG)[number]>): Base {
  const clock = systemClock;
  const metrics = createMetrics(config.service, clock, (line) => process.stdout.write(`${line}\n`));
  // Written at once: a Lambda may be stopped as soon as it has answered.
  const log = createLog(config.logLevel, { descriptor: 1, sync: true });
  return { clock, log: measuredLog(log, metrics), metrics };
}
