/**
 * DynamoDB and S3 as a process of the template sees them: what its role is not granted is refused and noted. Statements
 * are matched by the resource's name in the template and by the leading keys that they are limited to.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Statement } from '../../infra/support.ts';

export interface Guard {
  readonly dynamo: string;
  readonly s3: string;
  stop(): void;
}

export interface Guarded {
  readonly statements: readonly Statement[];
  readonly endpoints: { readonly dynamo: string; readonly s3: string };
  /** Part of the resource's name in the template for a table or a bucket. */
  readonly resourceOf: Readonly<Record<string, string>>;
  readonly onDenied: (what: string) => void;
}

/** What a request does: to a table or a bucket, with the partition where there is one. */
export interface Act {
  readonly action: string;
  readonly on: string;
  readonly partition?: string | undefined;
}

export async function startGuard(guarded: Guarded): Promise<Guard> {
  const { endpoints } = guarded;
  const allowed = (act: Act) => isAllowed(guarded.statements, guarded.resourceOf[act.on] ?? act.on, act);
  const refused = (acts: readonly Act[]) => {
    const [first] = acts.filter((act) => !allowed(act));
    if (first) guarded.onDenied(`${first.action} ${guarded.resourceOf[first.on] ?? first.on} ${first.partition ?? ''}`);
    return first !== undefined;
  };
  const dynamo = await listening(async (incoming, response) => {
    const body = await text(incoming);
    if (refused(tableActs(String(incoming.headers['x-amz-target']), body))) {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(
        JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException', message: 'not granted' }),
      );
    } else passOn(endpoints.dynamo, incoming, response).end(body);
  });
  const s3 = await listening(async (incoming, response) => {
    if (refused([objectAct(incoming)])) {
      incoming.resume();
      response.writeHead(403, { 'content-type': 'application/xml' });
      response.end('<Error><Code>AccessDenied</Code><Message>not granted</Message></Error>');
    } else incoming.pipe(passOn(endpoints.s3, incoming, response));
  });
  return {
    dynamo: dynamo.url,
    s3: s3.url,
    stop() {
      dynamo.stop();
      s3.stop();
    },
  };
}

/** As IAM says it: every action has a statement for its resource whose condition holds. */
export function isAllowed(statements: readonly Statement[], resource: string, { action, partition }: Act): boolean {
  return statements.some(({ actions, resources, conditions }) => {
    if (!actions.includes(action) || !resources.includes(resource)) return false;
    const patterns = (conditions as Limited | undefined)?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];
    return (
      patterns === undefined || (partition !== undefined && patterns.some((pattern) => isLike(partition, pattern)))
    );
  });
}

interface Limited {
  readonly 'ForAllValues:StringLike'?: { readonly 'dynamodb:LeadingKeys'?: readonly string[] };
}

const isLike = (value: string, pattern: string) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[^\w]/g, '\\$&'))
      .join('.*')}$`,
    's',
  ).test(value);

interface Request {
  readonly TableName?: string;
  readonly Key?: { readonly pk: { readonly S: string } };
  readonly Item?: { readonly pk: { readonly S: string } };
  readonly RequestItems?: Readonly<Record<string, unknown>>;
  readonly TransactItems?: readonly Readonly<Record<string, Request>>[];
}

/** Transactions are allowed by what is in them. */
const IN_TRANSACTION: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

export function tableActs(target: string, body: string): readonly Act[] {
  const operation = target.slice(target.indexOf('.') + 1);
  const input = JSON.parse(body) as Request;
  const act = (name: string, { TableName = '', Key, Item }: Request): Act => ({
    action: `dynamodb:${name}`,
    on: TableName,
    partition: (Key ?? Item)?.pk.S,
  });
  if (input.TransactItems) {
    return input.TransactItems.flatMap((item) =>
      Object.entries(item).map(([verb, write]) => act(IN_TRANSACTION[verb] ?? verb, write)),
    );
  }
  if (input.RequestItems) return Object.keys(input.RequestItems).map((TableName) => act(operation, { TableName }));
  return [act(operation, input)];
}

export function objectAct({ method, url }: Pick<IncomingMessage, 'method' | 'url'>): Act {
  const { pathname, searchParams } = new URL(url ?? '/', 'http://s3');
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(pathname) ?? [];
  if (key === '' && method !== 'POST') return { action: 's3:ListBucket', on: bucket };
  const removes = method === 'DELETE' || searchParams.has('delete');
  const action = removes ? 's3:DeleteObject' : method === 'GET' || method === 'HEAD' ? 's3:GetObject' : 's3:PutObject';
  return { action, on: bucket };
}

/** The same request to another address: signatures hold, as its headers are the same. */
function passOn(endpoint: string, incoming: IncomingMessage, response: ServerResponse) {
  const { method, url, headers } = incoming;
  const outgoing = request(new URL(url ?? '/', endpoint), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  response.on('close', () => {
    if (!response.writableFinished) outgoing.destroy();
  });
  return outgoing;
}

async function listening(handle: (incoming: IncomingMessage, response: ServerResponse) => Promise<void>) {
  const server = createServer({ keepAliveTimeout: 600_000 }, (incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
