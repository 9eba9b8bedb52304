import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SmartReplyResponse } from '../../lib/documents/compose-mail.ts';
import { start } from '../../lib/embedded/start.ts';
import { formatServerId } from '../../lib/mailbox/server-id.ts';
import { systemClock } from '../../lib/ops/clock.ts';
import type { FolderId } from '../../lib/ops/ids.ts';
import { type Log, silentLog } from '../../lib/ops/log.ts';
import { decode, encode } from '../../lib/wbxml/index.ts';
import { container, document, text } from '../../lib/wbxml/schema.ts';
import type { ComposeAnswer } from '../support/client/client.ts';
import type { Phone, PhoneFolder } from '../support/client/phone.ts';
import { temporaryFolder } from '../support/make-store.ts';
import { PASSWORD, type Server, startServer, VERSIONS } from './harness.ts';
import { storeInput } from './mode.ts';
import { startRelay, until, untilHeld } from './relay.ts';

const SENT_ITEMS = 5;

function message(to: string, body = 'Guten Morgen!', more: readonly string[] = []): Buffer {
  const head = ['From: kim@example.test', `To: ${to}`, 'Subject: Hallo', 'Content-Type: text/plain; charset=utf-8'];
  return Buffer.from([...head, ...more, '', body, ''].join('\r\n'));
}

async function withAlex(...given: Parameters<typeof startServer>): Promise<Server> {
  const server = await startServer(...given);
  await server.domain.accounts.create({ address: 'alex@example.test', name: 'Alex', password: PASSWORD });
  return server;
}

const alexOf = (server: Server) => server.phone({ user: 'alex@example.test', deviceId: 'ALEX01' });

/** The status of an answer: the document's, or HTTP's where the version has no document. */
const statusOf = ({ document: answered, status }: ComposeAnswer) => answered?.Status ?? status;

/** The only new item of a folder. */
async function arrived(phone: Phone, folder: PhoneFolder) {
  const { added } = await phone.drain(folder);
  expect(added).toHaveLength(1);
  return { id: added[0]!, ...folder.items.get(added[0]!)! };
}

describe('SendMail', () => {
  it.each(VERSIONS)(
    'to somebody here completes the held Ping, version %i [MS-ASCMD R443 R463 R4379]',
    async (version) => {
      const server = await withAlex();
      const alex = alexOf(server);
      await alex.start();
      await alex.drain(alex.inbox);
      const kim = server.phone({ version });
      await kim.start();
      await kim.drain(kim.folder(SENT_ITEMS));

      const ping = alex.ping([alex.inbox]);
      await untilHeld(server, 1);
      const answer = await kim.client.compose('SendMail', { mime: message('alex@example.test'), save: true });
      expect(answer.status).toBe(200);
      expect(answer.body).toHaveLength(0);
      expect(answer.headers['content-length']).toBe('0');
      expect((await ping).document).toMatchObject({ Status: 2, Folders: { Folder: [alex.inbox.id] } });

      expect(await arrived(alex, alex.inbox)).toMatchObject({
        Subject: 'Hallo',
        From: 'kim@example.test',
        Read: false,
      });
      // What the server files for the device is news to it.
      expect(await arrived(kim, kim.folder(SENT_ITEMS))).toMatchObject({ Subject: 'Hallo', Read: true });
    },
  );

  it.each(VERSIONS)('keeps no copy unless asked, version %i [MS-ASHTTP R122 R437]', async (version) => {
    const server = await withAlex();
    const kim = server.phone({ version });
    await kim.start();
    await kim.client.compose('SendMail', { mime: message('alex@example.test'), save: false });
    expect((await kim.drain(kim.folder(SENT_ITEMS))).added).toEqual([]);
  });

  it('works with a base64 query at 12.1, its flag and parameters included [MS-ASHTTP R92 R93]', async () => {
    const server = await withAlex();
    const kim = server.phone({ version: 121, query: 'base64' });
    await kim.start();
    const answer = await kim.client.compose('SendMail', { mime: message('alex@example.test'), save: true });
    expect(answer.status).toBe(200);
    expect(await arrived(kim, kim.folder(SENT_ITEMS))).toMatchObject({ Subject: 'Hallo' });
  });

  it.each(VERSIONS)(
    'is sent once, however often it is asked for, version %i [MS-ASCMD R4848 R7465]',
    async (version) => {
      const server = await withAlex();
      const kim = server.phone({ version });
      await kim.start();
      const mime = message('alex@example.test', 'Once', ['Message-ID: <once@phone>']);
      const statuses = [];
      for (let n = 0; n < 3; n++) statuses.push(statusOf(await kim.client.compose('SendMail', { mime, save: true })));
      expect(statuses).toEqual(version >= 140 ? [200, 118, 118] : [200, 200, 200]);
      expect((await kim.drain(kim.folder(SENT_ITEMS))).added).toHaveLength(1);
      const alex = alexOf(server);
      await alex.start();
      await arrived(alex, alex.inbox);
    },
  );

  it.each(VERSIONS)(
    'says what is wrong in its document, or by HTTP before there was one, version %i [MS-ASCMD R4380 R4853 R4956]',
    async (version) => {
      const server = await withAlex();
      const kim = server.phone({ version });
      await kim.start();
      const send = async (mime: Buffer, over = {}) =>
        statusOf(await kim.client.compose('SendMail', { mime, ClientId: String(Math.random()), ...over }));
      const statuses = [
        await send(message('')),
        await send(message('nobody@example.test')),
        await send(message('someone@else.test')),
        await send(Buffer.from('no header')),
      ];
      expect(statuses).toEqual(version >= 140 ? [119, 120, 120, 107] : [400, 400, 400, 400]);
      if (version >= 141) expect(await send(message('alex@example.test'), { AccountId: 'x' })).toBe(166);
    },
  );

  it('is advertised', async () => {
    const server = await startServer();
    const { headers } = await server.phone().client.discover();
    const commands = String(headers['ms-asprotocolcommands']).split(',');
    expect(commands).toEqual(expect.arrayContaining(['SendMail', 'SmartReply', 'SmartForward']));
  });

  it('refuses a message over the limit [MS-ASCMD R4860]', async () => {
    const server = await withAlex({ maxSendBytes: 100_000 });
    const kim = server.phone();
    await kim.start();
    const mime = message('alex@example.test', `${'x'.repeat(70)}\r\n`.repeat(2_000));
    expect(statusOf(await kim.client.compose('SendMail', { mime }))).toBe(122);
  });
});

