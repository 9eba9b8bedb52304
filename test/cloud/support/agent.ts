/**
 * Who tells a task who it is (metadata endpoint, version 4) and what the service wants of it (DescribeTasks). The agent
 * goes on saying RUNNING: that the service deregisters the task is told by the service alone.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface TaskAgent {
  /** For `ECS_CONTAINER_METADATA_URI_V4`. */
  readonly url: string;
  /** For `AWS_ENDPOINT_URL_ECS`. */
  readonly endpoint: string;
  /** From now on the service wants the task to stop. */
  wantStop(): void;
  stop(): void;
}

export async function taskAgent(task: string): Promise<TaskAgent> {
  let desiredStatus = 'RUNNING';
  const TaskARN = `arn:aws:ecs:us-east-1:123456789012:task/test/${task}`;
  const Cluster = 'test';
  const metadata = {
    TaskARN,
    Cluster,
    DesiredStatus: 'RUNNING',
    KnownStatus: 'RUNNING',
    Containers: [{ Networks: [{ NetworkMode: 'awsvpc', IPv4Addresses: ['127.0.0.1'] }] }],
  };
  async function describe(req: IncomingMessage): Promise<object> {
    const { cluster, tasks } = (await json(req)) as { cluster: string; tasks: string[] };
    const mine = cluster === Cluster && tasks.includes(TaskARN);
    const lastStatus = desiredStatus === 'STOPPED' ? 'DEACTIVATING' : 'RUNNING';
    return { tasks: mine ? [{ taskArn: TaskARN, lastStatus, desiredStatus }] : [], failures: [] };
  }
  const server = createServer(async (req, res) => {
    const said =
      req.url === '/v4/task'
        ? metadata
        : req.headers['x-amz-target'] === 'AmazonEC2ContainerServiceV20141113.DescribeTasks' && (await describe(req));
    if (!said) return void res.writeHead(404).end();
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify(said));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${endpoint}/v4`,
    endpoint,
    wantStop() {
      desiredStatus = 'STOPPED';
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
