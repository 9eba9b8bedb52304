import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { bucketReader, inboundClient } from '../../../lib/cloud/inbound-bucket.ts';

async function bucket(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = inboundClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    forcePathStyle: true,
    requestHandler: { requestTimeout: 100, socketTimeout: 100 },
  });
  onTestFinished(() => {
    client.destroy();
    server.close().closeAllConnections();
  });
  return bucketReader('inbound', client);
}

it('a message is read with its metadata, also when S3 leaves the first request without an answer', async () => {
  let requests = 0;
  const read = await bucket((_, res) => {
    if (++requests > 1) res.writeHead(200, { 'x-amz-meta-rcpt-to': 'kim@acme.test' }).end('hello');
  });
  const { raw, metadata } = (await read('in/1'))!;
  expect([Buffer.from(raw).toString(), metadata]).toEqual(['hello', { 'rcpt-to': 'kim@acme.test' }]);
});

it('reading ends with an error when S3 never answers, or stops in the middle', async () => {
  const silent = await bucket(() => {});
  await expect(silent('in/1')).rejects.toThrow(/requestTimeout|timed out/i);
  const halting = await bucket((_, res) => void res.writeHead(200, { 'content-length': '10' }).write('half'));
  await expect(halting('in/1')).rejects.toThrow();
});

it('an object that is gone is none', async () => {
  const read = await bucket((_, res) => {
    res.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code></Error>');
  });
  expect(await read('in/1')).toBeUndefined();
});
