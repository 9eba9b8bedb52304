import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import {
  OPTIONAL_STACK_OUTPUTS,
  type OptionalStackOutputName,
  STACK_OUTPUTS,
  type StackOutputName,
} from '../ops/stack-outputs.ts';
import { AwsTrouble, awsTrouble } from './aws-trouble.ts';

/** Where the services are; what is absent the SDK finds as it always does (environment, profile). */
export interface Where {
  readonly region?: string;
  /** Of all services at once: an emulator. */
  readonly endpoint?: string;
}

/** What a deployed stack says of itself. */
type Names = Readonly<Record<StackOutputName, string> & Partial<Record<OptionalStackOutputName, string>>>;
export type Deployed = Names & { readonly region: string };

const TIMES = { connectionTimeout: 5000, requestTimeout: 20_000 };

/**
 * Names of the tables, the bucket and the secret, from the stack's outputs.
 * @throws AwsTrouble when there is no such stack, it has not these outputs, or AWS lets nobody ask
 */
export async function readStack(name: string, where: Where = {}): Promise<Deployed> {
  const client = new CloudFormationClient({ ...where, maxAttempts: 3, requestHandler: TIMES });
  let region = where.region;
  try {
    region = await client.config.region();
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    if (!Stacks[0]) throw new AwsTrouble(absent(name, region));
    return { ...namesIn(Stacks[0], name), region };
  } catch (error) {
    if (error instanceof AwsTrouble) throw error;
    // What CloudFormation calls a validation error is mostly this.
    if (/does not exist/.test((error as Error).message)) throw new AwsTrouble(absent(name, region), { cause: error });
    throw awsTrouble(error, region) ?? error;
  } finally {
    client.destroy();
  }
}

const absent = (name: string, region: string | undefined) =>
  `there is no stack ${name} in ${region}: is the name right (aws cloudformation list-stacks), the region, the account?`;

function namesIn({ Outputs = [], StackStatus }: Stack, name: string): Names {
  const given = new Map(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const values = (outputs: Readonly<Record<string, readonly string[]>>) =>
    Object.entries(outputs).map(([what, keys]) => [what, keys.map((key) => given.get(key)).find(Boolean)] as const);
  const found = values(STACK_OUTPUTS);
  const missing = found.flatMap(([what, value]) => (value ? [] : [STACK_OUTPUTS[what as StackOutputName][0]]));
  const more = values(OPTIONAL_STACK_OUTPUTS).filter(([, value]) => value);
  if (missing.length === 0) return Object.fromEntries([...found, ...more]) as Names;
  const why = /_COMPLETE$/.test(StackStatus ?? '')
    ? 'is it the stack of a Direct Push endpoint, or its data stack?'
    : `it is ${StackStatus}: wait until it is complete`;
  throw new AwsTrouble(`stack ${name} has no output ${missing.join(', ')}: ${why}`);
}
