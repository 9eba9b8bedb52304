import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { ItemOperationsRequest } from '../../lib/documents/item-operations.ts';
import { encode } from '../../lib/wbxml/index.ts';
import { fileOf, itemOperations, mailOf } from '../support/client/item-operations.ts';
import type { Phone } from '../support/client/phone.ts';
import { since } from './harness.ts';
import { bytesOf, el, type Person, ready, sharedServer } from './shared.ts';

const shared = sharedServer();
type Operation = ItemOperationsRequest[number];

const PDF = randomBytes(100_001);
const REPORT = (address: string, file = PDF) =>
  [
    `From: Ada <ada@sender.test>\r\nTo: ${address}\r\nSubject: Report\r\nMIME-Version: 1.0`,
    'Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/plain\r\n\r\nSee the attachment.\r\n--m',
    'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="report.pdf"',
    `Content-Transfer-Encoding: base64\r\n\r\n${file.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n--m--\r\n`,
  ].join('\r\n');

async function withReport(options: Parameters<Person['phone']>[0] = {}) {
  const person = await shared.person();
  await person.deliver(REPORT(person.address));
  const phone = await ready(person, options);
  const [[ServerId, mail]] = [...phone.inbox.items] as [
    [string, NonNullable<ReturnType<Phone['inbox']['items']['get']>>],
  ];
  const FileReference = mail.Attachments!.Attachment![0]!.FileReference;
  const fetch = (over: object): Operation => ({ tag: 'Fetch', value: { Store: 'Mailbox', ...over } });
  const item = (Options?: object) => fetch({ CollectionId: phone.inbox.id, ServerId, Options });
  const file = (Options?: object) => fetch({ FileReference: [FileReference], Options });
  const ask = async (...operations: Operation[]) => (await itemOperations(phone.client, operations)).document!;
  return { person, phone, ServerId, FileReference, fetch, item, file, ask };
}

