import { describe, expect, it } from 'vitest';
import { GetItemEstimateRequest, GetItemEstimateResponse } from '../../lib/documents/get-item-estimate.ts';
import { Email } from '../../lib/documents/items/email.ts';
import { SettingsRequest, SettingsResponse } from '../../lib/documents/settings.ts';
import type { SyncResponse } from '../../lib/documents/sync.ts';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { decodeElement, type WbxmlElement } from '../../lib/wbxml/index.ts';
import type { Phone, PhoneFolder } from '../support/client/phone.ts';
import { dataOf } from '../support/sync-phone.ts';
import { VERSIONS } from './harness.ts';
import { type Person, ready, sharedServer, subjects } from './shared.ts';

const shared = sharedServer();
const OUTBOX = 6;
const SINCE_140 = VERSIONS.filter((version) => version >= 140);
const DAY = 86_400_000;

const mailOnly = [{ Class: 'Email', BodyPreference: [{ Type: 1 }] }];
const withTexts = (FilterType?: number) => [...mailOnly, { Class: 'SMS', FilterType, BodyPreference: [{ Type: 1 }] }];

type Answered = NonNullable<SyncResponse['Collections']>['Collection'][number];

const text = (words: string, more: Partial<Email> = {}): Partial<Email> => ({
  From: '"Kim" [MOBILE:+1 555 0100]',
  To: '[MOBILE:+15550199]',
  DateReceived: Date.now() - 60_000,
  Importance: 1,
  Read: false,
  Body: { Type: 1, Data: words },
  ...more,
});

/** One Sync of a folder that wants text messages, with what it adds; the whole answer. */
async function upload(phone: Phone, folder: PhoneFolder, texts: Record<string, Partial<Email>>, key = folder.syncKey) {
  const Commands = Object.entries(texts).map(([ClientId, email]) => ({
    tag: 'Add' as const,
    value: { Class: 'SMS', ClientId, ApplicationData: dataOf(email, phone.client.version) },
  }));
  const collection = { SyncKey: key, CollectionId: folder.id, GetChanges: true, Options: withTexts(), Commands };
  const { document } = await phone.client.sync({ Collections: { Collection: [collection] } });
  return document!.Collections!.Collection[0]!;
}
const added = ({ Responses }: Answered) =>
  Responses!.map(({ value }) => value as { ServerId?: string; Status: number });

async function texting(version: ProtocolVersion = 141, person?: Person) {
  const owner = person ?? (await shared.person());
  const phone = owner.phone({ version });
  phone.collectionOptions = { Options: withTexts() };
  await phone.start();
  await phone.drain(phone.inbox);
  const another = async (options: object[], deviceId = 'SECOND01') => {
    const other = owner.phone({ version, deviceId });
    other.collectionOptions = { Options: options as never };
    await other.start();
    await other.drain(other.inbox);
    return other;
  };
  return { person: owner, phone, another };
}

