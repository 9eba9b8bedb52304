/** The CDK app: `npx cdk synth`, `npx cdk deploy --all`. Settings stand in `cdk.context.json`, see docs/deploy.md. */
import { App, Validations } from 'aws-cdk-lib';
import { EXAMPLE_HOST, makeStacks } from '../lib/infra/app.ts';
import { BadContext, contextOf, PREFIX, readContext } from '../lib/infra/context.ts';

const app = new App();
try {
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  // A clone without settings shows its templates; `makeStacks` sees to it that they are not deployed.
  const context = readContext({ [`${PREFIX}hostName`]: EXAMPLE_HOST, ...contextOf(app.node) });
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
