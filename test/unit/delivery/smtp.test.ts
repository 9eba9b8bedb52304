import { rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { createTransport } from 'nodemailer';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDelivery, type Delivery } from '../../../lib/delivery/deliver.ts';
import { createSmtpServer, type SmtpLimits, type SmtpOptions } from '../../../lib/delivery/smtp.ts';
import { ensureTls } from '../../../lib/embedded/tls.ts';
import type { Account } from '../../../lib/identity/types.ts';
import { systemClock } from '../../../lib/ops/clock.ts';
import type { MailboxId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { StoreUnavailable } from '../../../lib/store/ports.ts';
import { INBOX, openTestMailbox } from '../../support/mailboxes.ts';
import { temporaryFolder } from '../../support/stores.ts';

interface Over {
  readonly options?: Partial<SmtpOptions>;
  readonly limits?: Partial<SmtpLimits>;
  readonly delivery?: (real: Delivery) => Partial<Delivery>;
}

async function serve(over: Over = {}) {
  const { mailboxes, mailbox, store, clock } = await openTestMailbox();
  const byAddress = async (address: string): Promise<Account | undefined> => {
    const name = address.toLowerCase().replace(/@example\.net$/, '');
    if (!['alice', 'bob'].includes(name)) return undefined;
    const base = { aliases: [], name, enabled: true, easEnabled: true, credentialVersion: 1 };
    return { ...base, id: name as MailboxId, address: `${name}@example.net` };
  };
  const services = { mailboxes, table: store.table, blobs: store.blobs, clock, log: silentLog };
  const real = createDelivery({ directory: { byAddress }, ...services });
  const delivery = { ...real, ...over.delivery?.(real) };
  const server = createSmtpServer(
    { delivery, clock, log: silentLog },
    { protocol: 'smtp', hostname: 'mail.example.net', limits: { closeMs: 100, ...over.limits }, ...over.options },
  );
  const port = await server.listen(0, '127.0.0.1');
  onTestFinished(() => server.close());
  const inbox = async () => mailbox.page(INBOX, { limit: 100 });
  return { port, inbox, store, clock, mailboxes, server };
}

const client = (port: number, over: object = {}) => {
  const transport = createTransport({ host: '127.0.0.1', port, ignoreTLS: true, ...over });
  onTestFinished(() => transport.close());
  return transport;
};
const MESSAGE = { from: 'Ada <ada@example.com>', to: 'alice@example.net', subject: 'Hi', text: 'hello\n' };
const codeOf = (sending: Promise<unknown>) =>
  sending.then(
    () => 250,
    (error: { responseCode?: number }) => error.responseCode,
  );

/** A bare session: what a client library would never send. */
async function session(port: number) {
  const socket: Socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  let closed = false;
  const waiting: (() => void)[] = [];
  const wakeAll = () => waiting.splice(0).forEach((wake) => void wake());
  socket.setEncoding('latin1');
  socket.on('data', (data: string) => {
    text += data;
    wakeAll();
  });
  socket.on('close', () => {
    closed = true;
    wakeAll();
  });
  socket.on('error', () => {});
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text)) {
      if (closed) throw new Error(`closed after ${text}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    const answer = text;
    text = '';
    return answer;
  };
  const end = async () => {
    while (!closed) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  await until(/^220 .*\r\n/);
  const say = (line: string, pattern = /^\d{3} .*\r\n$/m) => {
    socket.write(line.endsWith('\r\n') ? line : `${line}\r\n`);
    return until(pattern);
  };
  return { say, end, socket, until };
}

describe('SMTP', () => {
  test('takes a message and answers when it is committed', async () => {
    const { port, inbox, store } = await serve();
    const info = await client(port).sendMail({ ...MESSAGE, messageId: '<1@example.com>' });
    expect(info).toMatchObject({ accepted: ['alice@example.net'], response: expect.stringMatching(/^250/) });
    const [item] = await inbox();
    expect(item!.content).toMatchObject({
      subject: 'Hi',
      from: '"Ada" <ada@example.com>',
      messageId: '<1@example.com>',
      text: { prefix: 'hello' },
    });
    const raw = Buffer.from((await store.blobs.get(item!.content.mime.blob))!).toString();
    expect(raw).toMatch(
      /^Return-Path: <ada@example\.com>\r\nReceived: from \S+ \(\[127\.0\.0\.1\]\)\r\n by mail\.example\.net with ESMTP id \S+;\r\n Thu, 15 Jan 2026 12:00:00 \+0000\r\n/,
    );
  });

  test('takes one message for several', async () => {
    const { port, inbox, mailboxes } = await serve();
    await client(port).sendMail({ ...MESSAGE, to: 'alice@example.net, bob@example.net' });
    expect(await inbox()).toHaveLength(1);
    expect(await mailboxes.open('bob' as MailboxId).page(INBOX, { limit: 9 })).toHaveLength(1);
  });

  test('refuses whom nobody knows at RCPT, so it relays nothing', async () => {
    const { port, inbox } = await serve();
    expect(await codeOf(client(port).sendMail({ ...MESSAGE, to: 'nobody@example.net' }))).toBe(550);
    expect(await codeOf(client(port).sendMail({ ...MESSAGE, to: 'alice@elsewhere.example' }))).toBe(550);
    const info = await client(port).sendMail({ ...MESSAGE, to: 'alice@example.net, nobody@example.net' });
    expect(info).toMatchObject({ accepted: ['alice@example.net'], rejected: ['nobody@example.net'] });
    expect(await inbox()).toHaveLength(1);
  });

  test('takes bounces and addresses beyond ASCII', async () => {
    const { port, inbox } = await serve();
    await client(port).sendMail({ ...MESSAGE, envelope: { from: '', to: ['alice@example.net'] } });
    await client(port).sendMail({
      ...MESSAGE,
      subject: '🗓',
      envelope: { from: 'jürgen@exämple.com', to: ['alice@example.net'] },
    });
    expect(await inbox()).toHaveLength(2);
  });

  test('postpones while the store is in trouble, and the retry makes one item', async () => {
    let trouble = true;
    const { port, inbox } = await serve({
      delivery: (real) => ({
        deliverTo: async (address, message) => {
          if (trouble && address.startsWith('bob')) throw new StoreUnavailable();
          return real.deliverTo(address, message);
        },
      }),
    });
    const message = {
      ...MESSAGE,
      to: 'alice@example.net, bob@example.net',
      messageId: '<r@example.com>',
      date: new Date(0),
    };
    expect(await codeOf(client(port).sendMail(message))).toBe(451);
    trouble = false;
    expect(await codeOf(client(port).sendMail(message))).toBe(250);
    expect(await inbox()).toHaveLength(1);
  });

  test('postpones where the directory cannot be asked', async () => {
    const { port } = await serve({ delivery: () => ({ accepts: () => Promise.reject(new StoreUnavailable()) }) });
    expect(await codeOf(client(port).sendMail(MESSAGE))).toBe(451);
  });

  test('postpones when a message cannot be read at all', async () => {
    const { port } = await serve({ delivery: () => ({ read: () => Promise.reject(new Error('bug')) }) });
    expect(await codeOf(client(port).sendMail(MESSAGE))).toBe(451);
  });

  test('announces its limit and refuses what is larger, announced or not', async () => {
    const { port, inbox } = await serve({ limits: { messageBytes: 2_000 } });
    const { say } = await session(port);
    expect(await say('EHLO me')).toContain('SIZE 2000');
    expect(await say('MAIL FROM:<a@x> SIZE=2001')).toMatch(/^552 /);
    expect(await codeOf(client(port).sendMail({ ...MESSAGE, text: 'x'.repeat(5_000) }))).toBe(552);
    expect(await codeOf(client(port).sendMail(MESSAGE))).toBe(250);
    expect(await inbox()).toHaveLength(1);
  });

  test('postpones what its memory has no room for, and has room again afterwards', async () => {
    const { port } = await serve({ limits: { inFlightBytes: 2_000 } });
    expect(await codeOf(client(port).sendMail({ ...MESSAGE, text: 'x\n'.repeat(5_000) }))).toBe(451);
    for (let n = 0; n < 5; n++) expect(await codeOf(client(port).sendMail({ ...MESSAGE, subject: `${n}` }))).toBe(250);
  });

  test('offers what it can and nothing else', async () => {
    const { port } = await serve();
    const { say } = await session(port);
    const features = await say('EHLO me');
    for (const feature of ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE']) expect(features).toContain(feature);
    for (const feature of ['AUTH', 'STARTTLS', 'XCLIENT', 'XFORWARD', 'DSN']) expect(features).not.toContain(feature);
    for (const command of ['AUTH PLAIN AGEAYg==', 'STARTTLS', 'XCLIENT ADDR=10.0.0.1', 'WIZ x', 'SHELL']) {
      expect(await say(command)).toMatch(/^5\d\d /);
    }
  });

  test('takes commands in one packet', async () => {
    const { port, inbox } = await serve();
    const { say, until, socket } = await session(port);
    await say('EHLO me');
    socket.write('MAIL FROM:<a@x.example>\r\nRCPT TO:<alice@example.net>\r\nDATA\r\n');
    await until(/^354 /m);
    expect(await say('Subject: piped\r\n\r\n..dot\r\n.\r\n')).toMatch(/^250 /);
    expect((await inbox())[0]!.content).toMatchObject({ subject: 'piped', text: { prefix: '.dot' } });
  });

  test('keeps 8-bit text that nobody labelled', async () => {
    const { port, inbox } = await serve();
    const { say, until, socket } = await session(port);
    await say('EHLO me');
    await say('MAIL FROM:<a@x.example> BODY=8BITMIME');
    await say('RCPT TO:<alice@example.net>');
    socket.write('DATA\r\n');
    await until(/^354 /m);
    socket.write(Buffer.from('Subject: gr\xfcn\r\n\r\nb\xf6se\0\r\n.\r\n', 'latin1'));
    expect(await until(/^\d{3} .*\r\n/m)).toMatch(/^250 /);
    expect((await inbox())[0]!.content).toMatchObject({ subject: 'grün', text: { prefix: 'böse' } });
  });

  test('limits the recipients of a message', async () => {
    const { port } = await serve({ limits: { recipients: 1 } });
    const { say } = await session(port);
    await say('EHLO me');
    await say('MAIL FROM:<a@x.example>');
    expect(await say('RCPT TO:<alice@example.net>')).toMatch(/^250 /);
    expect(await say('RCPT TO:<bob@example.net>')).toMatch(/^4\d\d /);
  });

  test('gives up on a message that never ends', async () => {
    const { port, clock } = await serve({ limits: { dataMs: 1_000 } });
    const { say, until, socket, end } = await session(port);
    await say('EHLO me');
    await say('MAIL FROM:<a@x.example>');
    await say('RCPT TO:<alice@example.net>');
    socket.write('DATA\r\n');
    await until(/^354 /m);
    socket.write('Subject: slow\r\n');
    await clock.advance(1_001);
    await end();
  });

  test('speaks TLS where it has a certificate', async () => {
    const dir = await temporaryFolder();
    onTestFinished(() => rm(dir, { recursive: true }));
    const tls = await ensureTls(dir, ['localhost'], systemClock);
    const { port, inbox, store } = await serve({ options: { tls } });
    const secure = { ignoreTLS: false, requireTLS: true, tls: { ca: tls.ca, servername: 'localhost' } };
    await client(port, secure).sendMail(MESSAGE);
    const [item] = await inbox();
    const raw = Buffer.from((await store.blobs.get(item!.content.mime.blob))!).toString();
    expect(raw).toContain('with ESMTPS id');
  });

  test('says by name which limit is none', async () => {
    await expect(serve({ limits: { idleMs: Number.NaN } })).rejects.toThrow('idleMs');
  });

  test('says so when its port is taken', async () => {
    const { port } = await serve();
    const other = createSmtpServer(
      { delivery: {} as Delivery, clock: { now: () => 0, after: () => () => {} }, log: silentLog },
      { protocol: 'smtp', hostname: 'x' },
    );
    await expect(other.listen(port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('LMTP', () => {
  test('answers for each recipient', async () => {
    const { port, inbox } = await serve({
      options: { protocol: 'lmtp' },
      delivery: (real) => ({
        deliverTo: (address, message) =>
          address.startsWith('bob') ? Promise.reject(new StoreUnavailable()) : real.deliverTo(address, message),
      }),
    });
    const { say, until, socket } = await session(port);
    expect(await say('LHLO me')).toContain('PIPELINING');
    await say('MAIL FROM:<a@x.example>');
    await say('RCPT TO:<bob@example.net>');
    await say('RCPT TO:<alice@example.net>');
    expect(await say('RCPT TO:<nobody@example.net>')).toMatch(/^550 /);
    socket.write('DATA\r\n');
    await until(/^354 /m);
    const answers = await say('Subject: l\r\n\r\nx\r\n.\r\n', /^451 .*\r\n250 .*\r\n/m);
    expect(answers.trim().split('\r\n')).toHaveLength(2);
    expect((await inbox()).map(({ content }) => content.subject)).toEqual(['l']);
  });
});
