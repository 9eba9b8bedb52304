import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { ThrottleReason } from '../identity/types.ts';
import type { Watched } from './alarms.ts';

const FIVE = Duration.minutes(5);
const HALF = 12;
const FULL = 24;
/** What ends a wait; `sweep` should be next to nothing. */
const CAUSES = ['fast-path', 'feed', 'sweep', 'reconnect'] as const;

/** What a device is told that asks too much (`X-MS-ASThrottle`). */
const REASONS: readonly ThrottleReason[] = ['RecentCommands', 'SyncCommands', 'CommandFrequency', 'UserAgentChanges'];

/** From the question of a user to the parts that answer it, top to bottom. */
export function dashboardWidgets(watched: Watched, alarms: readonly cloudwatch.Alarm[]): cloudwatch.IWidget[][] {
  return [
    [
      new cloudwatch.TextWidget({
        width: FULL,
        height: 2,
        markdown:
          '# Is mail being pushed?\nYes, if requests are held, wakes come by `fast-path` or `feed` and hardly ever by `sweep`, and the line *commit to response* stays under a second.',
      }),
    ],
    [new cloudwatch.AlarmStatusWidget({ title: 'Alarms', width: FULL, height: 3, alarms: [...alarms] })],
    pushed(watched),
    ...(watched.canaryEvery ? [visits(watched, watched.canaryEvery)] : []),
    served(watched),
    parts(watched),
  ];
}

function pushed({ metrics }: Watched): cloudwatch.IWidget[] {
  return [
    graph('Held requests', [metrics.of('HeldRequests', 'Sum', Duration.minutes(1)).with({ label: 'all tasks' })]),
    graph(
      'Wakes by cause',
      CAUSES.map((cause) => metrics.by('Wakes', cause, 'Sum', FIVE).with({ label: cause })),
    ),
    graph(
      'Commit to response (ms)',
      ['p50', 'p99'].map((p) => metrics.of('CommitToResponse', p, FIVE).with({ label: p })),
    ),
    graph('Heartbeats asked for (s)', [
      metrics.of('Heartbeat', 'p10', FIVE).with({ label: 'p10' }),
      metrics.of('Heartbeat', 'Average', FIVE).with({ label: 'mean' }),
    ]),
  ];
}

function visits({ metrics }: Watched, every: Duration): cloudwatch.IWidget[] {
  return [
    graph('Canary: from message to phone (ms)', [
      metrics.of('CanaryPush', 'Maximum', every).with({ label: 'slowest' }),
    ]),
    graph('Canary: failed checks', [metrics.of('CanaryFailures', 'Sum', every).with({ label: 'checks' })]),
  ];
}

function served({ metrics, balancer, mailQueue }: Watched): cloudwatch.IWidget[] {
  return [
    graph('Requests and errors', [
      balancer.metrics.requestCount({ period: FIVE }),
      balancer.metrics.httpCodeElb(elb.HttpCodeElb.ELB_5XX_COUNT, { period: FIVE }),
      balancer.metrics.httpCodeTarget(elb.HttpCodeTarget.TARGET_5XX_COUNT, { period: FIVE }),
    ]),
    graph(
      'Failures, refused logins, skipped items',
      (['Failures', 'LoginsRefused', 'ItemsSkipped', 'StaleWaiters'] as const).map((name) =>
        metrics.of(name, 'Sum', FIVE),
      ),
    ),
    graph('Devices that ask too much', [
      metrics.of('Throttled', 'Sum', FIVE).with({ label: 'requests' }),
      ...REASONS.map((reason) => metrics.by('Throttled', reason, 'Sum', FIVE).with({ label: reason })),
    ]),
    graph(
      'Mail',
      (['MailDelivered', 'MailUnknownRecipient', 'MailRefused', 'MailDropped'] as const).map((name) =>
        metrics.of(name, 'Sum', FIVE),
      ),
    ),
    graph('Mail that waits to be taken in: age of the oldest (s)', [
      mailQueue.metricApproximateAgeOfOldestMessage({ period: FIVE, statistic: 'Maximum' }),
    ]),
    graph('Latency of commands (ms)', [
      metrics.of('CommandLatency', 'p50', FIVE).with({ label: 'p50' }),
      metrics.of('CommandLatency', 'p99', FIVE).with({ label: 'p99' }),
    ]),
  ];
}

function parts({ functions, holder, wake, tables }: Watched): cloudwatch.IWidget[] {
  return [
    graph(
      'Function errors',
      functions.map((fn) => fn.metricErrors({ period: FIVE, label: fn.node.scope!.node.id })),
    ),
    graph('Age of the stream (ms)', [wake.metric('IteratorAge', { period: FIVE, statistic: 'Maximum' })]),
    graph('Holder CPU and memory (%)', [
      holder.service.metricCpuUtilization({ period: FIVE }),
      holder.service.metricMemoryUtilization({ period: FIVE }),
    ]),
    graph(
      'Consumed writes',
      tables.map((table) => table.metric('ConsumedWriteCapacityUnits', { period: FIVE, statistic: 'Sum' })),
    ),
  ];
}

const graph = (title: string, left: cloudwatch.IMetric[]) =>
  new cloudwatch.GraphWidget({ title, left, width: HALF, height: 6, leftYAxis: { min: 0 } });
