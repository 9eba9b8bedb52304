import { App, Stack, Validations } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { makeStacks } from '../../lib/infra/app.ts';
import { readContext } from '../../lib/infra/context.ts';
import { DirectPush } from '../../lib/infra/direct-push.ts';
import { HOST } from './support.ts';

const context = { 'aws:cdk:bundling-stacks': [], '@aws-cdk/core:validateAgainstDefaultRules': true };

/** What cdk-nag finds that nobody acknowledged; a finding makes the synthesis fail. */
function findings(app: App): string {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  try {
    app.synth();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** The rules read every resource; a busy machine takes its time. */
describe('cdk-nag with the AwsSolutions rules', { timeout: 120_000 }, () => {
  it.each([
    ['both stacks', {}],
    ['wakes by HTTP, a firewall and traces', { transport: 'direct', waf: true, tracing: true }],
    ['no mail', { mail: false }],
    ['a canary', { canarySecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:canary-AbC123' }],
    [
      'a canary whose secret is known by its name',
      { canarySecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:c' },
    ],
  ])('%s', (_, given) => {
    const app = new App({ context });
    const keys = Object.entries({ hostName: HOST, ...given }).map(([key, value]) => [`direct-push:${key}`, value]);
    makeStacks(app, readContext(Object.fromEntries(keys)));
    expect(findings(app)).toBe('');
  });

  it('the construct in a stack of somebody else, with a key', () => {
    const app = new App({ context });
    const stack = new Stack(app, 'Theirs');
    const encryptionKey = new kms.Key(stack, 'Key', { enableKeyRotation: true });
    new DirectPush(stack, 'DirectPush', { hostName: HOST, encryptionKey });
    expect(findings(app)).toBe('');
  });

  it('would find what is not acknowledged', () => {
    const app = new App({ context });
    new kms.Key(new Stack(app, 'Careless'), 'Key');
    expect(findings(app)).not.toBe('');
  });
});