describe('Fetch', () => {
  it.each(since(120))(
    'of an item gives all of it, version %i [MS-ASCMD R194 R3206 R3879 R4148 R4153 R5503] [MS-ASEMAIL R59 R61 R64]',
    async (version) => {
      const { phone, ServerId, item, ask } = await withReport({ version });
      const { Status, Response } = await ask(item());
      expect(Status).toBe(1);
      const [fetched] = Response!.Fetch!;
      expect(fetched).toMatchObject({ Status: 1, CollectionId: phone.inbox.id, ServerId, Class: 'Email' });
      const mail = mailOf(fetched!, version);
      expect(mail).toMatchObject({
        Subject: 'Report',
        Body: { Type: 1, Data: expect.stringMatching(/^See the attachment\./) },
      });
      expect(mail.Body!.Part).toBeUndefined();
      expect(mail.Attachments!.Attachment).toHaveLength(1);
    },
  );

  it.each(since(120))(
    'of an attachment gives its bytes in base64, version %i [MS-ASCMD R234 R2130 R2301 R3716] [MS-ASHTTP R155]',
    async (version) => {
      const { FileReference, file, ask } = await withReport({ version });
      const [fetched] = (await ask(file())).Response!.Fetch!;
      expect(fetched).toMatchObject({ Status: 1, FileReference });
      const { Data, ContentType, Range } = fileOf(fetched!, version);
      expect([ContentType, Range]).toEqual(['application/pdf', undefined]);
      expect(Buffer.from(Data!, 'base64').equals(PDF)).toBe(true);
    },
  );

  it.each(['plain', 'base64'] as const)(
    'is multipart where the %s query asks for it: the document, then the data [MS-ASCMD R236 R2302 R3633 R5505 R5506 R5509 R5510 R5511 R5512 R5513 R5517 R5518] [MS-ASAIRS R176 R244] [MS-ASHTTP R94 R95 R154 R534]',
    async (query) => {
      const { phone, item, file } = await withReport({ query });
      const answer = await itemOperations(phone.client, [file(), item(), file({ Range: '0-9' })], { multipart: true });
      expect(answer.headers['content-type']).toBe('application/vnd.ms-sync.multipart');
      expect(Number(answer.headers['content-length'])).toBe(answer.body.length);
      expect(answer.parts).toHaveLength(4);
      const [one, two, three] = answer.document!.Response!.Fetch!;
      expect(fileOf(one!, 161)).toEqual({ ContentType: 'application/pdf', Part: 1 });
      const { Body } = mailOf(two!, 161);
      expect([Body!.Part, Body!.Data]).toEqual([2, undefined]);
      expect(fileOf(three!, 161)).toMatchObject({ Range: '0-9', Total: PDF.length, Part: 3 });
      expect(answer.parts![1]!.equals(PDF)).toBe(true);
      expect(answer.parts![2]!.toString()).toMatch(/^See the attachment\./);
      expect(answer.parts![3]!.equals(PDF.subarray(0, 10))).toBe(true);
    },
  );

  it('is inline where the header says F [MS-ASHTTP R440] [MS-ASAIRS R405]', async () => {
    const { phone, file, item } = await withReport();
    const answer = await itemOperations(phone.client, [file(), item()], { headers: { 'MS-ASAcceptMultiPart': 'F' } });
    const [one, two] = answer.document!.Response!.Fetch!;
    expect([fileOf(one!, 161).Part, mailOf(two!, 161).Body!.Part]).toEqual([undefined, undefined]);
  });

  it.each([
    ['the first bytes', '0-9', 0, 10, '0-9'],
    ['bytes in the middle', '50000-50002', 50_000, 50_003, '50000-50002'],
    ['more than there is, up to the end', '99999-999999', 99_999, 100_001, '99999-100000'],
  ])('of a range gives %s [MS-ASCMD R3711 R5422 R5423]', async (_, Range, start, end, told) => {
    const { file, ask } = await withReport();
    const [fetched] = (await ask(file({ Range }))).Response!.Fetch!;
    const properties = fileOf(fetched!, 161);
    expect(properties).toMatchObject({ Range: told, Total: PDF.length });
    expect(Buffer.from(properties.Data!, 'base64').equals(PDF.subarray(start, end))).toBe(true);
  });

  it('tells only what the schema names [MS-ASEMAIL R63]', async () => {
    const { item, ask } = await withReport();
    const Schema = el('ItemOperations', 'Schema', [el('Email', 'Subject'), el('AirSyncBase', 'Body')]);
    const [fetched] = (await ask(item({ Schema }))).Response!.Fetch!;
    expect(Object.keys(mailOf(fetched!, 161)).sort()).toEqual(['Body', 'Subject']);
  });

  it('gives the message as it arrived where MIME is asked for [MS-ASCMD R3360 R3363 R3364 R3365 R3366 R3367 R3368]', async () => {
    const { person, phone, item, ask } = await withReport();
    const options = { MIMESupport: 2, BodyPreference: [{ Type: 4 }] };
    const [fetched] = (await ask(item(options))).Response!.Fetch!;
    const { Body } = mailOf(fetched!, 161);
    expect(Body).toMatchObject({ Type: 4, EstimatedDataSize: Buffer.byteLength(Body!.Data!) });
    expect(Body!.Data).toContain(REPORT(person.address));
    // In a part it leaves byte for byte, and never as a whole in memory.
    const { parts } = await itemOperations(phone.client, [item(options)], { multipart: true });
    expect(parts![1]!.toString('latin1')).toBe(Body!.Data);
    const [text] = (await ask(item({ MIMESupport: 0, BodyPreference: [{ Type: 4 }] }))).Response!.Fetch!;
    expect(mailOf(text!, 161).Body!.Type).toBe(1);
  });

  it('gives MIME in 8 bits of another charset as text that says the same, and byte for byte in a part', async () => {
    const person = await shared.person();
    const raw = readFileSync(new URL('../fixtures/mail/8bit-signed-iso-8859-1.eml', import.meta.url));
    await person.deliver(raw);
    const phone = await ready(person);
    const [ServerId] = phone.inbox.items.keys();
    const Options = { MIMESupport: 2, BodyPreference: [{ Type: 4 }] };
    const fetch: Operation = {
      tag: 'Fetch',
      value: { Store: 'Mailbox', CollectionId: phone.inbox.id, ServerId, Options },
    };
    const { document } = await itemOperations(phone.client, [fetch]);
    const { Body } = mailOf(document!.Response!.Fetch![0]!, 161);
    expect((await PostalMime.parse(Body!.Data!)).text).toContain('Für Köln.');
    expect(Body!.EstimatedDataSize).toBe(Buffer.byteLength(Body!.Data!));
    const { document: told, parts } = await itemOperations(phone.client, [fetch], { multipart: true });
    expect(parts![1]!.equals(raw)).toBe(true);
    expect(mailOf(told!.Response!.Fetch![0]!, 161).Body).toMatchObject({ Part: 1, EstimatedDataSize: raw.length });
  });

  it('gives the message part where it is asked for, and only then [MS-ASCON R39 R236 R340]', async () => {
    const { item, ask } = await withReport();
    const [asked, not] = (await ask(item({ BodyPartPreference: { Type: 2 } }), item())).Response!.Fetch!;
    expect(mailOf(asked!, 161).BodyPart).toMatchObject({
      Status: 1,
      Type: 2,
      Data: expect.stringContaining('See the attachment.'),
    });
    expect(mailOf(not!, 161).BodyPart).toBeUndefined();
  });

  it('cuts the body as BodyPreference says', async () => {
    const { item, ask } = await withReport();
    const [fetched] = (await ask(item({ BodyPreference: [{ Type: 1, TruncationSize: 3 }] }))).Response!.Fetch!;
    expect(mailOf(fetched!, 161).Body).toMatchObject({ Data: 'See', Truncated: true });
  });

  it.each([
    [2, 'two file references [MS-ASCMD R765]', { FileReference: ['a', 'b'] }],
    [2, 'nothing at all', {}],
    [2, 'an item without its folder', { ServerId: 'inbox:01HX0000000000000000000000' }],
    [2, 'a reference of a document', { LinkId: '\\\\server\\file', ServerId: '1' }],
    [2, 'an option of another operation [MS-ASCMD R3547 R4154]', 'MoveAlways'],
    [2, 'a MIMESupport that is none [MS-ASCMD R4154]', 'MIMESupport'],
    [
      6,
      'an item that is not there [MS-ASCMD R4158]',
      { CollectionId: 'inbox', ServerId: 'inbox:01HX0000000000000000000000' },
    ],
    [6, 'a folder of the recipient information cache [MS-ASCMD R196]', { CollectionId: 'RI', ServerId: 'RI:1' }],
    [6, 'a search result that is none', { LongId: 'nonsense' }],
    [8, 'a range that begins past the end [MS-ASCMD R4160]', 'past'],
    [8, 'a range that ends before it begins [MS-ASCMD R3711]', 'backwards'],
    [9, 'a store that is unknown [MS-ASCMD R4161]', { Store: 'Nowhere', ServerId: '1', CollectionId: '1' }],
    [
      9,
      'a document library, as there is none [MS-ASCMD R4161]',
      { Store: 'Document Library', LinkId: '\\\\server\\file' },
    ],
    [
      15,
      'an attachment that is not there [MS-ASCMD R4166]',
      { FileReference: [`inbox:01HX0000000000000000000000:0:${'0'.repeat(32)}`] },
    ],
    [15, 'a reference of no characters [MS-ASAIRS R214]', { FileReference: [''] }],
    [164, 'a message part of another type than HTML [MS-ASCMD R5412] [MS-ASCON R241]', 'BodyPartPreference'],
  ] as const)('says %i to %s', async (status, _, bad) => {
    const { fetch, item, file, ask } = await withReport();
    const operation =
      bad === 'MoveAlways'
        ? item({ MoveAlways: true })
        : bad === 'MIMESupport'
          ? item({ MIMESupport: 3 })
          : bad === 'BodyPartPreference'
            ? item({ BodyPartPreference: { Type: 1 } })
            : bad === 'past'
              ? file({ Range: `${PDF.length}-200000` })
              : bad === 'backwards'
                ? file({ Range: '10-2' })
                : fetch(bad);
    const { Status, Response } = await ask(operation, item());
    // The operation alone failed: the next is carried out (R194).
    expect([Status, Response!.Fetch!.map((each) => each.Status)]).toEqual([1, [status, 1]]);
  });

  it('follows an attachment into the folder where its message went', async () => {
    const { phone, person, ServerId, file, ask } = await withReport();
    const mailbox = shared.running.domain.mailboxes.open(person.account.id);
    const [folder, id] = ServerId.split(':') as Parameters<typeof mailbox.move>;
    await mailbox.move(folder, id, phone.folder(4).id as typeof folder);
    const [fetched] = (await ask(file())).Response!.Fetch!;
    expect(fetched!.Status).toBe(1);
  });

  it('never gives the attachment of another account', async () => {
    const { FileReference } = await withReport();
    const { fetch, ask } = await withReport();
    expect((await ask(fetch({ FileReference: [FileReference] }))).Response!.Fetch).toMatchObject([{ Status: 15 }]);
  });

  it('refuses more than a hundred operations with 11 [MS-ASCMD R4163 R5643]', async () => {
    const { item, ask } = await withReport();
    expect(
      await ask(...Array.from({ length: 101 }, () => item({ BodyPreference: [{ Type: 1, TruncationSize: 0 }] }))),
    ).toEqual({ Status: 11 });
  });

  it('answers a document that breaks its schema with 2 [MS-ASCMD R7238] [MS-ASAIRS R346 R344]', async () => {
    const { phone } = await withReport();
    const body = bytesOf(el('ItemOperations', 'ItemOperations', [el('ItemOperations', 'Fetch', [])]));
    const answer = await phone.client.raw('ItemOperations', body);
    expect(answer.body.toString('latin1')).toContain('\x032\0');
  });

  it('answers hundreds of requests at once, each with its own bytes', async () => {
    const { phone, file } = await withReport();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        itemOperations(phone.client, [file({ Range: `${n * 1000}-${n * 1000 + 70_000}` })], { multipart: n % 2 === 0 }),
      ),
    );
    for (const [n, answer] of answers.entries()) {
      const [fetched] = answer.document!.Response!.Fetch!;
      const data = answer.parts?.[1] ?? Buffer.from(fileOf(fetched!, 161).Data!, 'base64');
      expect(data.equals(PDF.subarray(n * 1000, n * 1000 + 70_001))).toBe(true);
    }
  });
});

