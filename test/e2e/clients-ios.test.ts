import { describe, expect, it } from 'vitest';
import { at, IPHONE, openWire, textAt, wbxml } from '../support/wire.ts';
import { ready, sharedServer } from './shared.ts';

const shared = sharedServer();

/** The Mail app of iOS, set up before; `wire` is its connection. */
async function iphone(...mails: readonly string[]) {
  const person = await shared.person();
  for (const raw of mails) await person.deliver(raw);
  const phone = await ready(person, IPHONE.options);
  const wire = await openWire(shared.port, person, IPHONE);
  const { id, syncKey } = phone.inbox;
  return { person, phone, wire, inbox: id, key: syncKey };
}
/** Sync of one folder: DeletesAsMoves, GetChanges, WindowSize 25, and options as the app writes them. */
const SYNC = (folder: string, key: string) => wbxml`
  45 5C 4F 4B ${key} 01 52 ${folder} 01 1E 13 55 ${'25'} 01
  57 58 ${'3'} 01 62 ${'1'} 01 63 ${'1'} 01
  00 11 45 46 ${'1'} 01 47 ${'500'} 01 58 ${'200'} 01 01 45 46 ${'2'} 01 47 ${'32768'} 01 58 ${'200'} 01 01
  00 00 01 01 01 01`;
const PING = (folders: readonly string[], heartbeat = '600') =>
  Buffer.concat([
    wbxml`00 0D 45 48 ${heartbeat} 01 49`,
    ...folders.map((id) => wbxml`4A 4B ${id} 01 4C ${'Email'} 01 01`.subarray(4)),
    Buffer.from([1, 1]),
  ]);
const html = (body: string) =>
  `From: Ada <ada@sender.test>\r\nSubject: Hello\r\nDate: ${new Date().toUTCString()}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${body}`;