/** A message of Alex's in Kim's Inbox, as Kim's phone knows it. */
async function withMessage(server: Server, phone: Phone) {
  await server.deliver(
    'kim@example.test',
    [
      'From: Alex <alex@example.test>',
      'To: kim@example.test',
      'Subject: Frage',
      'Message-ID: <frage@example.test>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=m',
      '',
      '--m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nWie geht es?',
      '--m\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\nPDF',
      '--m--\r\n',
    ].join('\r\n'),
  );
  await phone.start();
  const item = await arrived(phone, phone.inbox);
  return { source: { CollectionId: phone.inbox.id, ItemId: item.id }, item };
}

describe('SmartReply and SmartForward', () => {
  it.each(VERSIONS)(
    'bring the source along and mark it on other devices, version %i [MS-ASCMD R569 R580 R605 R532 R545 R568 R4407 R5776]',
    async (version) => {
      const server = await withAlex();
      const kim = server.phone({ version });
      const other = server.phone({ deviceId: 'KIM02' });
      const { source } = await withMessage(server, kim);
      await other.start();
      await other.drain(other.inbox);
      const alex = alexOf(server);
      alex.collectionOptions = {
        Options: [{ BodyPreference: [{ Type: 1 }] }],
      } as unknown as typeof alex.collectionOptions;
      await alex.start();
      const both = [
        ['SmartReply', 'Gut!', 1, 0],
        ['SmartForward', 'Siehe unten.', 3, 1],
      ] as const;
      for (const [command, body, verb, files] of both) {
        const mime = message('alex@example.test', body);
        const answer = await kim.client.compose(command, { mime, source, ClientId: command });
        expect([answer.status, answer.body.length]).toEqual([200, 0]);
        const mail = await arrived(alex, alex.inbox);
        expect(mail.Body?.Data).toMatch(new RegExp(`^${body}.*Subject: Frage.*Wie geht es\\?`, 's'));
        expect(mail.Attachments?.Attachment ?? []).toHaveLength(files);
        const { changed } = await other.drain(other.inbox);
        expect(changed).toHaveLength(1);
        expect(other.inbox.items.get(changed[0]!)).toMatchObject({ LastVerbExecuted: verb });
      }
    },
  );

  it('takes its source from a base64 query at 12.1 [MS-ASHTTP R117 R527 R116 R526]', async () => {
    const server = await withAlex();
    const kim = server.phone({ version: 121, query: 'base64' });
    const { source } = await withMessage(server, kim);
    const mime = message('alex@example.test');
    expect((await kim.client.compose('SmartReply', { mime, source })).status).toBe(200);
    expect((await kim.client.compose('SmartForward', { mime, source, save: true })).status).toBe(200);
    await kim.drain(kim.folder(SENT_ITEMS));
    const gone = { ...source, ItemId: `${source.ItemId.slice(0, -1)}Z` };
    for (const command of ['SmartReply', 'SmartForward'] as const) {
      // 404 would leave the message in Android's Outbox for ever.
      expect((await kim.client.compose(command, { mime, source: gone })).status).toBe(500);
    }
  });

  it('are read in threads when they are large, and hold nobody up', async () => {
    const threads: unknown[] = [];
    const debug: Log['debug'] = (event, fields) => {
      if (event === 'message read in its thread') threads.push(fields?.thread);
    };
    const server = await withAlex({}, { log: { ...silentLog, debug } });
    const kim = server.phone();
    const { source } = await withMessage(server, kim);
    const mime = message('alex@example.test', 'All of this is text.\r\n'.repeat(60_000));
    const alex = alexOf(server);
    await alex.start();
    for (const [command, reads] of [
      ['SendMail', 1],
      // As it was written, and as it came.
      ['SmartReply', 2],
      ['SmartForward', 2],
    ] as const) {
      const before = threads.length;
      const { status } = await kim.client.compose(command, { mime, source, ClientId: command });
      expect(status).toBe(200);
      await arrived(alex, alex.inbox);
      expect(threads.length - before, command).toBe(reads);
    }
    expect(new Set(threads).size).toBe(threads.length);
  });

  it('answers 150 for a source that is not there [MS-ASCMD R4930 R4408]', async () => {
    const server = await withAlex();
    const kim = server.phone();
    await kim.start();
    const ItemId = formatServerId('inbox' as FolderId, '01ARZ3NDEKTSV4RRFFQ69G5FAV' as never);
    const parts = { mime: message('alex@example.test'), source: { CollectionId: 'inbox', ItemId } };
    expect(statusOf(await kim.client.compose('SmartForward', parts))).toBe(150);
  });

  it.each([140, 141, 160, 161] as const)(
    'answers 104 for an InstanceId that is no date, version %i [MS-ASCMD R578 R5777]',
    async (version) => {
      const server = await withAlex();
      const kim = server.phone({ version });
      const { source } = await withMessage(server, kim);
      const Broken = document('ComposeMail', 'SmartReply', {
        ClientId: text(),
        Source: container('ComposeMail', { FolderId: text(), ItemId: text(), InstanceId: text() }),
      });
      const { CollectionId: FolderId, ItemId } = source;
      const value = { ClientId: 'c', Source: { FolderId, ItemId, InstanceId: 'tomorrow' } };
      const answer = await kim.client.raw('SmartReply', encode(Broken, value, version));
      expect(decode(SmartReplyResponse, answer.body, version)).toEqual({ Status: 104 });
    },
  );
});

