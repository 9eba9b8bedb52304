import { describe, expect, it } from 'vitest';
import { FolderSyncRequest, FolderSyncResponse } from '../../lib/documents/folder-sync.ts';
import { PingRequest, PingResponse } from '../../lib/documents/ping.ts';
import { SyncResponse } from '../../lib/documents/sync.ts';
import { decode, encode, parseDocument, toXml } from '../../lib/wbxml/index.ts';
import { bytesOf, el, LeapingClock, ready, sharedServer, subjects, until } from './shared.ts';

const clock = new LeapingClock();
const shared = sharedServer({}, { clock });

describe('iOS', () => {
  const ios = { deviceType: 'iPhone', userAgent: 'Apple-iPhone14C2/2207.1', version: 161 } as const;

  it('is never sent an empty Collections, which it crashes on', async () => {
    const person = await shared.person();
    const phone = await ready(person, ios);
    const Collection = [{ SyncKey: phone.inbox.syncKey, CollectionId: phone.inbox.id }];
    for (const more of [{}, { Partial: true }]) {
      const { body } = await phone.client.sync({ ...more, Collections: { Collection } });
      expect(body.length === 0 || parseDocument(body).children.every(({ children }) => children.length > 0)).toBe(true);
    }
  });

  it('may ping folders that it never synchronised', async () => {
    const person = await shared.person();
    const phone = await ready(person, ios);
    const ping = phone.ping(
      [...phone.folders.values()].filter(({ type }) => type < 7),
      600,
    );
    await shared.untilHeld(1);
    await person.mail('News');
    expect((await ping).document).toEqual({ Status: 2, Folders: { Folder: [phone.inbox.id] } });
  });

  it('is never answered 500 for trouble that passes: it would download everything again', async () => {
    const person = await shared.person();
    const phone = await ready(person, ios);
    for (const body of [Uint8Array.of(0), new Uint8Array(3000), bytesOf(el('AirSync', 'Sync', 'text'))]) {
      expect((await phone.client.raw('Sync', body)).status).not.toBe(500);
    }
  });
});

describe('Gmail and AOSP', () => {
  const android = { deviceType: 'Android', userAgent: 'Android-Mail/2026.01', version: 161 } as const;

  it('two Pings in the same second: the first gives way, the second gets the news', async () => {
    const person = await shared.person();
    const phone = await ready(person, android);
    const pings = [phone.ping([phone.inbox], 600), phone.ping([phone.inbox], 600)];
    const gaveWay = await Promise.race(pings);
    expect(gaveWay.document).toEqual({ Status: 1 });
    await shared.untilHeld(1);
    await person.mail('News');
    const statuses = (await Promise.all(pings)).map(({ document }) => document?.Status);
    expect(statuses.toSorted()).toEqual([1, 2]);
  });

  it('a Ping always gets a document: an empty body is an error to AOSP', async () => {
    const person = await shared.person();
    const phone = await ready(person, android);
    const first = phone.ping([phone.inbox], 600);
    await shared.untilHeld(1);
    const second = phone.ping([phone.inbox], 600);
    expect((await first).body.length).toBeGreaterThan(0);
    await shared.untilHeld(1);
    await person.mail('News');
    expect((await second).body.length).toBeGreaterThan(0);
  });

  it('the account test under the DeviceId `validate` leaves nothing behind', async () => {
    const person = await shared.person();
    const phone = person.phone({ ...android, deviceId: 'validate' });
    await phone.start();
    expect(phone.folders.size).toBeGreaterThan(0);
    expect(await shared.running.domain.devices.list(person.account.id)).toEqual([]);
  });

  it('needs no policy where none is demanded, and is not sent a weak one', async () => {
    const phone = (await shared.person()).phone(android);
    const { document } = await phone.client.provision({
      DeviceInformation: { Set: { Model: 'Pixel' } },
      Policies: { Policy: [{ PolicyType: 'MS-EAS-Provisioning-WBXML' }] },
    });
    const doc = document?.Policies?.Policy[0]?.Data?.EASProvisionDoc ?? {};
    expect(doc.DevicePasswordEnabled ?? false).toBe(false);
  });

  it('waits by Sync with a heartbeat and no collections, for those that it named before', async () => {
    const person = await shared.person();
    const phone = await ready(person, { ...android, version: 141 });
    const waiting = phone.client.sync({ HeartbeatInterval: 600 });
    await shared.untilHeld(1);
    await person.mail('News');
    const { document } = await waiting;
    expect(document?.Collections?.Collection[0]?.Commands).toHaveLength(1);
  });
});

