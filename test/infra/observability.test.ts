import { readFileSync } from 'node:fs';
import type { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../lib/ops/metric-names.ts';
import { ALARM_METRICS, METRIC_NAMES, METRIC_VALUES } from '../../tools/cost-model.ts';
import { HOST, only, type Properties, resources, synthApp, synthConstruct } from './support.ts';

const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:canary-AbC123';
const { template, endpoint } = synthApp({ alarmEmail: 'ops@acme.test', canarySecretArn: SECRET });
const alarms = Object.values(resources(template, 'AWS::CloudWatch::Alarm'));
const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
const [, SEVERITY, NAME] = [0, 1, 2];
const part = (alarm: Properties, n: number) => alarm.AlarmName.split('-')[n] as string;

describe('alarms', () => {
  it('are of three severities', () => {
    expect(new Set(alarms.map((alarm) => part(alarm, SEVERITY!)))).toEqual(new Set(['critical', 'warning', 'notice']));
  });

  it('have a heading in the runbook each, and the runbook has no others', () => {
    const headings = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(headings.sort()).toEqual(alarms.map((alarm) => part(alarm, NAME!)).sort());
  });

  it('stand in the runbook under their severity', () => {
    const sections = runbook.split(/^## /m).slice(1);
    for (const alarm of alarms) {
      const section = sections.find((text) => text.includes(`### ${part(alarm, NAME!)}\n`))!;
      expect(section.split('\n')[0]!.toLowerCase(), alarm.AlarmName).toBe(part(alarm, SEVERITY!));
    }
  });

  it.each(alarms.map((alarm) => [alarm.AlarmName as string, alarm] as const))('%s says where to read', (_, alarm) => {
    expect(alarm.AlarmDescription).toMatch(new RegExp(`\\. docs/runbook\\.md#${part(alarm, NAME!).toLowerCase()}$`));
  });

  it('wake somebody up, but for notices', () => {
    for (const alarm of alarms) {
      const actions = alarm.AlarmActions ?? [];
      expect(actions.length, alarm.AlarmName).toBe(part(alarm, SEVERITY!) === 'notice' ? 0 : 1);
    }
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@acme.test' });
  });

  it.each([
    [
      'HeartbeatShort',
      { MetricName: 'Heartbeat', Statistic: 'Average', Threshold: 540, ComparisonOperator: 'LessThanThreshold' },
    ],
    ['NoHolder', { MetricName: 'HealthyHostCount', Threshold: 1, TreatMissingData: 'breaching' }],
    ['WakeStalled', { MetricName: 'IteratorAge', Threshold: 60_000, Statistic: 'Maximum' }],
    ['WakeSlow', { MetricName: 'CommitToResponse', ExtendedStatistic: 'p99', Threshold: 5000 }],
    [
      'CanaryFailed',
      {
        MetricName: 'CanaryFailures',
        Statistic: 'Maximum',
        Threshold: 1,
        Period: 900,
        EvaluationPeriods: 2,
        TreatMissingData: 'breaching',
      },
    ],
    ['MailNotTaken', { MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 1 }],
  ])('%s', (name, expected) => {
    expect(alarms.find((alarm) => part(alarm, NAME!) === name)).toMatchObject(expected);
  });

  it('read no metric that nobody emits', () => {
    const own = alarms.filter(({ Namespace }) => Namespace === 'DirectPush');
    expect(own.length).toBeGreaterThan(4);
    for (const { MetricName } of own) expect(Object.keys(METRICS)).toContain(MetricName);
  });

  it('are as many metrics as the cost table counts', () => {
    // The canary is an option, and its price stands beside it (docs/deploy.md).
    const plain = Object.values(resources(synthApp().template, 'AWS::CloudWatch::Alarm'));
    const metrics = plain.map(
      ({ Metrics }) => Metrics?.filter((m: { MetricStat?: object }) => m.MetricStat).length ?? 1,
    );
    expect(metrics.reduce((sum, n) => sum + n, 0)).toBe(ALARM_METRICS);
  });

  it('the cost table counts all metrics of the product, each value of a second dimension as one', () => {
    const counted = Object.entries(METRICS).filter(([name]) => !name.startsWith('Canary'));
    expect(counted).toHaveLength(METRIC_NAMES);
    const divided = counted.flatMap(([name, traits]) => ('by' in traits ? [name] : []));
    expect(divided.sort()).toEqual(Object.keys(METRIC_VALUES).sort());
  });
});

describe('the topic of alarms', () => {
  const ofThisAccount = {
    Effect: 'Allow',
    Principal: { Service: 'cloudwatch.amazonaws.com' },
    Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
  };
  const warnings = (stack: Stack, text: string) =>
    Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp(text));

  it('lets the alarms of this account publish, which its own policy would take from them', () => {
    const { PolicyDocument, Topics } = only(template, 'AWS::SNS::TopicPolicy', 'DirectPushObservability');
    expect(PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({ ...ofThisAccount, Action: 'sns:Publish', Resource: Topics[0] }),
    );
    for (const { AlarmActions } of alarms) if (AlarmActions) expect(AlarmActions).toEqual(Topics);
  });

  it('with a key of one’s own lets them use that', () => {
    const own = synthConstruct((stack) => ({ encryptionKey: new kms.Key(stack, 'Key') }));
    expect(only(own.template, 'AWS::KMS::Key').KeyPolicy.Statement).toContainEqual(
      expect.objectContaining({ ...ofThisAccount, Action: ['kms:Decrypt', 'kms:GenerateDataKey*'] }),
    );
    expect(warnings(own.stack, 'policy of the encryption key')).toEqual([]);
  });

  it('says what a key lacks whose policy is written elsewhere', () => {
    const own = synthConstruct((stack) => ({
      encryptionKey: kms.Key.fromKeyArn(
        stack,
        'Key',
        'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      ),
    }));
    expect(warnings(own.stack, 'policy of the encryption key')).toHaveLength(1);
  });

  it('says that nobody is told where nobody is', () => {
    expect(warnings(synthApp().endpoint, 'nobody is told of alarms')).toHaveLength(1);
    expect(warnings(endpoint, 'nobody is told of alarms')).toEqual([]);
    const brought = synthConstruct((stack) => ({
      alarmTopic: sns.Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-west-1:111122223333:own-alarms'),
    }));
    expect(warnings(brought.stack, 'nobody is told of alarms')).toEqual([]);
  });
});

describe('the dashboard', () => {
  const body = JSON.stringify(only(template, 'AWS::CloudWatch::Dashboard').DashboardBody);

  it('has a name of its region, as dashboards are the whole account’s', () => {
    const { DashboardName } = only(template, 'AWS::CloudWatch::Dashboard');
    expect(DashboardName).toEqual({ 'Fn::Join': ['', ['DirectPush-', { Ref: 'AWS::Region' }]] });
  });

  it('asks the question of a user', () => {
    expect(body).toContain('Is mail being pushed?');
  });

  it.each([
    'CanaryPush',
    'CanaryFailures',
    'HeldRequests',
    'Wakes',
    'CommitToResponse',
    'Heartbeat',
    'MailDelivered',
    'MailRefused',
    'Throttled',
    'UserAgentChanges',
    'IteratorAge',
  ])('shows %s', (name) => {
    expect(body).toContain(name);
  });

  it.each(['fast-path', 'feed', 'sweep', 'reconnect'])('tells wakes by %s apart', (cause) => {
    expect(body).toContain(cause);
  });
});

describe('outputs', () => {
  const outputs = template.findOutputs('*');
  const flat = (name: string): string => {
    const value = outputs[name]?.Value;
    return typeof value === 'string'
      ? value
      : (value?.['Fn::Join']?.[1] ?? []).map((p: unknown) => (typeof p === 'string' ? p : '<>')).join('');
  };

  it.each([
    ['EndpointUrl', `https://${HOST}/Microsoft-Server-ActiveSync`],
    ['AutodiscoverRecord', `autodiscover.acme.test. 300 IN CNAME ${HOST}.`],
    ['AdminCommand', 'npx direct-push user add you@acme.test --stack DirectPush --region <>'],
    ['VerifyCommand', `npx direct-push doctor https://${HOST} --user you@acme.test`],
    ['ActivateMailCommand', 'aws ses set-active-receipt-rule-set --rule-set-name <> --region <>'],
    ['DeactivateMailCommand', 'aws ses set-active-receipt-rule-set --region <>'],
  ])('%s can be pasted', (name, value) => {
    expect(flat(name)).toBe(value);
  });

  it('the dashboard is a link', () => {
    expect(flat('DashboardUrl')).toMatch(/^https:\/\/.*cloudwatch\/home\?region=<>#dashboards\/dashboard\//);
  });

  it.each(['TableMailboxes', 'TableDevices', 'TableDirectory', 'Blobs', 'InboundMail', 'WakeManagementUrl'])(
    '%s is there for the command line',
    (name) => {
      expect(outputs[name]).toBeDefined();
    },
  );

  it('the endpoint stack may be removed', () => {
    expect(endpoint.terminationProtection).toBeFalsy();
  });
});
