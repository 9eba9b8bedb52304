import { Annotations, Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { type AlarmSpec, alarmSpecs, type Watched } from './alarms.ts';
import { dashboardWidgets } from './dashboard.ts';
import type { DirectPushProps, Severity } from './props.ts';

export interface ObservabilityProps extends Watched {
  readonly alarmTopic?: sns.ITopic;
  readonly alarmTopics?: DirectPushProps['alarmTopics'];
  readonly alarmEmail?: string;
  readonly encryptionKey?: kms.IKey;
}

/** Where the runbook is read; each alarm's description ends with its heading there. */
const RUNBOOK = 'docs/runbook.md';

/** The dashboard that answers "is mail being pushed?", and the alarms. */
export class Observability extends Construct {
  readonly dashboard: cloudwatch.Dashboard;
  readonly alarms: ReadonlyMap<string, cloudwatch.Alarm>;
  readonly topic: sns.ITopic | undefined;

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    this.topic = props.alarmTopic ?? this.#topicIfNeeded(props);
    const specs = alarmSpecs(props);
    this.alarms = new Map(specs.map((spec) => [spec.name, this.#alarm(spec, props)]));
    const service = props.metrics.service;
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      // Dashboards are the account's, whatever the region: two deployments of one name would meet in one dashboard.
      ...(!Token.isUnresolved(service) && { dashboardName: `${service}-${Stack.of(this).region}` }),
      defaultInterval: Duration.hours(12),
      widgets: dashboardWidgets(props, [...this.alarms.values()]),
    });
    this.dashboard.applyRemovalPolicy(RemovalPolicy.DESTROY);
  }

  get dashboardUrl(): string {
    const { region, urlSuffix } = Stack.of(this);
    const host = urlSuffix === 'amazonaws.com.cn' ? 'console.amazonaws.cn' : 'console.aws.amazon.com';
    return `https://${region}.${host}/cloudwatch/home?region=${region}#dashboards/dashboard/${this.dashboard.dashboardName}`;
  }

  #alarm(spec: AlarmSpec, props: ObservabilityProps): cloudwatch.Alarm {
    const below = spec.bad === 'below';
    const alarm = new cloudwatch.Alarm(this, spec.name, {
      alarmName: `${props.metrics.service}-${spec.severity}-${spec.name}`,
      alarmDescription: `${spec.meaning} ${RUNBOOK}#${spec.name.toLowerCase()}`,
      metric: spec.metric,
      threshold: spec.threshold,
      comparisonOperator: below
        ? cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        : cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: spec.periods,
      treatMissingData: spec.silenceIsBad
        ? cloudwatch.TreatMissingData.BREACHING
        : cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    const topic = this.#topicFor(spec.severity, props);
    if (topic) {
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    }
    return alarm;
  }

  /** Notices wait on the dashboard unless somebody asked for them. */
  #topicFor(severity: Severity, props: ObservabilityProps): sns.ITopic | undefined {
    return props.alarmTopics?.[severity] ?? (severity === 'notice' ? undefined : this.topic);
  }

  #topicIfNeeded(props: ObservabilityProps): sns.ITopic | undefined {
    if (props.alarmTopics?.critical && props.alarmTopics.warning) return undefined;
    const topic = new sns.Topic(this, 'Alarms', {
      enforceSSL: true,
      ...(props.encryptionKey && { masterKey: props.encryptionKey }),
    });
    // `enforceSSL` writes a policy, and any policy replaces the default one, which is all that lets alarms publish.
    topic.addToResourcePolicy(this.#alarmsMay(['sns:Publish'], topic.topicArn));
    if (props.encryptionKey) this.#openKey(props.encryptionKey);
    if (props.alarmEmail) topic.addSubscription(new EmailSubscription(props.alarmEmail));
    else {
      Annotations.of(this).addWarningV2(
        'direct-push:alarms',
        'nobody is told of alarms: give alarmEmail or a topic of yours, or subscribe to the topic that is made',
      );
    }
    return topic;
  }

  /** What alarms of this account, and nobody else through CloudWatch, may do. */
  #alarmsMay(actions: readonly string[], resource: string): iam.PolicyStatement {
    return new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: [...actions],
      resources: [resource],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
    });
  }

  /** CloudWatch publishes to an encrypted topic with rights of its own on the key. */
  #openKey(key: kms.IKey): void {
    const { statementAdded } = key.addToResourcePolicy(
      this.#alarmsMay(['kms:Decrypt', 'kms:GenerateDataKey*'], '*'),
      true,
    );
    if (statementAdded) return;
    Annotations.of(this).addWarningV2(
      'direct-push:alarm-key',
      'the policy of the encryption key is not written here: it must let cloudwatch.amazonaws.com use kms:Decrypt and kms:GenerateDataKey*, or no alarm reaches anybody',
    );
  }
}
