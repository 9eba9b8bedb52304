import type { Clock } from './clock.ts';
import { METRICS, METRICS_NAMESPACE, type MetricName, SERVICE_DIMENSION } from './metric-names.ts';

/** Figures for the dashboard and the alarms. Never throws, never waits. */
export interface Metrics {
  /** `by`: value of the metric's own dimension, where it has one. */
  add(name: MetricName, value: number, by?: string): void;
  /** Writes what was added since. */
  flush(): void;
}

export const noMetrics: Metrics = { add() {}, flush() {} };

/** CloudWatch takes this many values of one metric in one line. */
const VALUES = 100;
/** Enough for any Lambda; a task flushes by time. */
const LINES = 64;

interface Series {
  readonly name: MetricName;
  readonly by: string | undefined;
  readonly values: number[];
}

/**
 * Writes figures as lines of CloudWatch's embedded metric format, which the log service turns into metrics: no call, no
 * waiting, no rights. Values of one metric are gathered until `flush`, so that many requests make one line.
 */
export function createMetrics(service: string, clock: Clock, write: (line: string) => void): Metrics {
  const series = new Map<string, Series>();
  const flush = () => {
    const now = clock.now();
    for (const one of series.values()) write(lineOf(service, now, one));
    series.clear();
  };
  return {
    add(name, value, by) {
      if (!Number.isFinite(value)) return;
      const key = `${name}\n${by ?? ''}`;
      const one = series.get(key) ?? { name, by, values: [] };
      series.set(key, one);
      one.values.push(value);
      if (one.values.length >= VALUES) {
        write(lineOf(service, clock.now(), one));
        series.delete(key);
      }
      if (series.size >= LINES) flush();
    },
    flush,
  };
}

function lineOf(service: string, now: number, { name, by, values }: Series): string {
  const traits: { readonly unit: string; readonly by?: string } = METRICS[name];
  const own = by !== undefined ? traits.by : undefined;
  return JSON.stringify({
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: METRICS_NAMESPACE,
          // Each alone as well, because an alarm cannot sum over a dimension.
          Dimensions: own ? [[SERVICE_DIMENSION], [SERVICE_DIMENSION, own]] : [[SERVICE_DIMENSION]],
          Metrics: [{ Name: name, Unit: traits.unit }],
        },
      ],
    },
    [SERVICE_DIMENSION]: service,
    ...(own && { [own]: by }),
    [name]: values.length === 1 ? values[0] : values,
  });
}
