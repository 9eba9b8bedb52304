/** What the emulated parts of AWS obey: the synthesised template, not a copy of what it should say. */
import type { Template } from 'aws-cdk-lib/assertions';
import { FUNCTION_NAMES, FUNCTIONS, type FunctionName } from '../../../lib/infra/catalogue.ts';
import type { WakeTransportName } from '../../../lib/infra/props.ts';
import { CLOUD_ENV, type CloudEnvName } from '../../../lib/ops/cloud-env.ts';
import { only, type Properties, resources, type Statement, statementsOf, synthApp } from '../../infra/support.ts';

export interface ListenerRule {
  readonly priority: number;
  readonly conditions: readonly Properties[];
  readonly target: FunctionName | 'holder';
}

export interface Synthesised {
  readonly rules: readonly ListenerRule[];
  readonly idleSeconds: number;
  /** Processes of the template: some are there only when asked for. */
  readonly processes: readonly (FunctionName | 'holder')[];
  /** Environment of each process; what only CloudFormation knows is left out. */
  readonly environment: (name: FunctionName | 'holder') => Readonly<Record<string, string>>;
  /** Whether the template tells a process this, if only CloudFormation knows what. */
  readonly tells: (name: FunctionName | 'holder', what: CloudEnvName) => boolean;
  readonly timeoutMs: (name: FunctionName) => number;
  /** What the role of a process may do. */
  readonly statements: (name: FunctionName | 'holder') => readonly Statement[];
  readonly source: {
    readonly batchSize: number;
    /** Batches of one shard that are on their way at once. */
    readonly parallel: number;
    readonly windowMs: number;
    readonly bisect: boolean;
    /** Whether the function may name the record from which a batch comes again. */
    readonly partial: boolean;
    readonly start: 'LATEST' | 'TRIM_HORIZON';
    readonly retries: number;
    readonly maxAgeMs: number;
    readonly filters: readonly object[];
  };
  /** What tells `ingest` of mail. */
  readonly inbound: {
    /** Prefix of the objects of which S3 tells. */
    readonly putPrefix: string;
    /** Prefix under which SES puts its own. */
    readonly sesPrefix: string;
    readonly batchSize: number;
    readonly partial: boolean;
    readonly attempts: number;
  };
  readonly healthPath: string;
  /** Ports of a task that the wake function's security group may reach; none where it is outside. */
  readonly wakePorts: readonly number[];
}

const made = new Map<WakeTransportName, Synthesised>();

/** Synthesised once for a file of tests: it takes seconds. */
export function synthesised(transport: WakeTransportName = 'websocket'): Synthesised {
  const known = made.get(transport) ?? read(transport);
  made.set(transport, known);
  return known;
}

