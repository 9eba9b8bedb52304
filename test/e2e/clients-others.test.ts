import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AOSP, at, BLACKBERRY, type Device, IPHONE, NOKIA, OUTLOOK, openWire, textAt, wbxml } from '../support/wire.ts';
import { ready, sharedServer, subjects } from './shared.ts';

const shared = sharedServer();
const capture = (name: string): Buffer =>
  readFileSync(path.join(import.meta.dirname, '../fixtures/captures', `${name}.wbxml`));

async function client(device: Device) {
  const person = await shared.person();
  const phone = await ready(person, device.options);
  const wire = await openWire(shared.port, person, device);
  return { person, phone, wire, inbox: phone.inbox.id, key: phone.inbox.syncKey };
}
/** Body preferences as a client lists them, each with its size. */
const preferences = (...types: readonly string[]) =>
  Buffer.concat([
    wbxml`00 11`.subarray(4),
    ...types.map((type) => wbxml`45 46 ${type} 01 47 ${'51200'} 01 01`.subarray(4)),
    Buffer.from([0, 0]),
  ]);
const SYNC = (folder: string, key: string, options: Uint8Array = preferences('1')) =>
  Buffer.concat([
    wbxml`45 5C 4F 4B ${key} 01 52 ${folder} 01 1E 13 55 ${'25'} 01 57 62 ${'1'} 01`,
    options,
    Buffer.from([1, 1, 1, 1]),
  ]);

describe('Mail for Exchange of Nokia', () => {
  it.each(['MeeGo/NokiaN800', 'NokiaE71/3.00.50(1)MailforExchange 3gpp-gba', 'NokiaN900/1.1'])(
    'is answered with a document when there is nothing new, as %s: it takes an empty body for a failure',
    async (agent) => {
      const { wire, inbox, key } = await client(NOKIA);
      const { document } = await wire.ask('Sync', SYNC(inbox, key), { 'User-Agent': agent });
      const collection = at(document, 'Collections', 'Collection');
      expect([textAt(collection, 'Status'), textAt(collection, 'CollectionId')]).toEqual(['1', inbox]);
      expect(at(collection, 'Commands')).toBeUndefined();
    },
  );

  it('names several formats of a body and gets one of them', async () => {
    const { person, wire, inbox, key } = await client(NOKIA);
    const raw = 'Content-Type: text/html; charset=utf-8\r\nSubject: Page\r\n\r\n<p>Hello</p>';
    await person.deliver(raw);
    const { document } = await wire.ask('Sync', SYNC(inbox, key, preferences('1', '2', '4')));
    const data = at(document, 'Collections', 'Collection', 'Commands', 'Add', 'ApplicationData')!;
    expect(data.children.filter(({ tag }) => tag === 'Body')).toHaveLength(1);
    expect(textAt(data, 'Body', 'Type')).toMatch(/^[124]$/);
  });

  it('finds a FirstName with everybody in the address list, without which it shows nobody', async () => {
    const { person, wire } = await client(NOKIA);
    const name = person.address.slice(0, person.address.indexOf('@'));
    const search = wbxml`00 0F 45 47 48 ${'GAL'} 01 49 ${name} 01 4A 4B ${'0-99'} 01 01 01 01`;
    const { document } = await wire.ask('Search', search);
    const results = at(document, 'Response', 'Store')!.children.filter(({ tag }) => tag === 'Result');
    expect(results.length).toBeGreaterThan(0);
    for (const result of results) expect(textAt(result, 'Properties', 'FirstName')).toMatch(/./);
  });
});

describe('BlackBerry', () => {
  it('gets a signed message whole where it asks for MIME of such alone, and others as text', async () => {
    const { person, wire, inbox, key } = await client(BLACKBERRY);
    const signed = [
      'From: ada@sender.test\r\nSubject: Signed\r\nMIME-Version: 1.0',
      'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s\r\n\r\n--s',
      'Content-Type: text/plain\r\n\r\nAs I wrote it.\r\n--s',
      'Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAG\r\n--s--\r\n',
    ].join('\r\n');
    await person.deliver(signed);
    await person.mail('Plain');
    const { document } = await wire.ask('Sync', SYNC(inbox, key, preferences('1', '2', '4')));
    const adds = at(document, 'Collections', 'Collection', 'Commands')!.children;
    const bodyOf = (subject: string) =>
      at(
        adds.find((add) => textAt(add, 'ApplicationData', 'Subject') === subject),
        ...['ApplicationData', 'Body'],
      );
    expect(textAt(bodyOf('Signed'), 'Type')).toBe('4');
    expect(textAt(bodyOf('Signed'), 'Data')).toContain(signed);
    expect(textAt(bodyOf('Plain'), 'Type')).toBe('1');
  });

  it('reads the conversation of every message, the same for an answer', async () => {
    const { person, wire, inbox, key } = await client(BLACKBERRY);
    await person.deliver('Message-ID: <1@x.test>\r\nSubject: Plan\r\n\r\nHello');
    await person.deliver(
      'Message-ID: <2@x.test>\r\nIn-Reply-To: <1@x.test>\r\nReferences: <1@x.test>\r\nSubject: Re: Plan\r\n\r\nYes',
    );
    const { document } = await wire.ask('Sync', SYNC(inbox, key));
    const adds = at(document, 'Collections', 'Collection', 'Commands')!.children;
    const ids = adds.map((add) => at(add, 'ApplicationData', 'ConversationId')!.content as Uint8Array);
    expect(ids.map((id) => Buffer.from(id).toString('hex'))).toEqual([
      Buffer.from(ids[0]!).toString('hex'),
      Buffer.from(ids[0]!).toString('hex'),
    ]);
    expect(ids[0]!.length).toBe(16);
  });

  it('waits on one connection and works on another', async () => {
    const { person, phone, wire, inbox, key } = await client(BLACKBERRY);
    await wire.send('Ping', wbxml`00 0D 45 48 ${'1800'} 01 49 4A 4B ${inbox} 01 4C ${'Email'} 01 01 01 01`);
    await shared.untilHeld(1);
    const second = await openWire(shared.port, person, BLACKBERRY);
    expect((await second.ask('FolderSync', wbxml`00 07 56 52 ${phone.hierarchyKey} 01 01`)).status).toBe(200);
    expect((await second.ask('Sync', SYNC(inbox, key))).status).toBe(200);
    await person.mail('News');
    expect(textAt((await wire.answer('Ping')).document, 'Status')).toBe('2');
  });
});