describe('a text message', () => {
  it.each(SINCE_140)(
    'that a phone adds comes to a phone that asks for it, version %i [MS-ASCMD R934]',
    async (version) => {
      const { person, phone, another } = await texting(version);
      const answered = await upload(phone, phone.inbox, { s1: text('On my way') });
      expect(answered.Responses).toMatchObject([{ tag: 'Add', value: { Class: 'SMS', ClientId: 's1', Status: 1 } }]);
      const id = added(answered)[0]!.ServerId!;
      await person.mail('A mail');
      const other = await another(withTexts());
      expect(other.inbox.items.get(id)).toMatchObject({
        From: '"Kim" [MOBILE:+1 555 0100]',
        To: '[MOBILE:+15550199]',
        Subject: 'On my way',
        Read: false,
        Importance: 1,
        InternetCPID: '65001',
        Body: { Type: 1, Data: 'On my way' },
      });
      expect(other.inbox.items.get(id)).not.toHaveProperty('MessageClass');
      expect(subjects(other.inbox).sort()).toEqual(['A mail', 'On my way']);
    },
  );

  it('says its class in an answer, and mail does not [MS-ASCMD R942]', async () => {
    const { person, phone } = await texting();
    phone.apply(phone.inbox, await upload(phone, phone.inbox, { s1: text('Hello') }));
    await person.mail('A mail');
    const other = person.phone({ deviceId: 'SECOND01', version: 141 });
    await other.start();
    const sync = async () => {
      const collection = { SyncKey: other.inbox.syncKey, CollectionId: other.inbox.id, Options: withTexts() };
      return (await other.client.sync({ Collections: { Collection: [collection] } })).document!.Collections!
        .Collection[0]!;
    };
    other.apply(other.inbox, await sync());
    const classes = (await sync()).Commands!.map(({ value }) => (value as { Class?: string }).Class);
    expect(classes.sort()).toEqual(['SMS', undefined]);
  });

  it('stays away from phones that do not ask, and wakes none of them', async () => {
    const { phone, another } = await texting();
    const other = await another(mailOnly);
    await other.sync(other.inbox);
    phone.apply(phone.inbox, await upload(phone, phone.inbox, { s1: text('Hello') }));
    expect((await other.drain(other.inbox)).added).toEqual([]);
    const folders = { Folder: [{ Id: other.inbox.id, Class: 'Email' as const }] };
    const { document } = await other.client.ping({ HeartbeatInterval: 1, Folders: folders });
    // Only that the heartbeat is too short, which is told before anything is looked at.
    expect(document!.Status).toBe(5);
  });

  it('comes once a phone begins to ask, and never twice', async () => {
    const { phone, another } = await texting();
    const other = await another(mailOnly);
    phone.apply(phone.inbox, await upload(phone, phone.inbox, { s1: text('One'), s2: text('Two') }));
    await other.drain(other.inbox);
    other.collectionOptions = { Options: withTexts() };
    await other.drain(other.inbox);
    expect(subjects(other.inbox).sort()).toEqual(['One', 'Two']);
    expect((await other.drain(other.inbox)).added).toEqual([]);
  });

  it('has a filter of its own', async () => {
    const { person, phone, another } = await texting();
    const old = Date.now() - 5 * DAY;
    phone.apply(
      phone.inbox,
      await upload(phone, phone.inbox, { s1: text('New'), s2: text('Old', { DateReceived: old }) }),
    );
    await person.mail('Mail');
    const other = await another(withTexts(1));
    expect(subjects(other.inbox).sort()).toEqual(['Mail', 'New']);
    other.collectionOptions = { Options: withTexts(3) };
    await other.drain(other.inbox);
    expect(subjects(other.inbox).sort()).toEqual(['Mail', 'New', 'Old']);
  });

  it('is counted where it is asked for [MS-ASCMD R907]', async () => {
    const { person, phone } = await texting();
    phone.apply(phone.inbox, await upload(phone, phone.inbox, { s1: text('One'), s2: text('Two') }));
    await person.mail('Mail');
    const other = person.phone({ deviceId: 'SECOND01', version: 141 });
    await other.start();
    await other.sync(other.inbox);
    const estimate = async (Options: object[]) => {
      const one = { SyncKey: other.inbox.syncKey, CollectionId: other.inbox.id, Options };
      const value = { Collections: { Collection: [one] } };
      const { document } = await other.client.command(
        'GetItemEstimate',
        GetItemEstimateRequest,
        value as GetItemEstimateRequest,
        GetItemEstimateResponse,
      );
      return document!.Response![0]!.Collection!.Estimate;
    };
    expect(await estimate([{ Class: 'Email' }])).toBe(1);
    expect(await estimate([{ Class: 'Email' }, { Class: 'SMS' }])).toBe(3);
  });

  it('is changed, fetched and deleted like mail', async () => {
    const { phone, another } = await texting();
    const answered = await upload(phone, phone.inbox, { s1: text('Hello') });
    phone.apply(phone.inbox, answered);
    const ServerId = added(answered)[0]!.ServerId!;
    const other = await another(withTexts());
    const { document } = await phone.client.sync({
      Collections: {
        Collection: [
          {
            SyncKey: phone.inbox.syncKey,
            CollectionId: phone.inbox.id,
            Commands: [
              { tag: 'Change', value: { Class: 'SMS', ServerId, ApplicationData: dataOf({ Read: true }, 141) } },
              { tag: 'Fetch', value: { ServerId } },
            ],
          },
        ],
      },
    });
    const changed = document!.Collections!.Collection[0]!;
    const fetched = changed.Responses![0]!.value as { Status: number; ApplicationData: WbxmlElement };
    expect(decodeElement(Email, fetched.ApplicationData, 141)).toMatchObject({ Read: true, Body: { Data: 'Hello' } });
    phone.apply(phone.inbox, changed);
    await other.drain(other.inbox);
    expect(other.inbox.items.get(ServerId)).toMatchObject({ Read: true });
    await phone.sync(phone.inbox, { Commands: [{ tag: 'Delete', value: { ServerId } }] });
    await other.drain(other.inbox);
    expect(other.inbox.items.size).toBe(0);
  });

  it('that comes again under the same key is there once', async () => {
    const { phone, another } = await texting();
    const key = phone.inbox.syncKey;
    const command = { s1: text('Once', { DateReceived: Date.UTC(2026, 0, 1) }) };
    const first = added(await upload(phone, phone.inbox, command, key));
    expect(added(await upload(phone, phone.inbox, command, key))).toEqual(first);
    expect(subjects((await another(withTexts())).inbox)).toEqual(['Once']);
  });

  it('of earlier versions is mail that nobody may add', async () => {
    const person = await shared.person();
    const phone = await ready(person, { version: 121 });
    const Commands = [{ tag: 'Add' as const, value: { ClientId: 's1', ApplicationData: dataOf(text('Hello'), 121) } }];
    const collection = { SyncKey: phone.inbox.syncKey, CollectionId: phone.inbox.id, Commands };
    const { document } = await phone.client.sync({ Collections: { Collection: [collection] } });
    expect(added(document!.Collections!.Collection[0]!)).toMatchObject([{ Status: 6 }]);
  });
});

describe('text messages in the Outbox', () => {
  it('go to phones that said that they send them, and to no others', async () => {
    const { person, phone } = await texting();
    const outbox = phone.folder(OUTBOX);
    await phone.drain(outbox);
    phone.apply(outbox, await upload(phone, outbox, { s1: text('To be sent') }));
    const other = person.phone({ deviceId: 'SENDER01', version: 141 });
    other.collectionOptions = { Options: withTexts() };
    await other.start();
    expect((await other.drain(other.folder(OUTBOX))).added).toEqual([]);
    const value = { DeviceInformation: { Set: { Model: 'X', EnableOutboundSMS: 1 } } };
    await other.client.command('Settings', SettingsRequest, value as SettingsRequest, SettingsResponse);
    expect((await other.drain(other.folder(OUTBOX))).added).toHaveLength(1);
    expect(subjects(other.folder(OUTBOX))).toEqual(['To be sent']);
  });
});
