import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { WATCH_MS } from '../../lib/cloud/ecs.ts';
import { taskMemory } from '../../lib/cloud/task-memory.ts';
import { sizes } from '../../lib/infra/holder.ts';
import { routingRules } from '../../lib/infra/routing-rules.ts';
import { HOST, only, resources, statementsOf, synthApp } from './support.ts';

const { template } = synthApp();
const attributes = (type: string, list: string, begin?: string): Record<string, string> =>
  Object.fromEntries(
    only(template, type, begin)[list].map(({ Key, Value }: { Key: string; Value: string }) => [Key, Value]),
  );

describe('the load balancer', () => {
  it.each([
    ['waits for longer than a Ping lasts', 'idle_timeout.timeout_seconds', '4000'],
    ['speaks HTTP/1.1, which keeps the case of headers', 'routing.http2.enabled', 'false'],
    ['lets a connection be used for two hours', 'client_keep_alive.seconds', '7200'],
    ['drops no header', 'routing.http.drop_invalid_header_fields.enabled', 'false'],
    ['keeps the Host header', 'routing.http.preserve_host_header.enabled', 'true'],
  ])('%s', (_, key, value) => {
    expect(attributes('AWS::ElasticLoadBalancingV2::LoadBalancer', 'LoadBalancerAttributes')[key]).toBe(value);
  });

  it('faces the internet', () => {
    expect(only(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer').Scheme).toBe('internet-facing');
  });

  it('redirects HTTP', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 80,
      DefaultActions: [
        { Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' } },
      ],
    });
  });

  it('takes TLS 1.2 and 1.3, and gives what no rule takes to the holder', () => {
    const [holder] = Object.keys(resources(template, 'AWS::ElasticLoadBalancingV2::TargetGroup')).filter((id) =>
      id.startsWith('DirectPushHolder'),
    );
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 443,
      Protocol: 'HTTPS',
      SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
      DefaultActions: [{ Type: 'forward', TargetGroupArn: { Ref: holder } }],
    });
  });

  it('is reached by HTTPS and HTTP, and reaches the tasks alone', () => {
    const group = only(template, 'AWS::EC2::SecurityGroup', 'DirectPushNetworkBalancer');
    expect(group.SecurityGroupIngress.map(({ FromPort }: { FromPort: number }) => FromPort)).toEqual([443, 80]);
    expect(group.SecurityGroupEgress ?? []).toEqual([]);
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 1);
    template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', { FromPort: 8080, ToPort: 8080 });
  });
});

describe('the rules in the template', () => {
  const rules = Object.values(resources(template, 'AWS::ElasticLoadBalancingV2::ListenerRule'));

  it('are those of the table', () => {
    expect(rules.map(({ Priority }) => Priority).sort((a, b) => a - b)).toEqual(
      routingRules().map(({ priority }) => priority),
    );
  });

  it.each(routingRules().map((rule) => [rule.name, rule] as const))('%s', (_, rule) => {
    const { Conditions, Actions } = rules.find(({ Priority }) => Priority === rule.priority)!;
    const by = (field: string) => Conditions.find(({ Field }: { Field: string }) => Field === field);
    expect(by('path-pattern').PathPatternConfig.Values).toEqual(rule.paths);
    expect(by('http-request-method')?.HttpRequestMethodConfig.Values).toEqual(rule.method && [rule.method]);
    expect(by('query-string')?.QueryStringConfig.Values).toEqual(
      rule.commands?.map((value) => ({ Key: 'Cmd', Value: value })),
    );
    const header = by('http-header')?.HttpHeaderConfig;
    expect(header?.HttpHeaderName).toBe(rule.header?.name);
    expect(header?.Values).toEqual(rule.header?.values);
    expect(header?.RegexValues).toEqual(rule.header?.regex && [rule.header.regex]);
    expect(Actions).toHaveLength(1);
    expect(Actions[0].TargetGroupArn.Ref.toLowerCase()).toContain(
      rule.target === 'holder' ? 'directpushholdertargets' : `${rule.target}targets`,
    );
  });

  it('functions get headers with all their values', () => {
    const groups = Object.entries(resources(template, 'AWS::ElasticLoadBalancingV2::TargetGroup'));
    const functions = groups.filter(([, { TargetType }]) => TargetType === 'lambda');
    expect(functions).toHaveLength(4);
    for (const [id, group] of functions) {
      expect(group.TargetGroupAttributes, id).toContainEqual({
        Key: 'lambda.multi_value_headers.enabled',
        Value: 'true',
      });
    }
  });
});

