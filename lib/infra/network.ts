import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledgeNetwork } from './nag.ts';

export interface NetworkProps {
  readonly vpc?: ec2.IVpc;
  readonly allowedCidrs?: readonly string[];
}

/** Ports of a task: requests through the load balancer, wakes of the transport `direct`. */
export const TASK_PORT = 8080;
export const WAKE_PORT = 8081;

/** The VPC and who may speak to whom in it. */
export class Network extends Construct {
  readonly vpc: ec2.IVpc;
  readonly made: boolean;
  readonly balancer: ec2.SecurityGroup;
  readonly tasks: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    this.made = props.vpc === undefined;
    this.vpc = props.vpc ?? this.#vpc();
    this.balancer = new ec2.SecurityGroup(this, 'Balancer', {
      vpc: this.vpc,
      description: 'Phones to the load balancer',
      allowAllOutbound: false,
    });
    this.tasks = new ec2.SecurityGroup(this, 'Tasks', {
      vpc: this.vpc,
      description: 'Load balancer to the holder tasks',
      allowAllOutbound: true,
    });
    for (const cidr of props.allowedCidrs ?? ['0.0.0.0/0']) {
      const peer = cidr.includes(':') ? ec2.Peer.ipv6(cidr) : ec2.Peer.ipv4(cidr);
      this.balancer.addIngressRule(peer, ec2.Port.tcp(443), 'HTTPS');
      this.balancer.addIngressRule(peer, ec2.Port.tcp(80), 'HTTP, which is redirected');
    }
    this.balancer.addEgressRule(this.tasks, ec2.Port.tcp(TASK_PORT), 'Requests to tasks');
    this.tasks.addIngressRule(this.balancer, ec2.Port.tcp(TASK_PORT), 'Requests from the load balancer');
    acknowledgeNetwork(this);
  }

  /** Functions of the transport `direct`, which reach the tasks and AWS through gateway endpoints alone. */
  wakers(): ec2.SecurityGroup {
    const wakers = new ec2.SecurityGroup(this, 'Wakers', {
      vpc: this.vpc,
      description: 'Wake function to the holder tasks',
      allowAllOutbound: false,
    });
    wakers.addEgressRule(this.tasks, ec2.Port.tcp(WAKE_PORT), 'Wakes to tasks');
    // The endpoint of DynamoDB is a prefix list whose name only the region knows.
    wakers.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), 'DynamoDB through its gateway endpoint');
    this.tasks.addIngressRule(wakers, ec2.Port.tcp(WAKE_PORT), 'Wakes from the stream');
    this.tasks.addIngressRule(this.tasks, ec2.Port.tcp(WAKE_PORT), 'Wakes from other tasks');
    return wakers;
  }

  /** Two zones and no NAT gateway: a gateway costs more than everything else that is idle here. */
  #vpc(): ec2.Vpc {
    return new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'public', subnetType: ec2.SubnetType.PUBLIC, cidrMask: 20 },
        { name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 22 },
      ],
      gatewayEndpoints: {
        DynamoDb: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB },
        S3: { service: ec2.GatewayVpcEndpointAwsService.S3 },
      },
    });
  }
}
