/** Stacks in an emulator, by CloudFormation. */
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { until } from '../cloud/support/until.ts';

export const ENDPOINT = process.env.EMULATOR_ENDPOINT!;
export const CREDENTIALS = {
  accessKeyId: process.env.AWS_ACCESS_KEY_ID || 'test',
  secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY || 'test',
};
export const REGION = 'us-east-1';

type Template = Readonly<Record<string, unknown>>;

/** What `cdk bootstrap` made is asked for by every template, and by nothing in it. */
function unbooted({ Parameters, Rules: _, ...rest }: Template): Template {
  const { BootstrapVersion: __, ...others } = (Parameters ?? {}) as Template;
  return { ...rest, ...(Object.keys(others).length > 0 && { Parameters: others }) };
}

/** @returns the last status, and what CloudFormation said where it did not even begin */
export async function deploy(StackName: string, template: Template): Promise<string> {
  const client = new CloudFormationClient({ endpoint: ENDPOINT, region: REGION, credentials: CREDENTIALS });
  let status = '';
  try {
    const TemplateBody = JSON.stringify(unbooted(template));
    await client.send(new CreateStackCommand({ StackName, TemplateBody, Capabilities: ['CAPABILITY_IAM'] }));
    await until(async () => {
      const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
      status = Stacks?.[0]?.StackStatus ?? '';
      return !status.endsWith('_IN_PROGRESS');
    }, 60_000);
    return status;
  } finally {
    client.destroy();
  }
}