function read(transport: WakeTransportName): Synthesised {
  const { template } = synthApp({ transport });
  const functions = resources(template, 'AWS::Lambda::Function');
  const idOf = (name: FunctionName) =>
    Object.keys(functions).find((id) => functions[id]!.Description === `Direct Push: ${FUNCTIONS[name].description}`)!;
  const byId = new Map(FUNCTION_NAMES.map((name) => [idOf(name), name]));
  const groups = resources(template, 'AWS::ElasticLoadBalancingV2::TargetGroup');
  const targetOf = (group: string): ListenerRule['target'] => {
    if (groups[group]!.TargetType !== 'lambda') return 'holder';
    const name = byId.get(groups[group]!.Targets[0].Id['Fn::GetAtt'][0]);
    if (!name) throw new Error(`target group ${group} leads nowhere`);
    return name;
  };
  const rules = Object.values(resources(template, 'AWS::ElasticLoadBalancingV2::ListenerRule')).map((rule) => ({
    priority: rule.Priority as number,
    conditions: rule.Conditions as Properties[],
    target: targetOf(rule.Actions[0].TargetGroupArn.Ref),
  }));
  const balancer = only(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer');
  const sources = Object.values(resources(template, 'AWS::Lambda::EventSourceMapping'));
  const source = sources.find(({ ParallelizationFactor }) => ParallelizationFactor)!;
  const queue = sources.find(({ FunctionName }) => FunctionName.Ref === idOf('ingest'))!;
  const container = only(template, 'AWS::ECS::TaskDefinition').ContainerDefinitions[0];
  const variables = (name: FunctionName | 'holder'): readonly (readonly [string, unknown])[] =>
    name === 'holder'
      ? container.Environment.map(({ Name, Value }: Properties) => [Name, Value])
      : Object.entries(functions[idOf(name)]!.Environment.Variables);
  const plain = (entries: readonly (readonly [string, unknown])[]) =>
    Object.fromEntries(entries.filter((entry): entry is readonly [string, string] => typeof entry[1] === 'string'));
  const holder = Object.values(groups).find(({ TargetType }) => TargetType === 'ip')!;
  return {
    rules: rules.sort((one, other) => one.priority - other.priority),
    idleSeconds: Number(
      balancer.LoadBalancerAttributes.find(({ Key }: Properties) => Key === 'idle_timeout.timeout_seconds').Value,
    ),
    processes: [...FUNCTION_NAMES.filter((name) => idOf(name)), 'holder'],
    environment: (name) => plain(variables(name)),
    tells: (name, what) => variables(name).some(([variable]) => variable === CLOUD_ENV[what]),
    timeoutMs: (name) => functions[idOf(name)]!.Timeout * 1000,
    statements: (name) =>
      statementsOf(
        template,
        name === 'holder'
          ? only(template, 'AWS::ECS::TaskDefinition').TaskRoleArn['Fn::GetAtt'][0]
          : functions[idOf(name)]!.Role['Fn::GetAtt'][0],
      ),
    source: {
      batchSize: source.BatchSize,
      parallel: source.ParallelizationFactor,
      windowMs: source.MaximumBatchingWindowInSeconds * 1000,
      bisect: source.BisectBatchOnFunctionError,
      partial: source.FunctionResponseTypes.includes('ReportBatchItemFailures'),
      start: source.StartingPosition,
      retries: source.MaximumRetryAttempts,
      maxAgeMs: source.MaximumRecordAgeInSeconds * 1000,
      filters: source.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) => JSON.parse(Pattern)),
    },
    inbound: inboundOf(template, queue),
    healthPath: holder.HealthCheckPath,
    wakePorts: wakePorts(template, functions[idOf('wake')]!),
  };
}

function inboundOf(template: Template, source: Properties): Synthesised['inbound'] {
  const [toQueue] = only(template, 'Custom::S3BucketNotifications').NotificationConfiguration.QueueConfigurations;
  const [prefix] = toQueue.Filter.Key.FilterRules;
  const [action] = only(template, 'AWS::SES::ReceiptRule').Rule.Actions;
  const queue = source.EventSourceArn['Fn::GetAtt'][0];
  if (toQueue.QueueArn['Fn::GetAtt'][0] !== queue) throw new Error('S3 tells another queue');
  const subscription = only(template, 'AWS::SNS::Subscription');
  if (subscription.Endpoint['Fn::GetAtt'][0] !== queue || subscription.TopicArn.Ref !== action.S3Action.TopicArn.Ref) {
    throw new Error('SES tells another queue');
  }
  return {
    putPrefix: prefix.Value,
    sesPrefix: action.S3Action.ObjectKeyPrefix,
    batchSize: source.BatchSize,
    partial: source.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    attempts: resources(template, 'AWS::SQS::Queue')[queue]!.RedrivePolicy.maxReceiveCount,
  };
}

function wakePorts(template: Template, wake: Properties): readonly number[] {
  const groups: readonly Properties[] = wake.VpcConfig?.SecurityGroupIds ?? [];
  const mine = new Set(groups.map((group) => group['Fn::GetAtt'][0]));
  return Object.values(resources(template, 'AWS::EC2::SecurityGroupIngress'))
    .filter((rule) => mine.has(rule.SourceSecurityGroupId?.['Fn::GetAtt'][0]))
    .map((rule) => rule.FromPort as number);
}

/** Variables that CloudFormation fills in: names of what the test made instead. */
export function filledIn(made: Partial<Record<CloudEnvName, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(made).map(([name, value]) => [CLOUD_ENV[name as CloudEnvName], value]));
}