describe('An attachment of 10 MB', () => {
  const size = 10 * 1024 * 1024;
  /** Taken in once: that costs more than what is looked at, and on a busy machine most of the time there is. */
  let delivered: Promise<Person> | undefined;
  const owner = () => {
    delivered ??= shared.person().then(async (person) => {
      await person.deliver(REPORT(person.address, Buffer.alloc(size, 7)));
      return person;
    });
    return delivered;
  };

  it.each([false, true])('leaves without being in memory, multipart %s', { timeout: 120_000 }, async (multipart) => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const live = () => {
      gc();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const phone = await ready(await owner(), { deviceId: `LARGE${multipart}` });
    const [mail] = phone.inbox.items.values();
    const { FileReference } = mail!.Attachments!.Attachment![0]!;
    // What the delivery left behind must not hide what the answer takes.
    await itemOperations(phone.client, [
      { tag: 'Fetch', value: { Store: 'Mailbox', FileReference: [FileReference], Options: { Range: '0-9' } } },
    ]);
    live();
    const before = live();
    let [most, seen, looks] = [0, 0, 0];
    const value: ItemOperationsRequest = [
      { tag: 'Fetch', value: { Store: 'Mailbox', FileReference: [FileReference] } },
    ];
    const length = await readSlowly(phone, value, multipart, (bytes) => {
      seen += bytes;
      if (seen > size / 8) [most, seen, looks] = [Math.max(most, live() - before), 0, looks + 1];
    });
    expect(length).toBeGreaterThan(multipart ? size : (size * 4) / 3);
    expect(looks).toBeGreaterThan(6);
    expect(most).toBeLessThan(8 * 1024 * 1024);
  });
});

