import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { WafProps } from './props.ts';

/**
 * Rules of the common rule set that read bodies, or refuse clients without a User-Agent. WBXML is bytes that look like
 * anything, mail is markup and its attachments are large: these rules only ever count.
 */
export const COUNTED_RULES = [
  'SizeRestrictions_BODY',
  'CrossSiteScripting_BODY',
  'GenericLFI_BODY',
  'GenericRFI_BODY',
  'EC2MetaDataSSRF_BODY',
  'NoUserAgent_HEADER',
] as const;

const MIN_RATE = 10;
const MAX_RATE = 2_000_000_000;

/** A web ACL in front of the load balancer. What it inspects of a body are its first 8 KB. */
export class Waf extends Construct {
  constructor(scope: Construct, id: string, balancerArn: string, props: WafProps) {
    super(scope, id);
    const limit = props.requestsPerAddress ?? 10_000;
    if (!Number.isInteger(limit) || limit < MIN_RATE || limit > MAX_RATE) {
      throw new RangeError(`waf: requestsPerAddress ${limit} is not between ${MIN_RATE} and ${MAX_RATE}`);
    }
    const override = props.countOnly === false ? { none: {} } : { count: {} };
    const acl = new wafv2.CfnWebACL(this, 'Acl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: visible('DirectPush'),
      rules: [
        {
          name: 'RatePerAddress',
          priority: 0,
          action: { block: { customResponse: { responseCode: 429 } } },
          statement: { rateBasedStatement: { limit, aggregateKeyType: 'IP', evaluationWindowSec: 300 } },
          visibilityConfig: visible('RatePerAddress'),
        },
        managed('AWSManagedRulesAmazonIpReputationList', 1, override),
        managed('AWSManagedRulesCommonRuleSet', 2, override, COUNTED_RULES),
      ],
    });
    new wafv2.CfnWebACLAssociation(this, 'Association', { resourceArn: balancerArn, webAclArn: acl.attrArn });
  }
}

const visible = (metricName: string): wafv2.CfnWebACL.VisibilityConfigProperty => ({
  cloudWatchMetricsEnabled: true,
  metricName,
  // Samples would keep parts of requests.
  sampledRequestsEnabled: false,
});

function managed(
  name: string,
  priority: number,
  overrideAction: wafv2.CfnWebACL.OverrideActionProperty,
  counted: readonly string[] = [],
): wafv2.CfnWebACL.RuleProperty {
  return {
    name,
    priority,
    overrideAction,
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name,
        ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
    visibilityConfig: visible(name),
  };
}
