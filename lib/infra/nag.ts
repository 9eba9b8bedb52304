/**
 * What cdk-nag's AwsSolutions rules find and is meant to be so, each with its reason. The acknowledgements sit on the
 * constructs, so that they hold in every stack that uses them.
 */
import { Reference, Stack, Tokenization, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

function acknowledge(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(reasons)) {
    Validations.of(scope).acknowledge({ id: `AwsSolutions-${id}`, reason });
  }
}

export function acknowledgeData(scope: IConstruct): void {
  acknowledge(scope, {
    S1: 'Objects are reached by roles of this deployment alone; CloudTrail data events tell of them where a team wants that, without a second bucket of logs that name mailboxes.',
  });
}

export function acknowledgeSecret(scope: IConstruct): void {
  acknowledge(scope, {
    SMG4: 'What the key sealed opens with it alone: a rotation would lose every recovery password that a device told.',
  });
}

export function acknowledgeInbound(scope: IConstruct): void {
  acknowledge(scope, { S1: 'Messages pass through and expire; SES, ingest and their metrics tell of each.' });
}

/** The CDK's own function that sets notifications of a bucket; it exists once in a stack. */
export function acknowledgeNotifications(scope: IConstruct): void {
  const handler = Stack.of(scope).node.children.find(({ node }) => node.id.startsWith('BucketNotificationsHandler'));
  if (!handler) return;
  acknowledge(handler, {
    'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
      'A function of the CDK itself, run when deploying, whose role cannot be given.',
  });
}

export function acknowledgeFunction(
  scope: IConstruct,
  needs: { readonly stream: boolean; readonly inside: boolean; readonly tracing: boolean },
): void {
  const why = [
    needs.stream && 'dynamodb:ListStreams knows no resource',
    needs.inside && 'Lambda makes network interfaces, whose names nobody knows before',
    needs.tracing && 'X-Ray takes segments without a resource',
  ].filter((reason) => reason !== false);
  if (why.length > 0) acknowledge(scope, { 'IAM5[Resource::*]': `${why.join('; ')}.` });
}

export function acknowledgeHolder(scope: IConstruct): void {
  acknowledge(scope, {
    ECS2: 'The environment carries names of tables and buckets and no secret.',
    ECS4: 'Container Insights costs more than the idle service; the metrics that matter are emitted by the tasks.',
    'IAM5[Resource::*]': 'ecr:GetAuthorizationToken knows no resource.',
  });
}

export function acknowledgeNetwork(scope: IConstruct): void {
  acknowledge(scope, {
    EC23: 'Phones come from everywhere; allowedCidrs narrows it.',
    VPC7: 'Flow logs would cost more than the traffic tells; a team that must have them brings its VPC.',
  });
}

export function acknowledgeBalancer(scope: IConstruct, traits: { readonly logs: boolean }): void {
  if (traits.logs) return;
  acknowledge(scope, {
    ELB2: 'The query of every request names a user and a device; accessLogBucket switches the logs on for those who want them.',
  });
}

export function acknowledgeFailures(scope: IConstruct): void {
  acknowledge(scope, {
    SQS3: 'The queue is the failure destination of a function: what it holds has nowhere further to go, and an alarm watches it.',
  });
}

export function acknowledgeSocket(scope: IConstruct): void {
  acknowledge(scope, {
    APIG4:
      'A WebSocket API authorises when connecting, which needs a signature; the other routes belong to connections that have it.',
    APIG1:
      'Access logs need a role for the whole account that may not be there; the socket function logs each connection.',
  });
}

/** Customer keys: the CDK's grants name families of actions. */
export function acknowledgeKeys(scope: IConstruct): void {
  const reason = 'Both actions of the family encrypt under this one key, and no other.';
  acknowledge(scope, { 'IAM5[Action::kms:GenerateDataKey*]': reason, 'IAM5[Action::kms:ReEncrypt*]': reason });
}

/** A statement of `role` on `<arn><suffix>`. The finding's id has the resource as the template has it. */
export function acknowledgeWildcard(role: IConstruct, arn: string, suffix: string, reason: string): void {
  acknowledge(role, { [`IAM5[Resource::${inTemplate(role, arn)}${suffix}]`]: reason });
}

/** As the rules flatten it: `<Id>`, `<Id.Attribute>`, the name of an import. */
function inTemplate(scope: IConstruct, text: string): string {
  const stack = Stack.of(scope);
  const { firstToken, length } = Tokenization.reverseString(text);
  if (length === 1 && Reference.isReference(firstToken)) {
    const other = Stack.of(firstToken.target);
    // The same export that the reference makes by itself when the templates are written.
    if (other !== stack) return flatten(stack.resolve(other.exportValue(firstToken)));
  }
  return flatten(stack.resolve(text));
}

function flatten(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, argument] = []] = Object.entries(value);
  if (name === 'Ref') return `<${argument}>`;
  if (name === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (name === 'Fn::ImportValue') return flatten(argument);
  if (name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map(flatten).join(separator);
  }
  return JSON.stringify(value);
}
