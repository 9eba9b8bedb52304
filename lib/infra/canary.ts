import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { CLOUD_ENV } from '../ops/cloud-env.ts';
import { grantSecret } from './permissions.ts';
import type { CanaryProps } from './props.ts';

/** Seconds that a Ping is held: long enough for a hop that cuts early, short enough to be paid for every visit. */
const HOLD_SECONDS = 20;
const MINUTES = { least: 5, usual: 15, most: 60 } as const;

/** The doctor, on a schedule. It comes from the internet, as phones do: the function is in no VPC. */
export class Canary extends Construct {
  /** Between two visits. */
  readonly every: Duration;

  /** @throws RangeError for times that cannot be */
  constructor(scope: Construct, id: string, fn: lambda.Function, props: CanaryProps) {
    super(scope, id);
    this.every = Duration.minutes(within('everyMinutes', props.everyMinutes ?? MINUTES.usual, MINUTES));
    const hold = within('holdSeconds', props.holdSeconds ?? HOLD_SECONDS, { least: 1, most: 120 });
    fn.addEnvironment(CLOUD_ENV.canarySecret, props.account.secretArn);
    fn.addEnvironment(CLOUD_ENV.canaryHold, String(hold));
    grantSecret(fn.role!, props.account);
    // A visit that failed is not made up for: the next one comes.
    fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    new events.Rule(this, 'Schedule', {
      description: 'Direct Push: visits of the canary',
      schedule: events.Schedule.rate(this.every),
      targets: [new LambdaFunction(fn, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    });
  }
}

function within(
  name: string,
  value: number,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`canary: ${name} ${value} is not between ${least} and ${most}`);
}
