import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { identify, stopWanted } from '../../../lib/cloud/ecs.ts';
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
  TaskARN: 'arn:aws:ecs:eu-west-1:1:task/cluster/158d1c8083dd49d6b527399fd6414f5c',
  DesiredStatus: 'RUNNING',
  Containers: [{ Networks: [{ NetworkMode: 'awsvpc', IPv4Addresses: ['10.0.2.106'] }] }],
};

it('a task is called by the end of its ARN, and knows its address', async () => {
  const { url } = await agent(TASK);
  expect(await identify(new FakeClock(), url)).toEqual({
    task: '158d1c8083dd49d6b527399fd6414f5c',
    address: '10.0.2.106',
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

it('a task hears that it shall stop from its agent, and from nobody when it was told otherwise', async () => {
  const server = await agent(TASK);
  const clock = new FakeClock();
  const running = new AbortController();
  let wanted = false;
  const watching = stopWanted(clock, server.url, running.signal).then(() => {
    wanted = true;
  });
  const pass = async () => {
    await clock.advance(5000);
    // The agent answers over a real socket.
    for (let turn = 0; turn < 200 && !wanted && clock.pending === 0; turn++)
      await new Promise((done) => setImmediate(done));
  };
  await pass();
  expect(wanted).toBe(false);
  server.metadata = { ...TASK, DesiredStatus: 'STOPPED' };
  for (let round = 0; round < 3 && !wanted; round++) await pass();
  await watching;
  expect(wanted).toBe(true);
  const other = stopWanted(clock, server.url, running.signal);
  running.abort(new Error('ended'));
  await expect(other).rejects.toThrow('ended');
});
