import { readFileSync } from 'node:fs';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { at, OUTLOOK, OUTLOOK_MOBILE, openWire, textAt, wbxml } from '../support/wire.ts';
import { LeapingClock, ready, sharedServer, subjects } from './shared.ts';

const clock = new LeapingClock();
const shared = sharedServer({}, { clock });

async function outlook(device: typeof OUTLOOK, mails = 0) {
  const person = await shared.person();
  for (let n = 0; n < mails; n++) await person.mail(`Mail ${n}`);
  const phone = await ready(person, device.options);
  const wire = await openWire(shared.port, person, device);
  return { person, phone, wire, inbox: phone.inbox.id, key: phone.inbox.syncKey };
}
const FOLDER_SYNC = (key: string) => wbxml`00 07 56 52 ${key} 01 01`;
const SYNC = (folder: string, key: string, window: string, more: Uint8Array = Buffer.alloc(0)) =>
  Buffer.concat([
    wbxml`45 5C 4F 4B ${key} 01 52 ${folder} 01 1E 13 55 ${window} 01`,
    wbxml`57 58 ${'0'} 01 62 ${'2'} 01 63 ${'8'} 01 00 11 45 46 ${'4'} 01 01 00 00 01`.subarray(4),
    more,
    Buffer.from([1, 1, 1]),
  ]);

describe('Outlook for Windows', () => {
  it('is shown folders of the types that it knows: what it does not know it leaves out', async () => {
    const { wire } = await outlook(OUTLOOK);
    const { document } = await wire.ask('FolderSync', FOLDER_SYNC('0'));
    const types = at(document, 'Changes')!.children.flatMap((one) => textAt(one, 'Type') ?? []);
    expect(types.length).toBeGreaterThan(4);
    for (const type of types) expect(Number(type)).toSatisfy((n: number) => n >= 1 && n <= 17);
  });

  it('asks for its folders again and again and gets the same key, so that it comes to an end', async () => {
    const { wire } = await outlook(OUTLOOK);
    const key = textAt((await wire.ask('FolderSync', FOLDER_SYNC('0'))).document, 'SyncKey')!;
    for (let n = 0; n < 5; n++) {
      const { document } = await wire.ask('FolderSync', FOLDER_SYNC(key));
      expect([textAt(document, 'Status'), textAt(document, 'SyncKey')]).toEqual(['1', key]);
      expect(textAt(document, 'Changes', 'Count')).toBe('0');
    }
  });

  it('asks for windows of 512, whole messages, and gets what fits without a MoreAvailable that is not so', async () => {
    const { wire, phone, person } = await outlook(OUTLOOK);
    for (let n = 0; n < 30; n++) await person.mail(`Mail ${n}`);
    const { document } = await wire.ask('Sync', SYNC(phone.inbox.id, phone.inbox.syncKey, '512'));
    const collection = at(document, 'Collections', 'Collection');
    expect(at(collection, 'Commands')!.children).toHaveLength(30);
    expect(at(collection, 'MoreAvailable')).toBeUndefined();
    expect(textAt(collection, 'Commands', 'Add', 'ApplicationData', 'Body', 'Type')).toBe('4');
  });

  it('takes all mail as MIME, and reads what came in 8 bits of ISO-8859-1', async () => {
    const { wire, phone, person } = await outlook(OUTLOOK);
    await shared.smtp(person.address, readFileSync(new URL('../fixtures/mail/8bit-iso-8859-1.eml', import.meta.url)));
    const { document } = await wire.ask('Sync', SYNC(phone.inbox.id, phone.inbox.syncKey, '512'));
    const add = at(document, 'Collections', 'Collection', 'Commands', 'Add', 'ApplicationData');
    const mail = await PostalMime.parse(textAt(add, 'Body', 'Data')!);
    expect([mail.from?.name, mail.subject]).toEqual(['Jürgen Größe', 'Prüfbericht für März']);
    expect(mail.text).toMatch(/^Sehr geehrte Frau Müller,[\s\S]*Grüße\s*$/);
  });

  it('moves a message and then finds it once, under the id that the move told', async () => {
    const { wire, phone } = await outlook(OUTLOOK, 1);
    const [source] = [...phone.inbox.items.keys()];
    const trash = phone.folder(4);
    await phone.drain(trash);
    const move = wbxml`00 05 45 46 47 ${source!} 01 48 ${phone.inbox.id} 01 49 ${trash.id} 01 01 01`;
    const { document } = await wire.ask('MoveItems', move);
    const moved = textAt(document, 'Response', 'DstMsgId')!;
    expect(textAt(document, 'Response', 'Status')).toBe('3');
    await phone.drain(phone.inbox);
    // It has put the message there itself: an Add under another id would show it twice.
    const added = await phone.drain(trash);
    expect(added.added.filter((id) => id !== moved)).toEqual([]);
    // The answer was lost, and it moves once more.
    const again = await wire.ask('MoveItems', move);
    expect(textAt(again.document, 'Response', 'DstMsgId') ?? moved).toBe(moved);
    expect((await phone.drain(trash)).added).toEqual([]);
  });

  it('asks the same sixty times in a row and is not shut out for it', async () => {
    const { wire, inbox, key } = await outlook(OUTLOOK);
    for (let n = 0; n < 60; n++) {
      expect((await wire.ask('Sync', SYNC(inbox, key, '512'))).status).toBe(200);
    }
  });

  it('asks the same each second for ten minutes and has its new mail within one of them', async () => {
    const { wire, inbox, key, person } = await outlook(OUTLOOK);
    const served: number[] = [];
    let came: number | undefined;
    let seen: number | undefined;
    for (let second = 0; second < 600; second++) {
      const { status, document } = await wire.ask('Sync', SYNC(inbox, key, '512'));
      if (status === 200) served.push(second);
      // When it comes while the device waits it has to wait longest.
      else if (came === undefined) {
        came = second;
        await person.mail('News');
      }
      if (document && at(document, 'Collections', 'Collection', 'Commands')) seen ??= second;
      clock.leap(1000);
    }
    expect(came).toBe(100);
    expect(seen! - came!).toBeLessThanOrEqual(60);
    // Half a minute, one, two: it is slowed down, and never for long.
    expect(served.length).toBeGreaterThan(380);
  });

  it('is not told 500 for a request that cannot be: it would repeat it every 0.7 seconds', async () => {
    const { wire, inbox } = await outlook(OUTLOOK);
    for (const body of [SYNC(inbox, 'nonsense', '512'), SYNC('nowhere', '0', '512'), wbxml`45 5C`, Buffer.alloc(0)]) {
      expect((await wire.ask('Sync', body)).status).not.toBe(500);
    }
  });

  it('writes its password in ISO-8859-1', async () => {
    const person = await shared.person();
    const password = 'Pässwörd für Köln';
    await shared.running.domain.accounts.setPassword(person.account.id, password);
    const wire = await openWire(shared.port, person, OUTLOOK);
    for (const encoding of ['latin1', 'utf8'] as const) {
      const Authorization = `Basic ${Buffer.from(`${person.address}:${password}`, encoding).toString('base64')}`;
      expect((await wire.ask('FolderSync', FOLDER_SYNC('0'), { Authorization })).status, encoding).toBe(200);
    }
  });
});

