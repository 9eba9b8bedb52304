import { describe, expect, test } from 'vitest';
import { SmartForwardRequest, SmartReplyRequest } from '../../../lib/documents/compose-mail.ts';
import { GetItemEstimateRequest } from '../../../lib/documents/get-item-estimate.ts';
import { ItemOperationsRequest, ItemOperationsResponse } from '../../../lib/documents/item-operations.ts';
import { Gal } from '../../../lib/documents/items/gal.ts';
import { MeetingResponseRequest } from '../../../lib/documents/meeting-response.ts';
import { PingRequest, PingResponse } from '../../../lib/documents/ping.ts';
import { MailboxQuery, SearchRequest, SearchResponse } from '../../../lib/documents/search.ts';
import { SettingsRequest, SettingsResponse } from '../../../lib/documents/settings.ts';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';
import {
  decode,
  decodeElement,
  encode,
  parseDocument,
  type Schema,
  toXml,
  WbxmlElement,
} from '../../../lib/wbxml/index.ts';

const of = WbxmlElement.of;
const write = <T>(schema: Schema<T>, value: T, version: ProtocolVersion = 161): string =>
  toXml(encode(schema, value, version)).split('\n')[1]!;
const through = <T>(schema: Schema<T>, value: T, version: ProtocolVersion = 161): T =>
  decode(schema, encode(schema, value, version), version);

describe('Ping', () => {
  test('may leave out what the server remembers', () => {
    expect(through(PingRequest, {})).toEqual({});
    expect(through(PingRequest, { HeartbeatInterval: 480 })).toEqual({ HeartbeatInterval: 480 });
  });

  test('answers with folders, or with a bound', () => {
    expect(write(PingResponse, { Status: 2, Folders: { Folder: ['5', '7'] } })).toBe(
      '<Ping xmlns="Ping"><Status>2</Status><Folders><Folder>5</Folder><Folder>7</Folder></Folders></Ping>',
    );
    expect(write(PingResponse, { HeartbeatInterval: 60, Status: 5 })).toBe(
      '<Ping xmlns="Ping"><Status>5</Status><HeartbeatInterval>60</HeartbeatInterval></Ping>',
    );
  });
});

describe('GetItemEstimate', () => {
  const collection = {
    SyncKey: '1',
    Class: 'Email',
    CollectionId: '5',
    FilterType: 3,
    Options: [{ Class: 'Email', FilterType: 3 }],
  };

  test('has its class in the collection up to 12.1, and in the options from 14.0 on', () => {
    expect(write(GetItemEstimateRequest, { Collections: { Collection: [collection] } }, 121)).toContain(
      '<Class>Email</Class><CollectionId>',
    );
    const later = write(GetItemEstimateRequest, { Collections: { Collection: [collection] } }, 140);
    expect(later).toContain('<Options xmlns="AirSync"><Class>Email</Class><FilterType>3</FilterType></Options>');
    expect(later.match(/<Class/g)).toHaveLength(1);
  });
});

describe('Settings', () => {
  test('is answered in the order in which it was asked', () => {
    const asked = of('Settings', 'Settings', [
      of('Settings', 'UserInformation', [of('Settings', 'Get')]),
      of('Settings', 'Oof', [of('Settings', 'Get', [of('Settings', 'BodyType', 'Text')])]),
      of('Settings', 'DeviceInformation', [of('Settings', 'Set', [of('Settings', 'Model', 'M')])]),
    ]);
    const order = Object.keys(decodeElement(SettingsRequest, asked, 161));
    expect(order).toEqual(['UserInformation', 'Oof', 'DeviceInformation']);
    const answer = { Status: 1, ...Object.fromEntries(order.map((name) => [name, { Status: 1 }])) };
    expect(parseDocument(encode(SettingsResponse, answer, 161)).children.map(({ tag }) => tag)).toEqual([
      'Status',
      ...order,
    ]);
  });

  test('has out-of-office answers for three audiences', () => {
    const message = { Enabled: true, ReplyMessage: 'away', BodyType: 'Text' };
    const value: SettingsRequest = {
      Oof: {
        Set: {
          ...{ OofState: 2, StartTime: 0, EndTime: 86_400_000 },
          OofMessage: [
            { AppliesToInternal: true, ...message },
            { AppliesToExternalKnown: true, ...message },
            { AppliesToExternalUnknown: true, ...message },
          ],
        },
      },
    };
    expect(through(SettingsRequest, value)).toEqual(value);
    expect(write(SettingsRequest, value)).toContain('<OofMessage><AppliesToExternalKnown/><Enabled>1</Enabled>');
  });
});

