import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { expect, it, onTestFinished } from 'vitest';
import { createSesRelay } from '../../../lib/cloud/ses-relay.ts';
import { type Log, silentLog } from '../../../lib/ops/log.ts';

/** SES as far as the relay uses it; answers by the list, then accepts. */
type Answer = readonly [status: number, error: string];
async function ses(...given: readonly (Answer | { readonly log: Log })[]) {
  const log = given.find((one) => 'log' in one)?.log ?? silentLog;
  const answers = given.filter((one): one is Answer => !('log' in one));
  const requests: {
    FromEmailAddress?: string;
    Destination: { ToAddresses?: string[]; BccAddresses?: string[] };
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
  const relay = createSesRelay(log, client);
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
    { FromEmailAddress: 'kim@acme.test', Destination: { BccAddresses: ['a@b.test', 'c@d.test'] } },
  ]);
  expect(Buffer.from(requests[0]!.Content.Raw.Data, 'base64')).toEqual(RAW);
});

it('gives a send up that is never answered, and does not send it twice: it may have arrived', async () => {
  let requests = 0;
  const server = createServer(() => void requests++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new SESv2Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 4,
  });
  const relay = createSesRelay(silentLog, client, 300);
  onTestFinished(() => {
    relay.close();
    server.close().closeAllConnections();
  });
  expect(await relay.send('kim@acme.test', ['a@b.test', 'c@d.test'], RAW)).toMatchObject([
    { kind: 'later' },
    { kind: 'later' },
  ]);
  expect(requests).toBe(1);
});

it('names no sender for a bounce', async () => {
  const { relay, requests } = await ses();
  await relay.send('', ['a@b.test'], RAW);
  expect(requests[0]).not.toHaveProperty('FromEmailAddress');
});

it('shows nobody who got a blind copy', async () => {
  const { relay, requests } = await ses();
  const raw = Buffer.from('To: a@b.test\r\nBcc: secret@z.test\r\n\r\ntext\r\n');
  await relay.send('kim@acme.test', ['a@b.test', 'secret@z.test'], raw);
  expect(requests[0]!.Destination).toEqual({ ToAddresses: ['a@b.test'], BccAddresses: ['secret@z.test'] });
  expect(Buffer.from(requests[0]!.Content.Raw.Data, 'base64').toString()).toBe('To: a@b.test\r\n\r\ntext\r\n');
});

it('sends to many in groups of fifty, each with its own outcome', async () => {
  const { relay, requests } = await ses([200, ''], [429, 'TooManyRequestsException'], [200, '']);
  const to = Array.from({ length: 120 }, (_, n) => `u${n}@b.test`);
  const outcomes = await relay.send('kim@acme.test', to, RAW);
  expect(requests.map(({ Destination }) => Destination.BccAddresses?.length)).toEqual([50, 50, 20]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(to.map((_, n) => (n >= 50 && n < 100 ? 'later' : 'sent')));
});

it('finds the one address that SES refuses, and the others get their message once', async () => {
  const { relay, requests } = await ses(
    [400, 'BadRequestException'], // abcd
    [200, ''], // ab
    [400, 'BadRequestException'], // cd
    [400, 'BadRequestException'], // c
    [200, ''], // d
  );
  const outcomes = await relay.send('kim@acme.test', ['a@x', 'b@x', 'c..@x', 'd@x'], RAW);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['sent', 'sent', 'failed', 'sent']);
  expect(requests.map(({ Destination }) => Destination.BccAddresses)).toEqual([
    ['a@x', 'b@x', 'c..@x', 'd@x'],
    ['a@x', 'b@x'],
    ['c..@x', 'd@x'],
    ['c..@x'],
    ['d@x'],
  ]);
});

it('asks nobody about a message that is larger than SES takes', async () => {
  const { relay, requests } = await ses();
  const outcomes = await relay.send('kim@acme.test', ['a@b.test'], Buffer.alloc(40 * 1024 * 1024 + 1, 'a'));
  expect(outcomes).toMatchObject([{ kind: 'failed', status: '5.3.4' }]);
  expect(requests).toEqual([]);
});

it('says in the outcome what SES said, for the bounce', async () => {
  const { relay } = await ses([400, 'MessageRejected']);
  const [outcome] = await relay.send('kim@acme.test', ['a@b.test'], RAW);
  expect(outcome).toEqual({ kind: 'failed', status: '5.7.1', text: 'SES refused the message: MessageRejected: no' });
});

it('logs no word of what SES said: it names recipients', async () => {
  const lines: unknown[] = [];
  const { relay } = await ses({ log: { ...silentLog, warn: (...line) => void lines.push(line) } }, [
    400,
    'MessageRejected',
  ]);
  await relay.send('kim@acme.test', ['a@b.test'], RAW);
  expect(lines).toEqual([['ses-send', expect.objectContaining({ recipients: 1, error: 'MessageRejected' })]]);
  expect(JSON.stringify(lines)).not.toMatch(/b\.test|"no"/);
});

it.each([
  [429, 'TooManyRequestsException', 'later', '4.7.28'],
  [400, 'LimitExceededException', 'later', '4.7.28'],
  [400, 'SendingPausedException', 'later', '4.7.0'],
  [403, 'AccountSuspendedException', 'later', '4.7.0'],
  [400, 'MailFromDomainNotVerifiedException', 'later', '4.7.0'],
  [403, 'AccessDeniedException', 'later', '4.4.0'],
  [404, 'NotFoundException', 'later', '4.4.0'],
  [500, 'InternalFailure', 'later', '4.4.0'],
  [400, 'MessageRejected', 'failed', '5.7.1'],
  [400, 'BadRequestException', 'failed', '5.6.0'],
])('%i %s means %s', async (status, type, kind, code) => {
  const { relay } = await ses([status, type]);
  expect(await relay.send('kim@acme.test', ['a@b.test'], RAW)).toMatchObject([{ kind, status: code }]);
});
