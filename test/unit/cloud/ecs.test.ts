import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ECSClient } from '@aws-sdk/client-ecs';
import { afterEach, describe, expect, it } from 'vitest';
import { agentNotice, identify, serviceNotice, stopWanted } from '../../../lib/cloud/ecs.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** The container agent's metadata, recorded from its documentation's shape. */
async function agent(metadata: object, status = 200) {
  const answer = { metadata };
  const server = createServer((req, res) => {
    res.writeHead(req.url === '/v4/abc/task' ? status : 404).end(JSON.stringify(answer.metadata));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => server.close().closeAllConnections());
  return Object.assign(answer, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v4/abc` });
}

const TASK = {
  Cluster: 'cluster',
  TaskARN: 'arn:aws:ecs:eu-west-1:1:task/cluster/158d1c8083dd49d6b527399fd6414f5c',
  DesiredStatus: 'RUNNING',
  Containers: [{ Networks: [{ NetworkMode: 'awsvpc', IPv4Addresses: ['10.0.2.106'] }] }],
};

it('a task is called by the end of its ARN, and knows its address', async () => {
  const { url } = await agent(TASK);
  expect(await identify(new FakeClock(), url)).toEqual({
    task: '158d1c8083dd49d6b527399fd6414f5c',
    address: '10.0.2.106',
    arn: TASK.TaskARN,
    cluster: 'cluster',
  });
});

it.each([
  ['outside ECS', undefined],
  ['whose agent does not answer', 'http://127.0.0.1:1'],
])('a task %s makes its own name', async (_, url) => {
  const names = await Promise.all([1, 2].map(() => identify(new FakeClock(), url)));
  expect(names[0]!.task).toMatch(/^task-\w{26}$/);
  expect(names[0]!.task).not.toBe(names[1]!.task);
  expect(names[0]!.address).toBeUndefined();
});

/** The service's API, as far as a task asks it. */
async function service(tasks: Record<string, string>, status = 200) {
  const asked: unknown[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of req) chunks.push(chunk as Uint8Array);
    const input = JSON.parse(Buffer.concat(chunks).toString()) as { tasks: string[] };
    asked.push([req.headers['x-amz-target'], input]);
    const found = input.tasks.map((taskArn) => ({ taskArn, lastStatus: 'RUNNING', desiredStatus: tasks[taskArn] }));
    res.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    res.end(JSON.stringify(status === 200 ? { tasks: found } : { __type: 'AccessDeniedException' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => server.close().closeAllConnections());
  const client = new ECSClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  open.push(() => client.destroy());
  return { client, asked };
}

describe('whether a task shall stop', () => {
  it('its agent says', async () => {
    const server = await agent(TASK);
    const notice = agentNotice(server.url);
    expect(await notice()).toBe(false);
    server.metadata = { ...TASK, DesiredStatus: 'STOPPED' };
    expect(await notice()).toBe(true);
  });

  it('the service says of this task in its cluster, while the agent still says otherwise', async () => {
    const { url } = await agent(TASK);
    const identity = await identify(new FakeClock(), url);
    const desired = { [TASK.TaskARN]: 'RUNNING' };
    const { client, asked } = await service(desired);
    const notice = serviceNotice(identity, silentLog, client);
    expect(await notice()).toBe(false);
    desired[TASK.TaskARN] = 'STOPPED';
    expect(await notice()).toBe(true);
    expect(asked[0]).toEqual([
      'AmazonEC2ContainerServiceV20141113.DescribeTasks',
      { cluster: 'cluster', tasks: [TASK.TaskARN] },
    ]);
  });

  it('nobody says outside ECS, and nothing is asked there', async () => {
    const { client, asked } = await service({});
    expect(await serviceNotice(await identify(new FakeClock(), undefined), silentLog, client)()).toBe(false);
    expect(asked).toEqual([]);
  });

  it('is a matter of the log, once, where the service may not be asked', async () => {
    const events: string[] = [];
    const log = { ...silentLog, warn: (event: string) => void events.push(event) };
    const { client } = await service({}, 400);
    const notice = serviceNotice({ task: 't', address: undefined, arn: TASK.TaskARN, cluster: 'cluster' }, log, client);
    for (let n = 0; n < 3; n++) await expect(notice()).rejects.toThrow();
    expect(events).toEqual(['stop-notice']);
  });

  it('is asked every ten seconds of all who may know, and one of them is enough', async () => {
    const clock = new FakeClock();
    let asked = 0;
    let told = false;
    const dumb = () => Promise.reject(new Error('no way'));
    const knows = async () => {
      asked++;
      return told;
    };
    let wanted = false;
    const watching = stopWanted(clock, [dumb, knows], new AbortController().signal).then(() => {
      wanted = true;
    });
    await clock.advance(30_000);
    expect([asked, wanted]).toEqual([3, false]);
    told = true;
    await clock.advance(10_000);
    await watching;
    expect(asked).toBe(4);
  });

  it('is no question any more when the task ends', async () => {
    const running = new AbortController();
    const watching = stopWanted(new FakeClock(), [], running.signal);
    running.abort(new Error('ended'));
    await expect(watching).rejects.toThrow('ended');
  });
});
