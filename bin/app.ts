/** The CDK app: `npx cdk synth`, `npx cdk deploy --all -c direct-push:hostName=eas.example.com`. See docs/deploy.md. */
import { App, Validations } from 'aws-cdk-lib';
import { makeStacks } from '../lib/infra/app.ts';
import { BadContext, contextOf, readContext } from '../lib/infra/context.ts';

const app = new App();
try {
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  const context = readContext(contextOf(app.node));
  // Without an account the templates fit every region; looking up a VPC needs one.
  makeStacks(app, context, context.vpcId && account && region ? { account, region } : {});
  if (app.node.tryGetContext('nag')) {
    const { AwsSolutionsChecks } = await import('cdk-nag');
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  }
} catch (error) {
  if (!(error instanceof BadContext || error instanceof RangeError)) throw error;
  console.error(`direct-push: ${error.message}`);
  process.exit(1);
}