describe('the holder', () => {
  const task = only(template, 'AWS::ECS::TaskDefinition');
  const [container] = task.ContainerDefinitions;
  const service = only(template, 'AWS::ECS::Service');

  it('is told what it may take on at once, from its memory', () => {
    const told = Object.fromEntries(
      container.Environment.map(({ Name, Value }: { Name: string; Value: string }) => [Name, Value]),
    );
    const { heapMiB, maxHeld, bodiesBytes, relaying } = taskMemory(Number(task.Memory));
    expect(told).toMatchObject({
      NODE_OPTIONS: `--max-old-space-size=${heapMiB}`,
      DIRECT_PUSH_MAX_HELD: String(maxHeld),
      DIRECT_PUSH_BODIES_BYTES: String(bodiesBytes),
      DIRECT_PUSH_RELAYING: String(relaying),
    });
  });

  it('says so where its memory is too little for what it must take', () => {
    const warned = (keys: Record<string, unknown>) =>
      Annotations.fromStack(synthApp(keys).endpoint).findWarning('*', Match.stringLikeRegexp('MiB are too little'));
    expect([warned({}), warned({ taskMemoryMiB: 512 })].map(({ length }) => length)).toEqual([0, 1]);
  });

  it('lets no more be held than its memory carries', () => {
    for (const memoryMiB of [1024, 2048, 8192]) {
      const { capacity } = sizes({ cpu: 4096, memoryMiB, highAvailability: true });
      expect(capacity).toBeLessThanOrEqual(taskMemory(memoryMiB).maxHeld);
    }
  });

  it('is arm64 of the smallest size that can take large messages', () => {
    expect(task).toMatchObject({
      Cpu: '256',
      Memory: '1024',
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
  });

  it('opens as many files as Fargate gives', () => {
    expect(container.Ulimits).toEqual([{ Name: 'nofile', SoftLimit: 1_048_576, HardLimit: 1_048_576 }]);
  });

  it('has two minutes to stop, and less to drain', () => {
    expect(container.StopTimeout).toBe(120);
    const drain = environment(container).DIRECT_PUSH_DRAIN_SECONDS;
    expect(Number(drain)).toBeLessThan(container.StopTimeout - 20);
  });

  it('may ask what the service wants of the tasks of its cluster', () => {
    const asks = statementsOf(template, 'DirectPushHolderTaskTaskRole').filter(({ actions }) =>
      actions.some((action) => action.startsWith('ecs:')),
    );
    expect(asks).toHaveLength(1);
    expect(asks[0]!.actions).toEqual(['ecs:DescribeTasks']);
    expect(asks[0]!.resources).toMatch(/:task\/.*Cluster.*\/\*/);
    expect(asks[0]!.conditions).toHaveProperty(['ArnEquals', 'ecs:cluster']);
  });

  it('cannot write its own files', () => {
    expect(container.ReadonlyRootFilesystem).toBe(true);
  });

  it('has two tasks, which are replaced one by one and go back by themselves', () => {
    expect(service.DeploymentConfiguration).toMatchObject({
      MinimumHealthyPercent: 100,
      MaximumPercent: 200,
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
    });
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', { MinCapacity: 2, MaxCapacity: 20 });
    expect(service.AvailabilityZoneRebalancing).toBe('ENABLED');
  });

  it('runs in two zones', () => {
    expect(service.NetworkConfiguration.AwsvpcConfiguration.Subnets).toHaveLength(2);
    const zones = Object.entries(resources(template, 'AWS::EC2::Subnet'))
      .filter(([id]) => id.includes('public'))
      .map(([, { AvailabilityZone }]) => JSON.stringify(AvailabilityZone));
    expect(new Set(zones).size).toBe(2);
  });

  it('pays for no NAT gateway, and reaches DynamoDB and S3 inside', () => {
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    template.resourceCountIs('AWS::EC2::VPCEndpoint', 2);
  });

  it('is scaled on the requests that a task holds', () => {
    template.hasResourceProperties('AWS::ApplicationAutoScaling::ScalingPolicy', {
      TargetTrackingScalingPolicyConfiguration: {
        CustomizedMetricSpecification: {
          MetricName: 'HeldRequests',
          Namespace: 'DirectPush',
          Statistic: 'Average',
          Dimensions: [{ Name: 'Service', Value: 'DirectPush' }],
        },
        TargetValue: 6144,
        ScaleInCooldown: 900,
      },
    });
  });

  it('gets the request to the least busy task', () => {
    const group = attributes('AWS::ElasticLoadBalancingV2::TargetGroup', 'TargetGroupAttributes', 'DirectPushHolder');
    expect(group['load_balancing.algorithm.type']).toBe('least_outstanding_requests');
  });

  it('keeps the connections of a task that is to stop until it has drained, also where it learns of it late', () => {
    const group = attributes('AWS::ElasticLoadBalancingV2::TargetGroup', 'TargetGroupAttributes', 'DirectPushHolder');
    const delay = Number(group['deregistration_delay.timeout_seconds']);
    const drain = Number(environment(container).DIRECT_PUSH_DRAIN_SECONDS);
    expect(delay).toBeGreaterThanOrEqual(drain + (2 * WATCH_MS) / 1000);
    expect(delay).toBeLessThanOrEqual(180);
  });

  it('is asked for its health', () => {
    expect(only(template, 'AWS::ElasticLoadBalancingV2::TargetGroup', 'DirectPushHolder')).toMatchObject({
      HealthCheckPath: '/health',
      Port: 8080,
      Protocol: 'HTTP',
      TargetType: 'ip',
    });
  });

  it('takes requests from the load balancer alone', () => {
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      FromPort: 8080,
      ToPort: 8080,
      SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^DirectPushNetworkBalancer'), 'GroupId'] },
    });
  });

  it('is told what it needs', () => {
    expect(Object.keys(environment(container)).sort()).toEqual(
      [
        ...['LANE', 'HOST_NAME', 'TABLE_MAILBOXES', 'TABLE_DEVICES', 'TABLE_DIRECTORY', 'BLOB_BUCKET', 'PORT'],
        ...['WAKE_TRANSPORT', 'WAKE_SOCKET_URL', 'WAKE_MANAGEMENT_URL', 'DRAIN_SECONDS', 'IDLE_SECONDS'],
        ...['MIN_HEARTBEAT', 'MAX_HEARTBEAT', 'RECOVERY_SECRET', 'OUTBOUND', 'MAIL_DOMAINS', 'SERVICE', 'LOG_LEVEL'],
        ...['MAX_HELD', 'BODIES_BYTES', 'RELAYING'],
      ]
        .map((name) => `DIRECT_PUSH_${name}`)
        .concat('NODE_OPTIONS')
        .sort(),
    );
    expect(environment(container)).toMatchObject({
      DIRECT_PUSH_LANE: 'task',
      DIRECT_PUSH_HOST_NAME: HOST,
      DIRECT_PUSH_IDLE_SECONDS: '4000',
      DIRECT_PUSH_MAIL_DOMAINS: 'acme.test',
      DIRECT_PUSH_OUTBOUND: 'ses',
    });
  });
});

function environment(container: { Environment: { Name: string; Value: string }[] }): Record<string, string> {
  return Object.fromEntries(container.Environment.map(({ Name, Value }) => [Name, Value]));
}
