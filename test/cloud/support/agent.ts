/** The container agent that tells a task who it is and whether it shall go on (metadata endpoint, version 4). */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TaskAgent {
  /** For `ECS_CONTAINER_METADATA_URI_V4`. */
  readonly url: string;
  /** From now on the service wants the task to stop. */
  wantStop(): void;
  stop(): void;
}

export async function taskAgent(task: string): Promise<TaskAgent> {
  let DesiredStatus = 'RUNNING';
  const server = createServer((req, res) => {
    if (req.url !== '/v4/task') return void res.writeHead(404).end();
    const TaskARN = `arn:aws:ecs:us-east-1:123456789012:task/test/${task}`;
    const Containers = [{ Networks: [{ NetworkMode: 'awsvpc', IPv4Addresses: ['127.0.0.1'] }] }];
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ TaskARN, DesiredStatus, KnownStatus: 'RUNNING', Containers }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v4`,
    wantStop() {
      DesiredStatus = 'STOPPED';
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
