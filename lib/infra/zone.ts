import { Stack, Token } from 'aws-cdk-lib';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';

/** Whether records of the name can stand in the zone; a zone whose name is not known yet is taken at its word. */
export function inZone(name: string, zone: route53.IHostedZone | undefined): zone is route53.IHostedZone {
  if (!zone) return false;
  if (Token.isUnresolved(zone.zoneName)) return true;
  const zoneName = zone.zoneName.replace(/\.$/, '').toLowerCase();
  return name === zoneName || name.endsWith(`.${zoneName}`);
}

/** Where SES takes in mail for domains whose MX record names it. */
export const inboundSmtp = (scope: Construct) => `inbound-smtp.${Stack.of(scope).region}.amazonaws.com`;

/** A line of a zone file, for whoever writes the record himself. */
export const recordLine = (name: string, type: string, value: string) => `${name}. 300 IN ${type} ${value}.`;
