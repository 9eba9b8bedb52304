import type { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS, METRICS_NAMESPACE, type MetricName, SERVICE_DIMENSION } from '../ops/metric-names.ts';

/** The metrics that the product emits itself, for one deployment. */
export class ProductMetrics {
  readonly service: string;

  constructor(service: string) {
    this.service = service;
  }

  of(name: MetricName, statistic: string, period: Duration): cloudwatch.Metric {
    return this.#metric(name, statistic, period, {});
  }

  /** One value of the metric's second dimension. */
  by(name: MetricName, value: string, statistic: string, period: Duration): cloudwatch.Metric {
    const { by } = METRICS[name] as { readonly by?: string };
    if (!by) throw new Error(`metric ${name} has no second dimension`);
    return this.#metric(name, statistic, period, { [by]: value });
  }

  #metric(name: MetricName, statistic: string, period: Duration, more: Readonly<Record<string, string>>) {
    return new cloudwatch.Metric({
      namespace: METRICS_NAMESPACE,
      metricName: name,
      dimensionsMap: { [SERVICE_DIMENSION]: this.service, ...more },
      statistic,
      period,
    });
  }
}
