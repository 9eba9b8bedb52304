import { Annotations, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { HELD_PER_MIB, taskMemory } from '../cloud/task-memory.ts';
import { CLOUD_ENV } from '../ops/cloud-env.ts';
import { bundleDirectory, placeholderDirectory } from './bundles.ts';
import { acknowledgeHolder, acknowledgeWildcard } from './nag.ts';
import { type Network, TASK_PORT, WAKE_PORT } from './network.ts';
import type { HolderProps, WakeTransportName } from './props.ts';

/** The most that Fargate gives: a held request is a socket, and a socket a file. */
export const OPEN_FILES = 1_048_576;
/** The most that Fargate waits between SIGTERM and SIGKILL: a task that was told nothing before drains in it. */
export const STOP_SECONDS = 120;
export const DRAIN_SECONDS = 90;
/**
 * The load balancer stops sending requests to a task that is to stop, and cuts what is in flight after this; SIGTERM comes
 * later still. A task learns of it from the service within ten seconds and drains in ninety. Where nothing is in flight
 * any more the load balancer does not wait.
 */
export const DEREGISTRATION_SECONDS = 120;

/** Held requests that a CPU unit carries, all costs of a socket counted (docs/cost.md). */
const PER_CPU_UNIT = 40;
const AIM = 0.6;

export interface HolderServiceProps extends HolderProps {
  readonly network: Network;
  readonly cluster?: ecs.ICluster;
  readonly transport: WakeTransportName;
  readonly highAvailability: boolean;
  readonly logRetention: logs.RetentionDays;
  readonly environment: Readonly<Record<string, string>>;
  /** Gauge of one task; its average over tasks is tracked. */
  readonly held: cloudwatch.Metric;
}

/** The service that parks requests. */
export class HolderService extends Construct {
  readonly service: ecs.FargateService;
  readonly taskRole;
  readonly targetGroup: elb.ApplicationTargetGroup;
  /** Requests that one task can hold. */
  readonly capacity: number;
  readonly container: ecs.ContainerDefinition;
  readonly minTasks: number;

  constructor(scope: Construct, id: string, props: HolderServiceProps) {
    super(scope, id);
    const { cpu, memoryMiB, minTasks, maxTasks, targetHeld, capacity } = sizes(props);
    this.capacity = capacity;
    this.minTasks = minTasks;
    const { network } = props;
    const cluster = props.cluster ?? new ecs.Cluster(this, 'Cluster', { vpc: network.vpc });
    const definition = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu,
      memoryLimitMiB: memoryMiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
    });
    this.taskRole = definition.taskRole;
    this.container = this.#container(definition, props, memoryMiB);
    this.service = new ecs.FargateService(this, 'Service', {
      cluster,
      taskDefinition: definition,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      healthCheckGracePeriod: Duration.seconds(60),
      vpcSubnets: props.subnets ?? { subnetType: ec2.SubnetType.PUBLIC },
      assignPublicIp: props.assignPublicIp ?? props.subnets === undefined,
      securityGroups: [network.tasks],
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      enableECSManagedTags: true,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
    });
    this.#grantNotice(cluster);
    this.targetGroup = this.#targets(network);
    const scaling = this.service.autoScaleTaskCount({ minCapacity: minTasks, maxCapacity: maxTasks });
    scaling.scaleToTrackCustomMetric('Held', {
      metric: props.held,
      targetValue: targetHeld,
      scaleOutCooldown: Duration.minutes(1),
      // A task that goes away makes all its phones connect again, so it goes late.
      scaleInCooldown: Duration.minutes(15),
    });
    scaling.scaleOnCpuUtilization('Cpu', {
      targetUtilizationPercent: 60,
      scaleOutCooldown: Duration.minutes(1),
      scaleInCooldown: Duration.minutes(15),
    });
    acknowledgeHolder(this);
  }

  /** A task asks what the service wants of it. */
  #grantNotice({ clusterArn, clusterName }: ecs.ICluster): void {
    const stack = Stack.of(this);
    const tasks = stack.formatArn({ service: 'ecs', resource: 'task', resourceName: clusterName });
    acknowledgeWildcard(this.taskRole, tasks, '/*', 'Names of tasks are made when they start; the cluster is named.');
    this.taskRole.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['ecs:DescribeTasks'],
        resources: [`${tasks}/*`],
        conditions: { ArnEquals: { 'ecs:cluster': clusterArn } },
      }),
    );
  }

  #container(definition: ecs.FargateTaskDefinition, props: HolderServiceProps, memoryMiB: number) {
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const memory = taskMemory(memoryMiB);
    if (memory.sumMiB > memoryMiB) {
      Annotations.of(this).addWarningV2(
        'direct-push:memory',
        `${memoryMiB} MiB are too little for large messages: several at one time end the task with all that it holds; give 1024`,
      );
    }
    const container = definition.addContainer('holder', {
      image: props.image ?? this.#image(),
      essential: true,
      portMappings: [
        { containerPort: TASK_PORT },
        ...(props.transport === 'direct' ? [{ containerPort: WAKE_PORT }] : []),
      ],
      environment: {
        ...props.environment,
        [CLOUD_ENV.port]: String(TASK_PORT),
        [CLOUD_ENV.drainSeconds]: String(DRAIN_SECONDS),
        ...(props.transport === 'direct' && { [CLOUD_ENV.wakePort]: String(WAKE_PORT) }),
        [CLOUD_ENV.maxHeld]: String(memory.maxHeld),
        [CLOUD_ENV.bodiesBytes]: String(memory.bodiesBytes),
        [CLOUD_ENV.relaying]: String(memory.relaying),
        NODE_OPTIONS: `--max-old-space-size=${memory.heapMiB}`,
      },
      readonlyRootFilesystem: true,
      stopTimeout: Duration.seconds(STOP_SECONDS),
      logging: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: 'holder', mode: ecs.AwsLogDriverMode.NON_BLOCKING }),
      linuxParameters: new ecs.LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
    });
    container.addUlimits({ name: ecs.UlimitName.NOFILE, softLimit: OPEN_FILES, hardLimit: OPEN_FILES });
    return container;
  }

  /** The bundle's folder is the whole context: building it copies files and runs nothing. */
  #image(): ecs.ContainerImage {
    const directory = Stack.of(this).bundlingRequired ? bundleDirectory('holder') : placeholderDirectory('holder');
    return ecs.ContainerImage.fromAsset(directory, { platform: Platform.LINUX_ARM64 });
  }

  #targets(network: Network): elb.ApplicationTargetGroup {
    return new elb.ApplicationTargetGroup(this, 'Targets', {
      vpc: network.vpc,
      targetType: elb.TargetType.IP,
      protocol: elb.ApplicationProtocol.HTTP,
      port: TASK_PORT,
      targets: [this.service.loadBalancerTarget({ containerName: 'holder', containerPort: TASK_PORT })],
      // Round robin would give a new task no more requests than one that holds thousands.
      loadBalancingAlgorithmType: elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      deregistrationDelay: Duration.seconds(DEREGISTRATION_SECONDS),
      healthCheck: {
        path: '/health',
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        // A task that is busy for a moment still holds thousands of requests.
        unhealthyThresholdCount: 5,
        healthyHttpCodes: '200',
      },
    });
  }
}

/** @throws RangeError when a number of tasks or of requests cannot work */
export function sizes(props: Pick<HolderServiceProps, keyof HolderProps | 'highAvailability'>) {
  const cpu = props.cpu ?? 256;
  const memoryMiB = props.memoryMiB ?? 1024;
  const minTasks = props.minTasks ?? (props.highAvailability ? 2 : 1);
  const maxTasks = props.maxTasks ?? Math.max(20, minTasks);
  const capacity = Math.min(memoryMiB * HELD_PER_MIB, cpu * PER_CPU_UNIT);
  const targetHeld = props.targetHeld ?? Math.floor(capacity * AIM);
  for (const [name, value] of Object.entries({ minTasks, maxTasks, targetHeld })) {
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`holder: ${name} is not a positive whole number`);
  }
  if (props.highAvailability && minTasks < 2) throw new RangeError('holder: high availability needs two tasks');
  if (maxTasks < minTasks) throw new RangeError('holder: maxTasks is less than minTasks');
  return { cpu, memoryMiB, minTasks, maxTasks, targetHeld, capacity };
}