describe('Outlook mobile', () => {
  it('asks for 180 seconds, and is not told 5', async () => {
    const { wire, inbox, person } = await outlook(OUTLOOK_MOBILE);
    await wire.send('Ping', wbxml`00 0D 45 48 ${'180'} 01 49 4A 4B ${inbox} 01 4C ${'Email'} 01 01 01 01`);
    await shared.untilHeld(1);
    await person.mail('News');
    expect(textAt((await wire.answer('Ping')).document, 'Status')).toBe('2');
  });

  it('searches in the folder 0, which is the whole mailbox', async () => {
    const { wire, person } = await outlook(OUTLOOK_MOBILE);
    await person.mail('Found', 'haystack');
    const search = wbxml`00 0F 45 47 48 ${'Mailbox'} 01 49 53
      00 00 50 ${'Email'} 01 52 ${'0'} 01 00 0F 55 ${'haystack'} 01 01 01 4A 19 17 4B ${'0-24'} 01 01 01 01`;
    const store = at((await wire.ask('Search', search)).document, 'Response', 'Store');
    expect([textAt(store, 'Status'), textAt(store, 'Total')]).toEqual(['1', '1']);
    expect(textAt(store, 'Result', 'Properties', 'Subject')).toBe('Found');
  });

  it.each([
    '/autodiscover/autodiscover.json/v1.0/ADDRESS?Protocol=ActiveSync&RedirectCount=1',
    '/autodiscover/autodiscover.json?Email=ADDRESS&Protocol=ActiveSync&RedirectCount=1',
    '/Autodiscover/Autodiscover.json?Email=ADDRESS&Protocol=activesync',
  ])('finds the server by %s, before it knows a password', async (target) => {
    const person = await shared.person();
    const answer = await fetch(`${shared.running.url}${target.replace('ADDRESS', encodeURIComponent(person.address))}`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      Protocol: 'ActiveSync',
      Url: expect.stringMatching(/^https?:\/\/.+\/Microsoft-Server-ActiveSync$/),
    });
  });

  it('has the same person on several servers of its own: two connections, one device, one state', async () => {
    const { wire, person, phone } = await outlook(OUTLOOK_MOBILE);
    const other = await openWire(shared.port, person, OUTLOOK_MOBILE);
    await person.mail('Once');
    const ask = SYNC(phone.inbox.id, phone.inbox.syncKey, '25');
    const keys = (await Promise.all([wire.ask('Sync', ask), other.ask('Sync', ask)])).flatMap(
      ({ document }) => textAt(document, 'Collections', 'Collection', 'SyncKey') ?? [],
    );
    expect(new Set(keys).size).toBe(1);
    phone.inbox.syncKey = keys[0]!;
    expect((await phone.drain(phone.inbox)).added).toEqual([]);
    expect(subjects(phone.inbox)).toEqual([]);
  });
});
