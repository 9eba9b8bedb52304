import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { LambdaTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2-targets';
import { Construct } from 'constructs';
import type { FunctionName } from './catalogue.ts';
import type { Functions } from './functions.ts';
import { type RoutingOptions, type Rule, routingRules } from './routing-rules.ts';

export interface RoutingProps extends RoutingOptions {
  readonly listener: elb.IApplicationListener;
  readonly holder: elb.IApplicationTargetGroup;
  readonly functions: Functions;
}

/** The listener's rules: `routing-rules.ts` as resources. */
export class Routing extends Construct {
  constructor(scope: Construct, id: string, props: RoutingProps) {
    super(scope, id);
    const rules = routingRules(props);
    const groups = new Map<Rule['target'], string>([['holder', props.holder.targetGroupArn]]);
    for (const { target } of rules) {
      if (target !== 'holder' && !groups.has(target)) groups.set(target, this.#group(target, props.functions));
    }
    for (const rule of rules) {
      // The higher construct knows no regular expressions.
      new elb.CfnListenerRule(this, rule.name, {
        listenerArn: props.listener.listenerArn,
        priority: rule.priority,
        conditions: conditions(rule),
        actions: [{ type: 'forward', targetGroupArn: groups.get(rule.target)! }],
      });
    }
  }

  #group(name: FunctionName, functions: Functions): string {
    const group = new elb.ApplicationTargetGroup(this, `${name[0]!.toUpperCase()}${name.slice(1)}Targets`, {
      // Said aloud, or the next line is refused: the type is otherwise known only after the target was added.
      targetType: elb.TargetType.LAMBDA,
      // Else the last of two headers with one name wins.
      multiValueHeadersEnabled: true,
      targets: [new LambdaTarget(functions.get(name))],
    });
    return group.targetGroupArn;
  }
}

function conditions(rule: Rule): elb.CfnListenerRule.RuleConditionProperty[] {
  const { paths, method, commands, header } = rule;
  return [
    { field: 'path-pattern', pathPatternConfig: { values: [...paths] } },
    ...(method ? [{ field: 'http-request-method', httpRequestMethodConfig: { values: [method] } }] : []),
    ...(commands
      ? [
          {
            field: 'query-string',
            queryStringConfig: { values: commands.map((value) => ({ key: 'Cmd', value })) },
          },
        ]
      : []),
    ...(header
      ? [
          {
            field: 'http-header',
            httpHeaderConfig: {
              httpHeaderName: header.name,
              ...(header.values && { values: [...header.values] }),
              ...(header.regex && { regexValues: [header.regex] }),
            },
          },
        ]
      : []),
  ];
}
