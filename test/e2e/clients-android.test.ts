import { describe, expect, it } from 'vitest';
import { AOSP, at, GMAIL, openWire, SAMSUNG, textAt, wbxml } from '../support/wire.ts';
import { ready, sharedServer } from './shared.ts';

const shared = sharedServer();

async function android(device: typeof AOSP, ...mails: readonly string[]) {
  const person = await shared.person();
  for (const raw of mails) await person.deliver(raw);
  const phone = await ready(person, device.options);
  const wire = await openWire(shared.port, person, device);
  return { person, phone, wire, inbox: phone.inbox.id, key: phone.inbox.syncKey };
}
/** As the parser of AOSP writes it: heartbeat first, then each folder with its class. */
const PING = (folder: string, heartbeat: string) =>
  wbxml`00 0D 45 48 ${heartbeat} 01 49 4A 4B ${folder} 01 4C ${'Email'} 01 01 01 01`;
const SYNC = (folder: string, key: string, options: Uint8Array = Buffer.alloc(0)) =>
  Buffer.concat([
    wbxml`45 5C 4F 4B ${key} 01 52 ${folder} 01 1E 13 55 ${'10'} 01 57 58 ${'3'} 01`,
    options,
    wbxml`00 11 45 46 ${'2'} 01 47 ${'200000'} 01 01 00 00 01 01 01 01`.subarray(4),
  ]);
const PDF = (over = '') =>
  [
    `${over}From: ada@sender.test\r\nSubject: File\r\nDate: ${new Date().toUTCString()}\r\nMIME-Version: 1.0`,
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b',
    'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF\r\n--b--\r\n',
  ].join('\r\n');

describe('AOSP', () => {
  it('walks its heartbeat up from 480 by 300 to 1680, each Ping with the whole body and without a policy', async () => {
    const { person, phone, wire, inbox } = await android(AOSP);
    for (const heartbeat of ['480', '780', '1080', '1380', '1680']) {
      await wire.send('Ping', PING(inbox, heartbeat));
      await shared.untilHeld(1);
      await person.mail(heartbeat);
      const { body, document } = await wire.answer('Ping');
      expect(body.length).toBeGreaterThan(0);
      expect(document!.children.map(({ tag }) => tag)).toEqual(['Status', 'Folders']);
      await phone.drain(phone.inbox);
      await phone.sync(phone.inbox);
    }
  });

  it('pings without a policy key where a policy is demanded, and is held', async () => {
    const { person, wire, inbox } = await android(AOSP);
    await shared.running.domain.policies.save('aosp', { settings: { DevicePasswordEnabled: true } });
    await shared.running.domain.accounts.update(person.account.id, { policy: 'aosp' });
    const phone = person.phone(AOSP.options);
    await phone.start();
    const { 'X-MS-PolicyKey': _, ...fields } = AOSP.fields;
    const bare = await openWire(shared.port, person, { ...AOSP, fields });
    await bare.send('Ping', PING(inbox, '480'));
    await shared.untilHeld(1);
    await person.mail('News');
    expect(textAt((await bare.answer('Ping')).document, 'Status')).toBe('2');
    wire.client.close();
  });

  it('accepts an invitation, and mails the organizer itself once it was answered', async () => {
    const calendar =
      'BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:7\nDTSTART:20260720T070000Z\nEND:VEVENT\nEND:VCALENDAR';
    const head = 'From: ada@sender.test\nSubject: Plan\nMIME-Version: 1.0\nContent-Type: text/calendar; method=REQUEST';
    const { phone, wire, inbox } = await android(AOSP, `${head}\n\n${calendar}\n`.replaceAll('\n', '\r\n'));
    const [id] = [...phone.inbox.items.keys()] as [string];
    const answer = wbxml`00 08 47 49 4C ${'1'} 01 46 ${inbox} 01 48 ${id} 01 01 01`;
    for (const _ of [1, 2]) {
      const { body, document } = await wire.ask('MeetingResponse', answer);
      // Without a body it sends no mail.
      expect(body.length).toBeGreaterThan(0);
      expect([textAt(document, 'Result', 'RequestId'), textAt(document, 'Result', 'Status')]).toEqual([id, '1']);
    }
    expect((await phone.drain(phone.inbox)).deleted).toEqual([id]);
  });

  it('sends an empty Collections beside its heartbeat, and means those that it named before', async () => {
    const { person, wire, inbox, key } = await android(AOSP);
    expect((await wire.ask('Sync', SYNC(inbox, key))).body).toHaveLength(0);
    await wire.send('Sync', wbxml`45 69 ${'480'} 01 1C 01`);
    await shared.untilHeld(1);
    await person.mail('News');
    const { document } = await wire.answer('Sync');
    expect(at(document, 'Collections', 'Collection', 'Commands', 'Add')).toBeDefined();
  });

  it('waits by Sync for the Outbox too, which has nothing ever, and is told of the Inbox', async () => {
    const { person, phone, wire, inbox, key } = await android(AOSP);
    const outbox = phone.folder(6);
    await phone.drain(outbox);
    await wire.send(
      'Sync',
      wbxml`45 5C 4F 4B ${outbox.syncKey} 01 52 ${outbox.id} 01 01 4F 4B ${key} 01 52 ${inbox} 01 01 01 69 ${'480'} 01 01`,
    );
    await shared.untilHeld(1);
    await person.mail('News');
    const { document } = await wire.answer('Sync');
    const told = at(document, 'Collections')!.children.map((one) => textAt(one, 'CollectionId'));
    expect(told).toEqual([inbox]);
  });

  it('finds Range and Total in what it searches, without which it shows nothing', async () => {
    const { person, wire } = await android(AOSP, PDF());
    await person.mail('Another', 'needle');
    const search = wbxml`00 0F 45 47 48 ${'Mailbox'} 01 49 53
      00 00 50 ${'Email'} 01 00 0F 55 ${'needle'} 01 01 01
      4A 19 17 4B ${'0-49'} 01 00 11 45 46 ${'2'} 01 47 ${'20000'} 01 01 00 0F 01 01 01`;
    const { document } = await wire.ask('Search', search);
    const store = at(document, 'Response', 'Store');
    expect([textAt(store, 'Status'), textAt(store, 'Range'), textAt(store, 'Total')]).toEqual(['1', '0-0', '1']);
    const none = await wire.ask('Search', Buffer.from(search.toString('latin1').replace('needle', 'nought'), 'latin1'));
    expect(textAt(none.document, 'Response', 'Store', 'Status')).toBe('1');
    expect(textAt(none.document, 'Response', 'Store', 'Total')).toBe('0');
  });

  it('is told the size of every attachment, and the importance of every message', async () => {
    const { person, wire, inbox, key } = await android(AOSP);
    await person.deliver(PDF());
    await person.deliver(PDF('Message-ID: <2@x.test>\r\nX-Priority: 1\r\n'));
    const { document } = await wire.ask('Sync', SYNC(inbox, key));
    const adds = at(document, 'Collections', 'Collection', 'Commands')!.children;
    const told = (...path: string[]) => adds.map((add) => textAt(add, 'ApplicationData', ...path));
    expect(told('Importance').toSorted()).toEqual(['1', '2']);
    for (const size of told('Attachments', 'Attachment', 'EstimatedDataSize')) {
      expect(Number(size)).toBeGreaterThanOrEqual(4);
      expect(Number(size)).toBeLessThan(10);
    }
  });
});