describe('TouchDown', () => {
  const TOUCHDOWN: Device = {
    ...AOSP,
    fields: { ...AOSP.fields, 'User-Agent': 'TouchDown(MSRPC)/8.4.00086' },
  };

  it('sets categories, and takes them away again with an empty element', async () => {
    const { person, phone, wire, inbox } = await client(TOUCHDOWN);
    await person.mail('Sorted');
    await phone.drain(phone.inbox);
    const [id] = [...phone.inbox.items.keys()];
    const change = (categories: Uint8Array) =>
      Buffer.concat([
        wbxml`45 5C 4F 4B ${phone.inbox.syncKey} 01 52 ${inbox} 01 56 48 4D ${id!} 01 5D 00 02`,
        categories,
        Buffer.from([0, 0, 1, 1, 1, 1, 1, 1]),
      ]);
    const other = person.phone({ deviceId: 'OTHER1' });
    await other.start();
    for (const [bytes, expected] of [
      [wbxml`5B 5C ${'Work'} 01 5C ${'Later'} 01 01`.subarray(4), ['Work', 'Later']],
      [Buffer.from([0x1b]), []],
    ] as const) {
      const { document } = await wire.ask('Sync', change(bytes));
      phone.inbox.syncKey = textAt(document, 'Collections', 'Collection', 'SyncKey')!;
      await other.drain(other.inbox);
      expect(other.inbox.items.get(id!)!.Categories?.Category ?? []).toEqual(expected);
    }
  });
});

describe('Nine', () => {
  /** Its id is the text `nine` and more, in hexadecimal. */
  const NINE: Device = {
    ...AOSP,
    options: { ...AOSP.options, deviceId: '6e696e65643031', userAgent: 'NINE-SM-G998B/4.9.4b' },
    query: (command, user) =>
      `Cmd=${command}&User=${encodeURIComponent(user)}&DeviceId=6e696e65643031&DeviceType=Android`,
    fields: { ...AOSP.fields, 'User-Agent': 'NINE-SM-G998B/4.9.4b', 'MS-ASProtocolVersion': '2.5' },
  };

  it('begins with 2.5 and goes up by what FolderSync tells it, under one id', async () => {
    const person = await shared.person();
    const wire = await openWire(shared.port, person, NINE);
    const { headers } = await wire.ask('FolderSync', wbxml`00 07 56 52 ${'0'} 01 01`);
    expect(headers['x-aspnet-version']).toMatch(/^\d/);
    expect(headers['ms-asprotocolversions'] ?? headers['x-ms-rp']).toContain('16.1');
    const up = await wire.ask('FolderSync', wbxml`00 07 56 52 ${'0'} 01 01`, { 'MS-ASProtocolVersion': '16.1' });
    expect(textAt(up.document, 'Status')).toBe('1');
    const devices = await shared.running.domain.devices.list(person.account.id);
    expect(devices.map(({ id }) => id)).toEqual([NINE.options.deviceId]);
  });
});

describe('what was recorded', () => {
  it('an estimate of a desktop client, for a folder that is not there, is refused for that folder', async () => {
    const { wire } = await client(OUTLOOK);
    const { status, document } = await wire.ask('GetItemEstimate', capture('desktop-get-item-estimate-14.0'));
    expect([status, textAt(document, 'Response', 'Status') ?? textAt(document, 'Status')]).toEqual([200, '2']);
  });

  it('an event that iOS adds to a calendar of another server sends it back to the folder list', async () => {
    const { wire, phone, person } = await client(IPHONE);
    const { status, document } = await wire.ask('Sync', capture('ios-calendar-add-16.1'));
    expect(status).toBe(200);
    expect(textAt(document, 'Collections', 'Collection', 'Status') ?? textAt(document, 'Status')).toMatch(/^(3|12)$/);
    // Nothing else of it is disturbed.
    await person.mail('News');
    await phone.drain(phone.inbox);
    expect(subjects(phone.inbox)).toEqual(['News']);
  });
});