describe('iOS', () => {
  it('sends its policy key with Ping too, and is held as others are', async () => {
    const { person, wire, inbox } = await iphone();
    await wire.send('Ping', PING([inbox]), { 'X-MS-PolicyKey': '3942919513' });
    await shared.untilHeld(1);
    await person.mail('News');
    const { document } = await wire.answer('Ping');
    expect([textAt(document, 'Status'), textAt(document, 'Folders', 'Folder')]).toEqual(['2', inbox]);
  });

  it('pings again without a body, for the folders and the time that it named before', async () => {
    const { person, phone, wire, inbox } = await iphone();
    await wire.send('Ping', PING([inbox]));
    await shared.untilHeld(1);
    await person.mail('One');
    expect(textAt((await wire.answer('Ping')).document, 'Status')).toBe('2');
    await phone.drain(phone.inbox);
    await phone.sync(phone.inbox);
    await wire.send('Ping');
    await shared.untilHeld(1);
    await person.mail('Two');
    expect(textAt((await wire.answer('Ping')).document, 'Folders', 'Folder')).toBe(inbox);
  });

  it('is never sent an empty Collections, which it crashes on', async () => {
    const { wire, inbox, key } = await iphone();
    const { status, body, headers } = await wire.ask('Sync', SYNC(inbox, key));
    expect([status, body.length, headers['content-length']]).toEqual([200, 0, '0']);
    // An empty body has no type: what is not WBXML is read as some (MS-ASHTTP 2.2.2).
    expect(headers['content-type']).toBeUndefined();
  });

  it('reads a preview as plain text, of a message that has none as well', async () => {
    const { wire, inbox, key, person } = await iphone();
    await person.deliver(html('<style>p{color:red}</style><p>First <b>words</b> &amp; more</p>'));
    const { document } = await wire.ask('Sync', SYNC(inbox, key));
    const data = at(document, 'Collections', 'Collection', 'Commands', 'Add', 'ApplicationData');
    expect(textAt(data, 'Body', 'Type')).toBe('2');
    expect(textAt(data, 'Body', 'Preview')).toBe('First words & more');
  });

  it.each([
    ['of no characters', ''],
    ['of nothing but spaces', ' \r\n \r\n'],
    ['of pictures alone', '<img src="cid:1">'],
  ])('gets a body %s with its type and size, and nothing that says cut', async (_, content) => {
    const { wire, inbox, key, person } = await iphone();
    await person.deliver(html(content));
    const { document } = await wire.ask('Sync', SYNC(inbox, key));
    const body = at(document, 'Collections', 'Collection', 'Commands', 'Add', 'ApplicationData', 'Body')!;
    expect(textAt(body, 'Type')).toMatch(/^[12]$/);
    expect(Number(textAt(body, 'EstimatedDataSize'))).toBeGreaterThanOrEqual(0);
    expect(textAt(body, 'Truncated') ?? '0').toBe('0');
  });

  it('cuts no character in two: the rest of it would be no text', async () => {
    const { wire, inbox, key, person } = await iphone();
    await person.deliver(html('\u{1f600}'.repeat(20_000)));
    const { document } = await wire.ask('Sync', SYNC(inbox, key));
    const body = at(document, 'Collections', 'Collection', 'Commands', 'Add', 'ApplicationData', 'Body');
    expect(textAt(body, 'Truncated')).toBe('1');
    expect(textAt(body, 'Data')).not.toContain('\ufffd');
    expect(Buffer.byteLength(textAt(body, 'Data')!)).toBeLessThanOrEqual(32_768);
  });

  it('fetches an attachment without a range, and is told of none', async () => {
    const file = Buffer.from('The whole file.');
    const raw = [
      'From: Ada <ada@sender.test>\r\nSubject: File\r\nMIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b',
      'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf',
      `Content-Transfer-Encoding: base64\r\n\r\n${file.toString('base64')}\r\n--b--\r\n`,
    ].join('\r\n');
    const { phone, wire } = await iphone(raw);
    const [mail] = [...phone.inbox.items.values()];
    const reference = mail!.Attachments!.Attachment![0]!.FileReference;
    const fetch = (range: Uint8Array = Buffer.alloc(0)) =>
      Buffer.concat([
        wbxml`00 14 45 46 47 ${'Mailbox'} 01 00 11 51 ${reference} 01`,
        range,
        Buffer.from([0, 0x14, 1, 1]),
      ]);
    const { document } = await wire.ask('ItemOperations', fetch());
    const fetched = at(document, 'Response', 'Fetch');
    expect(textAt(fetched, 'Status')).toBe('1');
    expect(at(fetched, 'Properties')!.children.map(({ tag }) => tag)).toEqual(['ContentType', 'Data']);
    expect(Buffer.from(textAt(fetched, 'Properties', 'Data')!, 'base64')).toEqual(file);
    const ranged = await wire.ask('ItemOperations', fetch(wbxml`00 14 48 49 ${'0-2'} 01 01`.subarray(4)));
    const properties = at(ranged.document, 'Response', 'Fetch', 'Properties');
    expect([textAt(properties, 'Range'), textAt(properties, 'Total')]).toEqual(['0-2', `${file.length}`]);
  });

  it('says its Status before the RemoteWipe that it acknowledges', async () => {
    const { person, wire } = await iphone();
    const { devices } = shared.running.domain;
    const [device] = await devices.list(person.account.id);
    await devices.orderWipe(person.account.id, device!.id, 'device');
    const order = await wire.ask('Provision', wbxml`00 0E 05`);
    expect(at(order.document, 'RemoteWipe')).toBeDefined();
    const done = await wire.ask('Provision', wbxml`00 0E 45 4B ${'1'} 01 4C 4B ${'1'} 01 01 01`);
    expect([done.status, textAt(done.document, 'Status')]).toEqual([200, '1']);
    expect((await devices.get(person.account.id, device!.id))?.wipe?.state).toBe('done');
  });

  it('gets a temporary policy key that is not 0, which it would refuse', async () => {
    const { policies, accounts } = shared.running.domain;
    const person = await shared.person();
    await policies.save('apple', { settings: { DevicePasswordEnabled: true, MinDevicePasswordLength: 6 } });
    await accounts.update(person.account.id, { policy: 'apple' });
    const wire = await openWire(shared.port, person, IPHONE);
    const ask = wbxml`00 0E 45
      00 12 56 48 57 ${'iPhone14C2'} 01 59 ${"Kim's iPhone"} 01 5A ${'iOS 18.5 22F76'} 01 01 01
      00 0E 46 47 48 ${'MS-EAS-Provisioning-WBXML'} 01 01 01 01`;
    const first = at((await wire.ask('Provision', ask)).document, 'Policies', 'Policy');
    const temporary = textAt(first, 'PolicyKey')!;
    expect(Number(temporary)).toBeGreaterThan(0);
    const agree = wbxml`00 0E 45 46 47 48 ${'MS-EAS-Provisioning-WBXML'} 01 49 ${temporary} 01 4B ${'1'} 01 01 01 01`;
    const second = await wire.ask('Provision', agree, { 'X-MS-PolicyKey': temporary });
    const final = textAt(second.document, 'Policies', 'Policy', 'PolicyKey')!;
    expect(final).not.toBe(temporary);
    const folders = await wire.ask('FolderSync', wbxml`00 07 56 52 ${'0'} 01 01`, { 'X-MS-PolicyKey': final });
    expect(textAt(folders.document, 'Status')).toBe('1');
  });

  it('adds a draft whose attachment has a name and no content (16.2): it is no reason to stop the folder', async () => {
    const { wire, phone } = await iphone();
    const drafts = phone.folder(3);
    await phone.drain(drafts);
    const add = wbxml`
      45 5C 4F 4B ${drafts.syncKey} 01 52 ${drafts.id} 01 13 55 ${'25'} 01
      56 47 4C ${'D1'} 01 5D
      00 02 56 ${'alex@sender.test'} 01 54 ${'With a file'} 01
      00 11 4A 46 ${'1'} 01 4B ${'See it'} 01 01 4E 5C 5E ${'A1'} 01 50 ${'IMG_0001.heic'} 01 52 ${'1'} 01 01 01
      00 00 01 01 01 01 01 01`;
    const { status, document } = await wire.ask('Sync', add);
    expect(status).toBe(200);
    const collection = at(document, 'Collections', 'Collection');
    expect(textAt(collection, 'Status')).toBe('1');
    expect(textAt(collection, 'Responses', 'Add', 'Status')).toMatch(/^[16]$/);
    drafts.syncKey = textAt(collection, 'SyncKey')!;
    expect((await phone.drain(drafts)).status).toBe(1);
  });
});