describe('Samsung', () => {
  it('sends each folder in a request of its own, all at once', async () => {
    const person = await shared.person();
    for (let count = 0; count < 5; count++) await person.mail(`Mail ${count}`);
    const phone = person.phone({ deviceType: 'SAMSUNGSMG991B', userAgent: 'Android-SAMSUNG-SM-G991B/101.1300' });
    await phone.start();
    const folders = [...phone.folders.values()].filter(({ type }) => [2, 3, 4, 5, 6].includes(type));
    const all = await Promise.all(folders.map((folder) => phone.drain(folder)));
    expect(all.map(({ status }) => status)).toEqual(folders.map(() => 1));
    expect(phone.inbox.items.size).toBe(5);
  });

  it('the same request twice at once gets the same answer, and no forked key', async () => {
    const person = await shared.person();
    await person.mail('One');
    const phone = person.phone();
    await phone.start();
    await phone.sync(phone.inbox);
    const Collection = [{ SyncKey: phone.inbox.syncKey, CollectionId: phone.inbox.id }];
    const twice = await Promise.all([1, 2, 3].map(() => phone.client.sync({ Collections: { Collection } })));
    const answers = twice.map(({ document }) => document!.Collections!.Collection[0]!);
    const done = answers.filter(({ Status }) => Status === 1);
    expect(done.length).toBeGreaterThan(0);
    expect(new Set(done.map(({ SyncKey }) => SyncKey)).size).toBe(1);
    expect(answers.every(({ Status }) => Status === 1 || Status === 16)).toBe(true);
    phone.apply(phone.inbox, done[0]!);
    await phone.drain(phone.inbox);
    expect(subjects(phone.inbox)).toEqual(['One']);
  });
});

describe('Outlook mobile', () => {
  it('is given its heartbeat of 180 seconds', async () => {
    const person = await shared.person();
    const phone = await ready(person, { userAgent: 'Outlook-iOS-Android/1.0', deviceType: 'Outlook' });
    const ping = phone.ping([phone.inbox], 180);
    await shared.untilHeld(1);
    await person.mail('News');
    expect((await ping).document?.Status).toBe(2);
  });
});

describe('Windows Mail', () => {
  it.each([121, 140] as const)(
    'speaks base64 queries, version %i, from the first request to the news',
    async (version) => {
      const person = await shared.person();
      const phone = await ready(person, {
        version,
        query: 'base64',
        deviceType: 'WindowsMail',
        userAgent: 'MSFT-WIN-4/10.0.19041',
      });
      const ping = phone.ping([phone.inbox], 600);
      await shared.untilHeld(1);
      await person.mail('News');
      expect((await ping).document?.Status).toBe(2);
      expect((await phone.drain(phone.inbox)).added).toHaveLength(1);
    },
  );

  it('sees MoreAvailable after Status and before Commands, as Windows Mobile reads it', async () => {
    const person = await shared.person();
    for (let count = 0; count < 3; count++) await person.mail(`Mail ${count}`);
    const phone = person.phone({ version: 121 });
    await phone.start();
    await phone.sync(phone.inbox);
    const Collection = [{ SyncKey: phone.inbox.syncKey, CollectionId: phone.inbox.id, WindowSize: 1 }];
    const { body } = await phone.client.sync({ Collections: { Collection } });
    const tags = parseDocument(body).children[0]!.children[0]!.children.map(({ tag }) => tag);
    expect(tags).toEqual(['Class', 'SyncKey', 'CollectionId', 'Status', 'MoreAvailable', 'Commands']);
  });
});

describe('Nine', () => {
  it('finds X-AspNet-Version, without which it stays at the oldest version', async () => {
    const phone = (await shared.person()).phone({ deviceId: '6e696e6530303031', deviceType: 'Android' });
    expect((await phone.client.discover()).headers['x-aspnet-version']).toMatch(/^\d/);
    const { headers } = await phone.client.raw('FolderSync', encode(FolderSyncRequest, { SyncKey: '0' }, 161));
    expect(headers['x-aspnet-version']).toMatch(/^\d/);
    expect(headers['x-ms-rp']).toBe('2.5,12.0,12.1,14.0,14.1,16.0,16.1');
  });
});

