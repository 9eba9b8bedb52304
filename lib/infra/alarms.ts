/**
 * The alarms as data: what is measured, when it is bad, how bad. Each has a heading of its name in docs/runbook.md,
 * and a test compares the two.
 */
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { HolderService } from './holder.ts';
import type { ProductMetrics } from './metrics.ts';
import type { Severity } from './props.ts';

export interface Watched {
  readonly metrics: ProductMetrics;
  readonly balancer: elb.ApplicationLoadBalancer;
  readonly holder: HolderService;
  readonly functions: readonly lambda.Function[];
  readonly wake: lambda.Function;
  readonly tables: readonly dynamodb.ITable[];
  readonly wakeFailures: sqs.Queue;
  readonly mailQueue: sqs.Queue;
  readonly mailFailures: sqs.Queue;
  /** Of the certificate that is served. */
  readonly certificateArn: string;
  /** Between two visits of the canary, where there is one. */
  readonly canaryEvery?: Duration;
}

export interface AlarmSpec {
  readonly name: string;
  readonly severity: Severity;
  /** What it means for those who have phones. */
  readonly meaning: string;
  readonly metric: cloudwatch.IMetric;
  readonly threshold: number;
  /** `below`: bad when the value is less than the threshold. Default `above`, which includes it. */
  readonly bad?: 'above' | 'below';
  /** Periods in which it must be bad, of as many. */
  readonly periods: number;
  /** No data is bad, too. Default false. */
  readonly silenceIsBad?: boolean;
}

const MINUTE = Duration.minutes(1);
const FIVE = Duration.minutes(5);
const HOUR = Duration.hours(1);

export function alarmSpecs(watched: Watched): readonly AlarmSpec[] {
  return [...critical(watched), ...visits(watched), ...warnings(watched), ...notices(watched)];
}

/** Two visits in a row that failed, or that did not take place. */
function visits({ metrics, canaryEvery }: Watched): readonly AlarmSpec[] {
  if (!canaryEvery) return [];
  return [
    {
      name: 'CanaryFailed',
      severity: 'critical',
      meaning: 'A phone from outside cannot do what phones do: log in, synchronise, be told of a message.',
      metric: metrics.of('CanaryFailures', 'Maximum', canaryEvery),
      threshold: 1,
      periods: 2,
      silenceIsBad: true,
    },
  ];
}

function critical({ holder, balancer, wake, mailQueue, mailFailures }: Watched): readonly AlarmSpec[] {
  return [
    {
      name: 'NoHolder',
      severity: 'critical',
      meaning: 'No task can hold a Ping: nothing is pushed, and most requests fail.',
      metric: holder.targetGroup.metrics.healthyHostCount({ period: MINUTE, statistic: 'Minimum' }),
      threshold: 1,
      bad: 'below',
      periods: 3,
      silenceIsBad: true,
    },
    {
      name: 'EndpointErrors',
      severity: 'critical',
      meaning: 'More than five in a hundred requests end with a 5xx: phones back off and fall behind.',
      metric: errorRate(balancer),
      threshold: 5,
      periods: 2,
    },
    {
      name: 'WakeStalled',
      severity: 'critical',
      meaning: 'The stream is more than a minute behind: changes reach phones by the five-minute sweep alone.',
      metric: wake.metric('IteratorAge', { period: MINUTE, statistic: 'Maximum' }),
      threshold: 60_000,
      periods: 3,
    },
    {
      name: 'MailLate',
      severity: 'critical',
      meaning: 'A message was accepted from the internet ten minutes ago and is not in a mailbox.',
      metric: mailQueue.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: 'Maximum' }),
      threshold: 600,
      periods: 1,
    },
    {
      name: 'MailNotTaken',
      severity: 'critical',
      meaning: 'A message was accepted from the internet, is not in a mailbox, and is no longer tried.',
      metric: mailFailures.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'Maximum' }),
      threshold: 1,
      periods: 1,
    },
  ];
}

