import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { expect, it, onTestFinished } from 'vitest';
import { createSesRelay } from '../../../lib/cloud/ses-relay.ts';
import { silentLog } from '../../../lib/ops/log.ts';

/** SES as far as the relay uses it; answers by the list, then accepts. */
async function ses(...answers: readonly (readonly [number, string])[]) {
  const requests: {
    FromEmailAddress?: string;
    Destination: { ToAddresses: string[] };
    Content: { Raw: { Data: string } };
  }[] = [];
  const left = [...answers];
  const server = createServer(async (req, res) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of req) chunks.push(chunk as Uint8Array);
    requests.push(JSON.parse(Buffer.concat(chunks).toString()));
    const [status, type] = left.shift() ?? [200, ''];
    res.writeHead(status, { 'content-type': 'application/json', ...(type && { 'x-amzn-errortype': type }) });
    res.end(JSON.stringify(type ? { message: 'no' } : { MessageId: 'm' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new SESv2Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
  const relay = createSesRelay(silentLog, client);
  onTestFinished(() => {
    relay.close();
    server.close().closeAllConnections();
  });
  return { relay, requests };
}

const RAW = Buffer.from('Subject: \xff\r\n\r\nbytes \x00', 'latin1');

it('sends a message byte for byte, to the envelope and not to the header', async () => {
  const { relay, requests } = await ses();
  expect(await relay.send('kim@acme.test', ['a@b.test', 'c@d.test'], RAW)).toEqual([
    { kind: 'sent' },
    { kind: 'sent' },
  ]);
  expect(requests).toMatchObject([
    { FromEmailAddress: 'kim@acme.test', Destination: { ToAddresses: ['a@b.test', 'c@d.test'] } },
  ]);
  expect(Buffer.from(requests[0]!.Content.Raw.Data, 'base64')).toEqual(RAW);
});

it('names no sender for a bounce', async () => {
  const { relay, requests } = await ses();
  await relay.send('', ['a@b.test'], RAW);
  expect(requests[0]).not.toHaveProperty('FromEmailAddress');
});

it('sends to many in groups of fifty, each with its own outcome', async () => {
  const { relay, requests } = await ses([200, ''], [400, 'MessageRejected'], [200, '']);
  const to = Array.from({ length: 120 }, (_, n) => `u${n}@b.test`);
  const outcomes = await relay.send('kim@acme.test', to, RAW);
  expect(requests.map(({ Destination }) => Destination.ToAddresses.length)).toEqual([50, 50, 20]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(to.map((_, n) => (n >= 50 && n < 100 ? 'failed' : 'sent')));
});

it.each([
  [429, 'TooManyRequestsException', 'later'],
  [400, 'SendingPausedException', 'later'],
  [500, 'InternalFailure', 'later'],
  [400, 'MailFromDomainNotVerifiedException', 'failed'],
  [400, 'MessageRejected', 'failed'],
])('%i %s means %s', async (status, type, kind) => {
  const { relay } = await ses([status, type]);
  expect(await relay.send('kim@acme.test', ['a@b.test'], RAW)).toMatchObject([{ kind }]);
});