describe('LG', () => {
  it('sends an empty Supported', async () => {
    const person = await shared.person();
    await person.mail('One');
    const phone = person.phone({ version: 141 });
    await phone.start();
    const document = el('AirSync', 'Sync', [
      el('AirSync', 'Collections', [
        el('AirSync', 'Collection', [
          el('AirSync', 'SyncKey', '0'),
          el('AirSync', 'CollectionId', phone.inbox.id),
          el('AirSync', 'Supported'),
        ]),
      ]),
    ]);
    const { body } = await phone.client.raw('Sync', bytesOf(document));
    const [one] = decode(SyncResponse, body, 141).Collections!.Collection;
    expect(one).toMatchObject({ Status: 1 });
    phone.inbox.syncKey = one!.SyncKey;
    expect((await phone.drain(phone.inbox)).added).toHaveLength(1);
  });
});

describe('whoever it is', () => {
  it.each([
    ['Outlook for Windows', 'WindowsOutlook15', 'Outlook/16.0 (16.0.17328.20000; x64)'],
    ['BlackBerry', 'BlackBerry', 'RIM-Z10-SQN100/10.3'],
    ['TouchDown', 'TouchDown', 'TouchDown(MSRPC)/8.4'],
    ['Nokia', 'MeeGo', 'NokiaN900/1.1'],
    ['no name at all', 'X', ''],
    ['a name of a thousand letters', 'T'.repeat(64), 'x'.repeat(1000)],
    ['a name in Latin-1', 'SP', 'T\u00e9l\u00e9phone'],
  ])('%s is served', async (_, deviceType, userAgent) => {
    const person = await shared.person();
    await person.mail('One');
    const phone = await ready(person, { deviceType, userAgent });
    expect(subjects(phone.inbox)).toEqual(['One']);
  });

  it('a Content-Type that libraries write is taken for what it is', async () => {
    const phone = (await shared.person()).phone();
    const body = encode(FolderSyncRequest, { SyncKey: '0' }, 161);
    for (const type of [
      'application/vnd.ms-sync',
      'application/octet-stream',
      'APPLICATION/VND.MS-SYNC.WBXML; charset=utf-8',
    ]) {
      const answer = await phone.client.raw('FolderSync', body, { 'Content-Type': type });
      expect(decode(FolderSyncResponse, answer.body, 161).Status, type).toBe(1);
    }
  });

  it('a path in another case, or with the file that IIS served, is the same', async () => {
    const person = await shared.person();
    const { url } = shared.running;
    const headers = { Authorization: `Basic ${Buffer.from(`${person.address}:${'x'}`).toString('base64')}` };
    for (const path of [
      '/microsoft-server-activesync',
      '/Microsoft-Server-ActiveSync/',
      '/Microsoft-Server-ActiveSync/default.eas',
    ]) {
      expect((await fetch(`${url}${path}`, { method: 'OPTIONS', headers })).status, path).toBe(401);
    }
  });

  it('a hundred Pings that go away at once leave nothing behind', async () => {
    const person = await shared.person();
    const phones = await Promise.all(
      Array.from({ length: 20 }, (_, count) => ready(person, { deviceId: `STORM${count}` })),
    );
    const gone = new AbortController();
    const pings = phones.map((phone) => phone.ping([phone.inbox], 600, gone.signal).catch(() => 'gone'));
    await shared.untilHeld(20);
    gone.abort();
    expect(new Set(await Promise.all(pings))).toEqual(new Set(['gone']));
    await shared.untilHeld(0);
    const again = phones[0]!.ping([phones[0]!.inbox], 600);
    await shared.untilHeld(1);
    await person.mail('News');
    expect((await again).document?.Status).toBe(2);
    await until(() => shared.running.holder.held === 0);
  });

  it('no answer carries what was typed as a subject anywhere but in the item', async () => {
    const person = await shared.person();
    await person.mail('Hunter2');
    const phone = await ready(person);
    const { body } = await phone.client.raw('Ping', encode(PingRequest, { HeartbeatInterval: 10 }, 161));
    expect(decode(PingResponse, body, 161).Status).toBe(3);
    expect(toXml(body)).not.toContain('Hunter2');
  });
});
