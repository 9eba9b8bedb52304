import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as targets from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import { inboundSmtp, inZone, recordLine } from './zone.ts';

export interface DomainProps {
  readonly hostName: string;
  readonly mailDomains: readonly string[];
  readonly certificate?: acm.ICertificate;
  readonly hostedZone?: route53.IHostedZone;
}

/** A record that somebody else must write, as no zone that we have can take it. */
export interface ForeignRecord {
  readonly id: string;
  readonly line: string;
  readonly why: string;
}

/** The name of the endpoint: its certificate and its records. */
export class Domain extends Construct {
  readonly certificate: acm.ICertificate;
  readonly made: boolean;
  /** Names that phones ask for their server: `autodiscover.<domain>`. */
  readonly autodiscover: readonly string[];
  /** Names of the certificate that nobody proves but whoever has their zone: the deployment waits for it. */
  readonly unproven: readonly string[];
  readonly foreign: ForeignRecord[] = [];
  readonly #props: DomainProps;

  /** @throws RangeError for a host name that is not in the hosted zone */
  constructor(scope: Construct, id: string, props: DomainProps) {
    super(scope, id);
    const { hostName, hostedZone: zone } = props;
    this.#props = props;
    this.autodiscover = props.mailDomains.map((domain) => `autodiscover.${domain}`);
    this.made = props.certificate === undefined;
    const names = [...new Set([hostName, ...this.autodiscover])];
    const ours = names.filter((name) => inZone(name, zone));
    if (zone && !ours.includes(hostName)) throw new RangeError(`hostedZone: ${hostName} is not in ${zone.zoneName}`);
    this.unproven = this.made ? names.filter((name) => !ours.includes(name)) : [];
    this.certificate =
      props.certificate ??
      new acm.Certificate(this, 'Certificate', {
        domainName: hostName,
        subjectAlternativeNames: names.slice(1),
        // Route 53 refuses records of names outside the zone, and with them the whole deployment.
        validation: zone
          ? acm.CertificateValidation.fromDnsMultiZone(Object.fromEntries(ours.map((name) => [name, zone])))
          : acm.CertificateValidation.fromDns(),
        // Devices of the older kind know no elliptic curves.
        keyAlgorithm: acm.KeyAlgorithm.RSA_2048,
      });
  }

  /** Writes the records into the hosted zone, where there is one that can take them. */
  point(balancer: elb.ApplicationLoadBalancer): void {
    const { hostedZone: zone, hostName } = this.#props;
    if (zone) {
      const target = route53.RecordTarget.fromAlias(new targets.LoadBalancerTarget(balancer));
      new route53.ARecord(this, 'Host', { zone, recordName: `${hostName}.`, target });
    }
    for (const [n, name] of this.autodiscover.entries()) {
      if (name === hostName) continue;
      if (inZone(name, zone)) {
        new route53.CnameRecord(this, `Autodiscover${n + 1}`, { zone, recordName: `${name}.`, domainName: hostName });
      } else {
        const line = recordLine(name, 'CNAME', hostName);
        this.foreign.push({ id: `AutodiscoverRecord${nth(n)}`, line, why: 'Lets phones find it by address' });
      }
    }
  }

  /** Mail for the domains comes to SES in this region, and nowhere else: where it is `wanted` and the zone is ours. */
  receiveMail(wanted: boolean): void {
    const { hostedZone: zone, mailDomains } = this.#props;
    const hostName = inboundSmtp(this);
    for (const [n, domain] of mailDomains.entries()) {
      if (wanted && inZone(domain, zone)) {
        const values = [{ hostName, priority: 10 }];
        new route53.MxRecord(this, `Mail${n + 1}`, { zone, recordName: `${domain}.`, values });
      } else {
        const line = recordLine(domain, 'MX', `10 ${hostName}`);
        const why = 'Mail of the domain then comes here and nowhere else';
        this.foreign.push({ id: `MailRecord${nth(n)}`, line, why });
      }
    }
  }
}

/** The first has no number: mostly there is one. */
export const nth = (n: number) => (n === 0 ? '' : `${n + 1}`);
