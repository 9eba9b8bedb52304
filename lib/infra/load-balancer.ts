import { Duration } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeBalancer } from './nag.ts';
import type { Network } from './network.ts';

/** The most that a load balancer waits for bytes: a Ping is silent for as long as its heartbeat, up to 3540 s. */
export const IDLE_SECONDS = 4000;
/** How long a phone's connection may be used again: longer than one Ping and the Sync after it. */
const CLIENT_KEEP_ALIVE_SECONDS = 7200;

export interface LoadBalancerProps {
  readonly network: Network;
  readonly certificate: acm.ICertificate;
  readonly sslPolicy?: elb.SslPolicy;
  /** Takes what no rule takes. */
  readonly holder: elb.ApplicationTargetGroup;
  readonly accessLogBucket?: s3.IBucket;
}

/** The load balancer with its two listeners. */
export class LoadBalancer extends Construct {
  readonly balancer: elb.ApplicationLoadBalancer;
  readonly listener: elb.ApplicationListener;

  constructor(scope: Construct, id: string, props: LoadBalancerProps) {
    super(scope, id);
    this.balancer = new elb.ApplicationLoadBalancer(this, 'Balancer', {
      vpc: props.network.vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      internetFacing: true,
      securityGroup: props.network.balancer,
      idleTimeout: Duration.seconds(IDLE_SECONDS),
      clientKeepAlive: Duration.seconds(CLIENT_KEEP_ALIVE_SECONDS),
      // HTTP/2 lower-cases header names, and its own idle handling knows no requests of an hour. No phone needs it.
      http2Enabled: false,
      // Headers of the protocol are few, but proxies and clients add others whose loss nobody would find.
      dropInvalidHeaderFields: false,
      preserveHostHeader: true,
      desyncMitigationMode: elb.DesyncMitigationMode.DEFENSIVE,
    });
    if (props.accessLogBucket) this.balancer.logAccessLogs(props.accessLogBucket);
    this.balancer.addListener('Http', {
      port: 80,
      protocol: elb.ApplicationProtocol.HTTP,
      open: false,
      defaultAction: elb.ListenerAction.redirect({ protocol: 'HTTPS', port: '443', permanent: true }),
    });
    this.listener = this.balancer.addListener('Https', {
      port: 443,
      protocol: elb.ApplicationProtocol.HTTPS,
      open: false,
      certificates: [props.certificate],
      sslPolicy: props.sslPolicy ?? elb.SslPolicy.RECOMMENDED_TLS,
      defaultAction: elb.ListenerAction.forward([props.holder]),
    });
    acknowledgeBalancer(this, { logs: props.accessLogBucket !== undefined });
  }
}