describe('mail for others', () => {
  it('goes by the relay, with its login, and without its Bcc', async () => {
    const relay = await startRelay({ login: 'user:secret' });
    const server = await withAlex({ relayUrl: relay.url, mailName: 'mx.example.test' });
    const kim = server.phone();
    await kim.start();
    const mime = message('carl@else.test', 'Hello', ['Bcc: dora@else.test']);
    expect((await kim.client.compose('SendMail', { mime, save: true })).status).toBe(200);
    await until(() => relay.messages.length > 0);
    const [sent] = relay.messages;
    expect(sent).toMatchObject({ from: 'kim@example.test', to: ['carl@else.test', 'dora@else.test'] });
    expect(sent!.raw.toString()).toContain('\r\nSubject: Hallo\r\n');
    expect(sent!.raw.toString()).not.toMatch(/dora/);
  });

  it('bounces into the Inbox when the relay will not have it', async () => {
    const relay = await startRelay();
    relay.refuse.set('no@else.test', 550);
    const server = await withAlex({ relayUrl: relay.url });
    const kim = server.phone();
    await kim.start();
    await kim.drain(kim.inbox);
    const ping = kim.ping([kim.inbox]);
    await untilHeld(server, 1);
    await kim.client.compose('SendMail', { mime: message('no@else.test') });
    expect((await ping).document?.Status).toBe(2);
    const bounce = await arrived(kim, kim.inbox);
    expect(bounce).toMatchObject({ Subject: 'Undeliverable: Hallo', MessageClass: 'REPORT.IPM.NOTE.NDR' });
    expect(bounce.Body?.Data ?? '').not.toContain('undefined');
  });

  it('outlives the process that took it', async () => {
    const dataDir = await temporaryFolder();
    // A port where nothing listens yet.
    const port = await freePort();
    const first = await withAlex({ relayUrl: `smtp://127.0.0.1:${port}`, dataDir });
    const kim = first.phone();
    await kim.start();
    await kim.client.compose('SendMail', { mime: message('carl@else.test') });
    await first.close();
    const relay = await startRelay({ port });
    const anHourLater = { ...systemClock, now: () => systemClock.now() + 3_600_000 };
    const input = await storeInput({ host: '127.0.0.1', port: 0, smtpPort: 0, dataDir, relayUrl: relay.url });
    const second = await start(input, { log: silentLog, clock: anHourLater });
    await until(() => relay.messages.length > 0);
    await second.close();
    expect(relay.messages).toMatchObject([{ to: ['carl@else.test'] }]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