/** Reads an answer without keeping it. Gives its length, which is what Content-Length said. */
function readSlowly(
  { client }: Phone,
  value: ItemOperationsRequest,
  multipart: boolean,
  onData: (bytes: number) => void,
): Promise<number> {
  const { url, user, password, deviceId, deviceType } = client.options;
  const query = new URLSearchParams({ Cmd: 'ItemOperations', User: user, DeviceId: deviceId, DeviceType: deviceType });
  const headers = {
    Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    'MS-ASProtocolVersion': '16.1',
    'Content-Type': 'application/vnd.ms-sync.wbxml',
    ...(multipart ? { 'MS-ASAcceptMultiPart': 'T' } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = http.request(
      `${url}/Microsoft-Server-ActiveSync?${query}`,
      { method: 'POST', headers },
      (response) => {
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          onData(chunk.length);
        });
        response.on('end', () => {
          expect(Number(response.headers['content-length'])).toBe(length);
          resolve(length);
        });
      },
    );
    request.on('error', reject);
    request.end(encode(ItemOperationsRequest, value, 161));
  });
}

describe('GetAttachment', () => {
  it('gives the file as it is up to 12.1 [MS-ASCMD R5124]', async () => {
    const { phone, FileReference } = await withReport({ version: 121 });
    const answer = await phone.client.raw('GetAttachment', undefined, {}, undefined, { AttachmentName: FileReference });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/pdf']);
    expect(answer.body.equals(PDF)).toBe(true);
  });

  it('knows no file of another name: 500', async () => {
    const { phone } = await withReport({ version: 121 });
    const ask = (AttachmentName?: string) =>
      phone.client.raw('GetAttachment', undefined, {}, undefined, { AttachmentName }).then(({ status }) => status);
    expect(await Promise.all([ask('x'), ask('../../etc/passwd'), ask()])).toEqual([500, 500, 400]);
  });

  it('ended with 12.1: 400, which is not "no such command" [MS-ASCMD R5124 R4897]', async () => {
    const { phone, FileReference } = await withReport({ version: 141 });
    const answer = await phone.client.raw('GetAttachment', undefined, {}, undefined, { AttachmentName: FileReference });
    expect(answer.status).toBe(400);
  });
});