function warnings(watched: Watched): readonly AlarmSpec[] {
  const { metrics, holder, functions, tables, wakeFailures, certificateArn } = watched;
  return [
    {
      name: 'WakeSlow',
      severity: 'warning',
      meaning: 'One in a hundred changes takes more than five seconds to reach the phone that waits for it.',
      metric: metrics.of('CommitToResponse', 'p99', FIVE),
      threshold: 5000,
      periods: 3,
    },
    {
      name: 'WakeLost',
      severity: 'warning',
      meaning: 'The sweep finds what a wake should have told: the wake path loses some.',
      metric: metrics.by('Wakes', 'sweep', 'Sum', FIVE),
      threshold: 20,
      periods: 3,
    },
    {
      name: 'WakeFailures',
      severity: 'warning',
      meaning: 'A batch of the stream was given up after its retries.',
      metric: wakeFailures.metricApproximateNumberOfMessagesVisible({ period: FIVE, statistic: 'Maximum' }),
      threshold: 1,
      periods: 1,
    },
    {
      name: 'FunctionErrors',
      severity: 'warning',
      meaning: 'A function fails instead of answering.',
      metric: total(functions.map((fn) => fn.metricErrors({ period: FIVE }))),
      threshold: 5,
      periods: 3,
    },
    {
      name: 'FunctionsThrottled',
      severity: 'warning',
      meaning: 'Functions are refused: the account runs as many at once as it may.',
      metric: total(functions.map((fn) => fn.metricThrottles({ period: FIVE }))),
      threshold: 5,
      periods: 3,
    },
    {
      name: 'TablesThrottled',
      severity: 'warning',
      meaning: 'DynamoDB refuses requests: a mailbox is busier than one partition, or the account has a limit.',
      metric: total(
        tables.flatMap((table) =>
          ['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) =>
            table.metric(name, { period: FIVE, statistic: 'Sum' }),
          ),
        ),
      ),
      threshold: 50,
      periods: 3,
    },
    {
      name: 'HolderFull',
      severity: 'warning',
      meaning: 'A task holds nearly as many requests as it can, and scaling did not help.',
      metric: metrics.of('HeldRequests', 'Maximum', MINUTE),
      threshold: Math.floor(holder.capacity * 0.9),
      periods: 10,
    },
    {
      name: 'HolderMemory',
      severity: 'warning',
      meaning:
        'A task is close to being killed for its memory, and the phones that it holds would connect again at once.',
      metric: holder.service.metricMemoryUtilization({ period: MINUTE, statistic: 'Maximum' }),
      threshold: 90,
      periods: 5,
    },
    {
      name: 'CertificateExpires',
      severity: 'warning',
      meaning: 'The certificate ends within three weeks and was not renewed: its validation record is gone.',
      metric: new cloudwatch.Metric({
        namespace: 'AWS/CertificateManager',
        metricName: 'DaysToExpiry',
        dimensionsMap: { CertificateArn: certificateArn },
        period: Duration.days(1),
        statistic: 'Minimum',
      }),
      threshold: 21,
      bad: 'below',
      periods: 1,
    },
  ];
}

function notices({ metrics }: Watched): readonly AlarmSpec[] {
  return [
    {
      name: 'HeartbeatShort',
      severity: 'notice',
      meaning: 'Phones ask for heartbeats under nine minutes: a firewall on their way cuts Pings, which costs battery.',
      metric: metrics.of('Heartbeat', 'Average', HOUR),
      threshold: 540,
      bad: 'below',
      periods: 3,
    },
    {
      name: 'LoginsRefused',
      severity: 'notice',
      meaning: 'Many logins are refused: a changed password, or somebody guesses.',
      metric: metrics.of('LoginsRefused', 'Sum', FIVE),
      threshold: 200,
      periods: 3,
    },
    {
      name: 'ItemsSkipped',
      severity: 'notice',
      meaning: 'Items could not be rendered and were left out of a Sync.',
      metric: metrics.of('ItemsSkipped', 'Sum', HOUR),
      threshold: 10,
      periods: 1,
    },
    {
      name: 'StaleWaiters',
      severity: 'notice',
      meaning: 'Tasks went away without a word, and their registrations were found by wakes.',
      metric: metrics.of('StaleWaiters', 'Sum', FIVE),
      threshold: 500,
      periods: 3,
    },
  ];
}

/** Of a hundred requests, in minutes with enough of them to tell. */
function errorRate(balancer: elb.ApplicationLoadBalancer): cloudwatch.MathExpression {
  const { metrics } = balancer;
  return new cloudwatch.MathExpression({
    expression: 'IF(requests > 20, 100 * (FILL(balancer, 0) + FILL(targets, 0)) / requests, 0)',
    label: '5xx of 100 requests',
    period: FIVE,
    usingMetrics: {
      requests: metrics.requestCount({ period: FIVE }),
      balancer: metrics.httpCodeElb(elb.HttpCodeElb.ELB_5XX_COUNT, { period: FIVE }),
      targets: metrics.httpCodeTarget(elb.HttpCodeTarget.TARGET_5XX_COUNT, { period: FIVE }),
    },
  });
}

/** One number of several; an alarm takes at most ten. */
function total(metrics: readonly cloudwatch.IMetric[]): cloudwatch.MathExpression {
  const used = Object.fromEntries(metrics.map((metric, n) => [`m${n}`, metric]));
  return new cloudwatch.MathExpression({
    expression: `SUM([${Object.keys(used)
      .map((name) => `FILL(${name}, 0)`)
      .join(', ')}])`,
    label: 'total',
    period: FIVE,
    usingMetrics: used,
  });
}