describe('Gmail', () => {
  it('two Pings in the same second on two connections: the first gives way, the second gets the news', async () => {
    const { person, wire, inbox } = await android(GMAIL);
    const other = await openWire(shared.port, person, GMAIL);
    await wire.send('Ping', PING(inbox, '470'));
    await shared.untilHeld(1);
    await other.send('Ping', PING(inbox, '470'));
    expect(textAt((await wire.answer('Ping')).document, 'Status')).toBe('1');
    await shared.untilHeld(1);
    await person.mail('News');
    expect(textAt((await other.answer('Ping')).document, 'Status')).toBe('2');
  });

  it('is offered a policy that demands nothing where none is demanded: a weak one makes it refuse the account', async () => {
    const person = await shared.person();
    const wire = await openWire(shared.port, person, GMAIL);
    const ask = wbxml`00 0E 45 00 12 56 48 57 ${'Pixel 8'} 01 5A ${'Android 15'} 01 01 01
      00 0E 46 47 48 ${'MS-EAS-Provisioning-WBXML'} 01 01 01 01`;
    const policy = at((await wire.ask('Provision', ask)).document, 'Policies', 'Policy');
    expect(textAt(policy, 'Status')).toBe('1');
    const demands = at(policy, 'Data', 'EASProvisionDoc')!.children.map((one) => [one.tag, one.text()]);
    expect(demands).toEqual([['DevicePasswordEnabled', '0']]);
    expect(textAt((await wire.ask('FolderSync', wbxml`00 07 56 52 ${'0'} 01 01`)).document, 'Status')).toBe('1');
  });
});

describe('Samsung', () => {
  it('gives up a held Ping after 90 seconds by closing: the next one has what came meanwhile', async () => {
    const { person, wire, inbox } = await android(SAMSUNG);
    await wire.send('Ping', PING(inbox, '480'));
    await shared.untilHeld(1);
    wire.client.close();
    await shared.untilHeld(0);
    await person.mail('Meanwhile');
    const again = await openWire(shared.port, person, SAMSUNG);
    expect(textAt((await again.ask('Ping', PING(inbox, '480'))).document, 'Status')).toBe('2');
  });

  it('asks for its folders one by one over several connections, and none is answered for another', async () => {
    const { person, phone } = await android(SAMSUNG);
    const folders = [2, 3, 5].map((type) => phone.folder(type));
    for (const folder of folders) await phone.drain(folder);
    await person.mail('One');
    const answers = await Promise.all(
      folders.map(async ({ id, syncKey }) =>
        (await openWire(shared.port, person, SAMSUNG)).ask('Sync', SYNC(id, syncKey)),
      ),
    );
    const told = answers.map(({ document }) => textAt(document, 'Collections', 'Collection', 'CollectionId'));
    expect(told).toEqual([folders[0]!.id, undefined, undefined]);
  });
});
