import { Annotations, type App, CfnParameter, type Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { SslPolicy } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { TABLES } from '../store/dynamo/traits.ts';
import type { TableName } from '../store/ports.ts';
import type { Context } from './context.ts';
import { optionProps } from './context-options.ts';
import { DirectPushDataStack } from './data-stack.ts';
import { DirectPushStack } from './endpoint-stack.ts';
import type { AuthenticationProps, DirectPushProps, DirectPushStorage } from './props.ts';

export interface Stacks {
  readonly data: DirectPushDataStack;
  readonly endpoint: DirectPushStack;
}

/** Both stacks from context values; what an account needs to be known for is given by `env`. */
export function makeStacks(
  app: App,
  context: Context,
  env: { readonly account?: string; readonly region?: string } = {},
): Stacks {
  const data = new DirectPushDataStack(app, `${context.stackName}-Data`, { env });
  const endpoint = new DirectPushStack(app, context.stackName, (stack) => properties(stack, context, data), { env });
  if (isExample(context.hostName)) {
    Annotations.of(endpoint).addWarningV2(
      'direct-push:example',
      `${context.hostName} is an example and cannot be deployed: write your own name into cdk.context.json, {"direct-push:hostName": "eas.your-domain.tld"}`,
    );
    for (const stack of [data, endpoint]) refuseToDeploy(stack, context.hostName);
  }
  return { data, endpoint };
}

/** What is synthesised when no name was given. */
export const EXAMPLE_HOST = 'eas.example.com';
/** Names that nobody can own (RFC 2606). */
export function isExample(hostName: string): boolean {
  return /(^|\.)example(\.(com|net|org))?$/.test(hostName);
}

/**
 * Whoever forgets the settings of a running system must not turn it into an example. The template is one to look at: it
 * has a parameter without a default, which the CDK and CloudFormation want to be given, and which no value fits.
 */
function refuseToDeploy(stack: Stack, hostName: string): void {
  new CfnParameter(stack, 'GiveYourOwnHostName', {
    description: `${hostName} is an example: write direct-push:hostName into cdk.context.json (docs/deploy.md)`,
    allowedPattern: '[^\\s\\S]',
    constraintDescription: `not be given: write direct-push:hostName into cdk.context.json instead of ${hostName}`,
  });
}

function properties(stack: Stack, context: Context, storage: DirectPushStorage): DirectPushProps {
  const { certificateArn, hostedZoneId, hostedZoneName, vpcId, alarmTopicArn, alarmEmail } = context;
  return {
    hostName: context.hostName,
    storage: tablesOf(stack, context, storage),
    transport: context.transport,
    highAvailability: context.highAvailability,
    holder: holder(context),
    mail: context.mail && {
      mxRecord: context.mxRecord,
      createIdentities: context.createIdentities,
      relayOwnDomains: context.relayOwnDomains,
      ...(context.unknownRecipients && { unknownRecipients: context.unknownRecipients }),
      ...(context.harmfulMail && { harmful: context.harmfulMail }),
      ...(context.mailDomains && { domains: context.mailDomains }),
    },
    ...optionProps(context),
    waf: context.requestsPerAddress ? { requestsPerAddress: context.requestsPerAddress } : context.waf,
    tracing: context.tracing,
    ...(context.tls === 'legacy' && { sslPolicy: SslPolicy.LEGACY }),
    ...(certificateArn && { certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', certificateArn) }),
    ...(hostedZoneId &&
      hostedZoneName && {
        hostedZone: route53.PublicHostedZone.fromPublicHostedZoneAttributes(stack, 'Zone', {
          hostedZoneId,
          zoneName: hostedZoneName,
        }),
      }),
    ...(vpcId && { vpc: ec2.Vpc.fromLookup(stack, 'Vpc', { vpcId }) }),
    ...(alarmEmail && { alarmEmail }),
    ...(alarmTopicArn && { alarmTopic: sns.Topic.fromTopicArn(stack, 'AlarmTopic', alarmTopicArn) }),
    ...(context.canarySecretArn && { canary: { account: secretOf(stack, context.canarySecretArn) } }),
    authentication: authentication(context),
    ...(context.logRetentionDays && { logRetention: retention(context.logRetentionDays) }),
  };
}

/** Tables that were made otherwise, as by recovery to an earlier moment; what else is stored stays. */
function tablesOf(stack: Stack, { tablePrefix, mailboxesStreamArn }: Context, storage: DirectPushStorage) {
  if (!tablePrefix) return storage;
  const tables = Object.fromEntries(
    TABLES.map((name) => {
      const tableStreamArn = name === 'mailboxes' ? mailboxesStreamArn : undefined;
      const attributes = { tableName: `${tablePrefix}${name}`, ...(tableStreamArn && { tableStreamArn }) };
      return [name, dynamodb.Table.fromTableAttributes(stack, `Table-${name}`, attributes)];
    }),
  ) as Record<TableName, dynamodb.ITable>;
  const { bucket, recoveryKey } = storage;
  return { tables, bucket, ...(recoveryKey && { recoveryKey }) };
}

/** An ARN from the console has six characters at its end that a name does not tell. */
function secretOf(stack: Stack, arn: string): secretsmanager.ISecret {
  return /-[A-Za-z0-9]{6}$/.test(arn)
    ? secretsmanager.Secret.fromSecretCompleteArn(stack, 'CanaryAccount', arn)
    : secretsmanager.Secret.fromSecretPartialArn(stack, 'CanaryAccount', arn);
}

function authentication({ authUrl, oidcIssuer, oidcAudience }: Context): AuthenticationProps {
  return {
    ...(authUrl && { url: authUrl }),
    ...(oidcIssuer && oidcAudience && { oidc: { issuer: oidcIssuer, audience: oidcAudience } }),
  };
}

function holder(context: Context): DirectPushProps['holder'] {
  return {
    ...(context.image && { image: ecs.ContainerImage.fromRegistry(context.image) }),
    ...(context.taskCpu && { cpu: context.taskCpu }),
    ...(context.taskMemoryMiB && { memoryMiB: context.taskMemoryMiB }),
    ...(context.minTasks && { minTasks: context.minTasks }),
    ...(context.maxTasks && { maxTasks: context.maxTasks }),
  };
}

/** @throws RangeError for a number of days that CloudWatch does not know */
function retention(days: number): RetentionDays {
  if (RetentionDays[days] === undefined)
    throw new RangeError(`logRetentionDays: CloudWatch keeps no logs for ${days} days`);
  return days as RetentionDays;
}
