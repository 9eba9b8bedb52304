import { Fn, Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as targets from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';

export interface DomainProps {
  readonly hostName: string;
  readonly mailDomains: readonly string[];
  readonly certificate?: acm.ICertificate;
  readonly hostedZone?: route53.IHostedZone;
}

/** The name of the endpoint: its certificate and its records. */
export class Domain extends Construct {
  readonly certificate: acm.ICertificate;
  readonly made: boolean;
  /** Names that phones ask for their server: `autodiscover.<domain>`. */
  readonly autodiscover: readonly string[];
  readonly #props: DomainProps;

  constructor(scope: Construct, id: string, props: DomainProps) {
    super(scope, id);
    this.#props = props;
    this.autodiscover = props.mailDomains.map((domain) => `autodiscover.${domain}`);
    this.made = props.certificate === undefined;
    this.certificate =
      props.certificate ??
      new acm.Certificate(this, 'Certificate', {
        domainName: props.hostName,
        subjectAlternativeNames: this.autodiscover.filter((name) => name !== props.hostName),
        validation: acm.CertificateValidation.fromDns(props.hostedZone),
        // Devices of the older kind know no elliptic curves.
        keyAlgorithm: acm.KeyAlgorithm.RSA_2048,
      });
  }

  /** Writes the records into the hosted zone, where there is one. */
  point(balancer: elb.ApplicationLoadBalancer): void {
    const { hostedZone: zone, hostName } = this.#props;
    if (!zone) return;
    const target = route53.RecordTarget.fromAlias(new targets.LoadBalancerTarget(balancer));
    new route53.ARecord(this, 'Host', { zone, recordName: `${hostName}.`, target });
    for (const [n, name] of this.autodiscover.entries()) {
      if (!name.endsWith(`.${zone.zoneName}`) || name === hostName) continue;
      new route53.CnameRecord(this, `Autodiscover${n + 1}`, { zone, recordName: `${name}.`, domainName: hostName });
    }
  }

  /** Mail for the domains comes to SES in this region, and nowhere else. */
  receiveMail(): void {
    const { hostedZone: zone, mailDomains } = this.#props;
    if (!zone) return;
    const hostName = Fn.join('.', ['inbound-smtp', Stack.of(this).region, 'amazonaws.com']);
    for (const [n, domain] of mailDomains.entries()) {
      new route53.MxRecord(this, `Mail${n + 1}`, {
        zone,
        recordName: `${domain}.`,
        values: [{ hostName, priority: 10 }],
      });
    }
  }
}
