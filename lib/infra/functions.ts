import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bundleDirectory, placeholderDirectory } from './bundles.ts';
import { FUNCTION_NAMES, FUNCTIONS, type FunctionName, type Rights } from './catalogue.ts';
import { acknowledgeFunction } from './nag.ts';
import type { Network } from './network.ts';
import type { WakeTransportName } from './props.ts';

export interface FunctionsProps {
  readonly transport: WakeTransportName;
  readonly network: Network;
  readonly logRetention: logs.RetentionDays;
  readonly tracing: boolean;
  readonly canary: boolean;
  /** Environment of a function, by what it may do. */
  readonly environment: (rights: Rights) => Readonly<Record<string, string>>;
  /** Grants what the rights say. */
  readonly grant: (role: iam.Role, rights: Rights) => void;
}

/** The functions of the catalogue; `socket` only where there is a socket, `canary` only where it was asked for. */
export class Functions extends Construct {
  readonly all: Readonly<Partial<Record<FunctionName, lambda.Function>>>;
  readonly logGroups: readonly logs.LogGroup[];

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const absent = { socket: props.transport !== 'websocket', canary: !props.canary };
    const names = FUNCTION_NAMES.filter((name) => !(name in absent && absent[name as keyof typeof absent]));
    const groups: logs.LogGroup[] = [];
    this.all = Object.fromEntries(names.map((name) => [name, this.#make(name, props, groups)]));
    this.logGroups = groups;
  }

  /** @throws Error for a function that is not part of this deployment */
  get(name: FunctionName): lambda.Function {
    const made = this.all[name];
    if (!made) throw new Error(`there is no function ${name} here`);
    return made;
  }

  #make(name: FunctionName, props: FunctionsProps, groups: logs.LogGroup[]): lambda.Function {
    const { description, memoryMiB, timeoutS, rights } = FUNCTIONS[name];
    const label = name[0]!.toUpperCase() + name.slice(1);
    const at = new Construct(this, label);
    const logGroup = new logs.LogGroup(at, 'Logs', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    groups.push(logGroup);
    const role = new iam.Role(at, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    props.grant(role, rights);
    const inside = name === 'wake' && props.transport === 'direct';
    if (inside) grantInterfaces(role);
    const directory = Stack.of(this).bundlingRequired ? bundleDirectory(name) : placeholderDirectory(name);
    const made = new lambda.Function(at, 'Function', {
      description: `Direct Push: ${description}`,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: lambda.Code.fromAsset(directory),
      handler: 'index.handler',
      memorySize: memoryMiB,
      timeout: Duration.seconds(timeoutS),
      environment: { ...props.environment(rights) },
      role,
      logGroup,
      tracing: props.tracing ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
      ...(inside && {
        vpc: props.network.vpc,
        ...(props.network.made && { vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } }),
        securityGroups: [props.network.wakers()],
      }),
    });
    acknowledgeFunction(at, { stream: name === 'wake', inside, tracing: props.tracing });
    return made;
  }
}

/** What Lambda asks of the role of a function in a VPC; these actions know no resources. */
function grantInterfaces(role: iam.Role): void {
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: [
        'ec2:CreateNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: ['*'],
    }),
  );
}