describe('ItemOperations', () => {
  test('keeps the order of operations', () => {
    const value: ItemOperationsRequest = [
      { tag: 'Fetch', value: { Store: 'Mailbox', FileReference: ['5:1:0'] } },
      { tag: 'EmptyFolderContents', value: { CollectionId: '3', Options: { DeleteSubFolders: true } } },
      { tag: 'Fetch', value: { Store: 'Mailbox', CollectionId: '5', ServerId: '5:2' } },
    ];
    expect(through(ItemOperationsRequest, value)).toEqual(value);
    expect(parseDocument(encode(ItemOperationsRequest, value, 161)).children.map(({ tag }) => tag)).toEqual([
      ...['Fetch', 'EmptyFolderContents', 'Fetch'],
    ]);
  });

  test('answers with items in the namespace of their class', () => {
    const Properties = of('ItemOperations', 'Properties', [of('Email', 'Subject', 's')]);
    const value = { Status: 1, Response: { Fetch: [{ Status: 1, CollectionId: '5', ServerId: '5:2', Properties }] } };
    expect(write(ItemOperationsResponse, value)).toContain(
      '<ServerId xmlns="AirSync">5:2</ServerId><Properties><Subject xmlns="Email">s</Subject></Properties></Fetch>',
    );
  });
});

describe('Search', () => {
  test('asks the address list with text, the mailbox with a query', () => {
    const query = of('Search', 'Query', [
      of('Search', 'And', [
        of('AirSync', 'Class', 'Email'),
        of('Search', 'FreeText', 'words'),
        of('Search', 'GreaterThan', [of('Email', 'DateReceived'), of('Search', 'Value', '2026-01-15T12:00:00.000Z')]),
      ]),
    ]);
    const mailbox = through(SearchRequest, {
      Store: { Name: 'Mailbox', Query: query, Options: { Range: '0-9', RebuildResults: true } },
    });
    expect(decodeElement(MailboxQuery, mailbox.Store.Query, 161)).toEqual({
      And: {
        Class: ['Email'],
        FreeText: 'words',
        GreaterThan: { DateReceived: true, Value: Date.UTC(2026, 0, 15, 12) },
      },
    });
    const gal = through(SearchRequest, { Store: { Name: 'GAL', Query: of('Search', 'Query', 'ann') } });
    expect(gal.Store.Query.text()).toBe('ann');
  });

  test('answers with one empty result where there is none', () => {
    const value = { Status: 1, Response: { Store: { Status: 1, Result: [{}], Range: '0-0', Total: 0 } } };
    expect(write(SearchResponse, value)).toContain(
      '<Store><Status>1</Status><Result/><Range>0-0</Range><Total>0</Total></Store>',
    );
  });

  test('sends pictures as bytes [MS-ASCMD R1472]', () => {
    const entry = parseDocument(
      encode(Gal, { DisplayName: 'A', Picture: { Status: 1, Data: Uint8Array.of(0xff, 0xd8) } }, 141),
    );
    expect(entry.child('GAL', 'Picture')!.child('GAL', 'Data')!.content).toEqual(Uint8Array.of(0xff, 0xd8));
    expect(parseDocument(encode(Gal, { Picture: { Status: 1 } }, 140)).children).toEqual([]);
  });
});

describe('mail that a client sends', () => {
  const source = { ClientId: 'c1', Source: { FolderId: '5', ItemId: '5:2' }, Mime: Uint8Array.of(0x41, 0, 0x42) };

  test('is bytes, NULs included', () => {
    expect(through(SmartReplyRequest, { ...source, SaveInSentItems: true })).toEqual({
      ...source,
      SaveInSentItems: true,
    });
  });

  test('goes out to forwardees from 16.0 on', () => {
    const forwardees = { Forwardees: { Forwardee: [{ Name: 'A', Email: 'a@example.com' }] } };
    expect(through(SmartForwardRequest, { ...source, ...forwardees }, 160)).toEqual({ ...source, ...forwardees });
    expect(through(SmartForwardRequest, { ...source, ...forwardees }, 141)).toEqual(source);
  });

  test('for an occurrence that is no date has an error of its own', () => {
    const wrong = (root: 'SmartReply' | 'SmartForward'): WbxmlElement =>
      of('ComposeMail', root, [
        of('ComposeMail', 'ClientId', 'c'),
        of('ComposeMail', 'Source', [of('ComposeMail', 'InstanceId', 'today')]),
      ]);
    const dateTime = expect.objectContaining({ reason: 'dateTime' }) as Error;
    expect(() => decodeElement(SmartReplyRequest, wrong('SmartReply'), 141)).toThrow(dateTime);
    expect(() => decodeElement(SmartForwardRequest, wrong('SmartForward'), 141)).toThrow(dateTime);
  });
});

describe('MeetingResponse', () => {
  test('may ask for a mail to the organizer with an empty tag', () => {
    const value: MeetingResponseRequest = {
      Request: [{ UserResponse: 1, CollectionId: '5', RequestId: '5:2', SendResponse: {} }],
    };
    expect(write(MeetingResponseRequest, value, 161)).toContain('<SendResponse/>');
    expect(through(MeetingResponseRequest, value, 161)).toEqual(value);
    expect(write(MeetingResponseRequest, value, 141)).not.toContain('SendResponse');
  });
});