describe('EmptyFolderContents', () => {
  const empty = (CollectionId: string, Options?: object): Operation => ({
    tag: 'EmptyFolderContents',
    value: { CollectionId, Options },
  });

  async function nested() {
    const person = await shared.person();
    const mailbox = shared.running.domain.mailboxes.open(person.account.id);
    const trash = (await mailbox.folders()).find(({ type }) => type === 4)!.id;
    const below = await mailbox.createFolder({ name: 'Below', parent: trash, type: 12 });
    await mailbox.createFolder({ name: 'Deeper', parent: below.id, type: 12 });
    for (let n = 0; n < 50; n++) await person.mail(`Old ${n}`);
    const phone = await ready(person);
    for (const ServerId of phone.inbox.items.keys())
      await mailbox.move(...(ServerId.split(':') as [never, never]), trash);
    await phone.drain(phone.folder(4));
    expect(phone.folder(4).items.size).toBe(50);
    return { mailbox, phone, trash, person };
  }

  it('empties a folder and leaves those below it [MS-ASCMD R199 R2167 R2244]', async () => {
    const { phone, trash } = await nested();
    const { document } = await itemOperations(phone.client, [empty(trash)]);
    expect(document).toMatchObject({
      Status: 1,
      Response: { EmptyFolderContents: [{ Status: 1, CollectionId: trash }] },
    });
    expect((await phone.drain(phone.folder(4))).deleted).toHaveLength(50);
    expect((await phone.syncFolders()).Changes?.Delete).toBeUndefined();
  });

  it('deletes the folders below where that is asked for [MS-ASCMD R2243]', async () => {
    const { phone, trash } = await nested();
    const { document } = await itemOperations(phone.client, [empty(trash, { DeleteSubFolders: true })]);
    expect(document!.Response!.EmptyFolderContents).toEqual([{ Status: 1, CollectionId: trash }]);
    expect((await phone.syncFolders()).Changes?.Delete).toHaveLength(2);
  });

  it.each([
    [2, 'an option of another operation [MS-ASCMD R3547]', { MoveAlways: true }, 'trash'],
    [6, 'a folder that is not there', undefined, 'gone'],
    [105, 'the recipient information cache [MS-ASCMD R196]', undefined, 'RI'],
  ])('says %i to %s', async (status, _, options, id) => {
    const phone = await ready(await shared.person());
    const { document } = await itemOperations(phone.client, [empty(id, options)]);
    expect(document!.Response!.EmptyFolderContents).toEqual([{ Status: status, CollectionId: id }]);
  });
});
