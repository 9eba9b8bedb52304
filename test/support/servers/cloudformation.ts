/** CloudFormation as far as the command line asks it: DescribeStacks, answered as AWS answers. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeStack {
  readonly status?: string;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface CloudFormationServer {
  readonly endpoint: string;
  /** What was asked for: action and name. */
  readonly asked: string[];
  /** The next request gets this instead. */
  fail(status: number, code: string, message: string): void;
  stop(): Promise<void>;
}

const NAMESPACE = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"';
const REQUEST = '<RequestId>7c6a177f-0000-4000-8000-000000000000</RequestId>';

export async function startCloudFormation(stacks: Readonly<Record<string, FakeStack>>): Promise<CloudFormationServer> {
  const asked: string[] = [];
  const failures: { status: number; code: string; message: string }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const name = form.get('StackName') ?? '';
    asked.push(`${form.get('Action')} ${name}`);
    const stack = stacks[name];
    const failure =
      failures.shift() ??
      (stack ? undefined : { status: 400, code: 'ValidationError', message: `Stack with id ${name} does not exist` });
    response.writeHead(failure?.status ?? 200, { 'content-type': 'text/xml' });
    response.end(failure ? errorOf(failure.code, failure.message) : answerOf(name, stack!));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    fail: (status, code, message) => void failures.push({ status, code, message }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerOf(name: string, { status = 'CREATE_COMPLETE', outputs }: FakeStack): string {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return (
    `<DescribeStacksResponse ${NAMESPACE}><DescribeStacksResult><Stacks><member><StackName>${name}</StackName>` +
    `<StackId>arn:aws:cloudformation:eu-west-1:123456789012:stack/${name}/1</StackId>` +
    `<CreationTime>2026-11-01T10:00:00.000Z</CreationTime><StackStatus>${status}</StackStatus>` +
    `<Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult>` +
    `<ResponseMetadata>${REQUEST}</ResponseMetadata></DescribeStacksResponse>`
  );
}

const errorOf = (code: string, message: string) =>
  `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>` +
  `${REQUEST}</ErrorResponse>`;
