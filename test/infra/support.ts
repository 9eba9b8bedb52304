import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { makeStacks } from '../../lib/infra/app.ts';
import { readContext } from '../../lib/infra/context.ts';
import { DirectPush } from '../../lib/infra/direct-push.ts';
import type { DirectPushProps } from '../../lib/infra/props.ts';

/** No bundles and no images: what is asserted is the template. What CloudFormation would refuse is an error. */
const UNBUNDLED = { 'aws:cdk:bundling-stacks': [], '@aws-cdk/core:validateAgainstDefaultRules': true };

export const HOST = 'eas.acme.test';

/** Both stacks of the app, from context keys without their prefix. */
export function synthApp(given: Readonly<Record<string, unknown>> = {}) {
  const app = new App({ context: UNBUNDLED });
  const keys = Object.entries({ hostName: HOST, ...given }).map(([key, value]) => [`direct-push:${key}`, value]);
  const stacks = makeStacks(app, readContext(Object.fromEntries(keys)));
  const template = Template.fromStack(stacks.endpoint);
  return { app, ...stacks, template, dataTemplate: Template.fromStack(stacks.data) };
}

/** The construct alone in a stack; `props` gets the stack, to make what it brings. */
export function synthConstruct(props: (stack: Stack) => Partial<DirectPushProps> = () => ({})) {
  const app = new App({ context: UNBUNDLED });
  const stack = new Stack(app, 'Own');
  const construct = new DirectPush(stack, 'DirectPush', { hostName: HOST, ...props(stack) });
  return { app, stack, construct, template: Template.fromStack(stack) };
}

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON of any shape
export type Properties = Record<string, any>;

/** Properties of all resources of a type, by logical id. */
export function resources(template: Template, type: string): Readonly<Record<string, Properties>> {
  const found = template.findResources(type);
  return Object.fromEntries(Object.entries(found).map(([id, { Properties: properties = {} }]) => [id, properties]));
}

/** The only one, or the only one whose logical id begins so. */
export function only(template: Template, type: string, begin = ''): Properties {
  const found = Object.entries(resources(template, type)).filter(([id]) => id.startsWith(begin));
  if (found.length !== 1) throw new Error(`${found.length} of ${type}: ${found.map(([id]) => id).join(', ')}`);
  return found[0]![1];
}

export interface Statement {
  readonly actions: readonly string[];
  readonly resources: string;
  readonly conditions?: unknown;
}

/** All statements of the policies that belong to a role whose logical id begins so. */
export function statementsOf(template: Template, role: string): readonly Statement[] {
  const statements: Statement[] = [];
  for (const policy of Object.values(resources(template, 'AWS::IAM::Policy'))) {
    if (!policy.Roles.some(({ Ref }: { Ref?: string }) => Ref?.startsWith(role))) continue;
    for (const { Action, Resource, Condition } of policy.PolicyDocument.Statement) {
      const resource = JSON.stringify(Resource);
      statements.push({
        actions: [Action].flat(),
        resources: resource,
        ...(Condition && { conditions: Condition }),
      });
    }
  }
  return statements;
}

/** Actions of a role on what its ARN names, without what belongs to others. */
export function actionsOn(template: Template, role: string, what: string): readonly string[] {
  return statementsOf(template, role)
    .filter((statement) => statement.resources.includes(what))
    .flatMap(({ actions }) => actions)
    .sort();
}
