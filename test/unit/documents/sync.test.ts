import { describe, expect, test } from 'vitest';
import { SyncRequest, SyncResponse } from '../../../lib/documents/sync.ts';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';
import { decode, encode, toXml, WbxmlElement } from '../../../lib/wbxml/index.ts';

const xml = (bytes: Uint8Array): string => toXml(bytes).split('\n')[1]!;
const request = (value: SyncRequest, version: ProtocolVersion = 161): string =>
  xml(encode(SyncRequest, value, version));
const data = WbxmlElement.of('AirSync', 'ApplicationData', [WbxmlElement.of('Email', 'Read', '1')]);

describe('a Sync response', () => {
  const answer = (version: ProtocolVersion): string =>
    xml(
      encode(
        SyncResponse,
        {
          Collections: {
            Collection: [
              {
                Responses: [
                  { tag: 'Add', value: { ClientId: 'c', ServerId: '5:9', Status: 1 } },
                  { tag: 'Fetch', value: { ServerId: '5:2', Status: 8 } },
                ],
                Commands: [
                  { tag: 'Delete', value: { ServerId: '5:1' } },
                  { tag: 'Add', value: { Class: 'SMS', ServerId: '5:3', ApplicationData: data } },
                  { tag: 'SoftDelete', value: { ServerId: '5:4' } },
                ],
                ...{ MoreAvailable: true, Status: 1, CollectionId: '5', SyncKey: '2.1', Class: 'Email' },
              },
            ],
          },
        },
        version,
      ),
    );

  test('has MoreAvailable after Status and before Commands, whatever the order of the value', () => {
    expect(answer(161)).toBe(
      '<Sync xmlns="AirSync"><Collections><Collection><SyncKey>2.1</SyncKey><CollectionId>5</CollectionId>' +
        '<Status>1</Status><MoreAvailable/><Commands><Delete><ServerId>5:1</ServerId></Delete>' +
        '<Add><Class>SMS</Class><ServerId>5:3</ServerId><ApplicationData><Read xmlns="Email">1</Read></ApplicationData></Add>' +
        '<SoftDelete><ServerId>5:4</ServerId></SoftDelete></Commands>' +
        '<Responses><Add><ClientId>c</ClientId><ServerId>5:9</ServerId><Status>1</Status></Add>' +
        '<Fetch><ServerId>5:2</ServerId><Status>8</Status></Fetch></Responses></Collection></Collections></Sync>',
    );
  });

  test('has the class of a collection up to 12.1, and of items from 14.0 on', () => {
    expect(answer(121)).toContain('<Collection><Class>Email</Class><SyncKey>');
    expect(answer(121)).not.toContain('SMS');
    expect(answer(140)).not.toContain('<Class>Email');
    expect(answer(140)).toContain('<Add><Class>SMS</Class>');
  });

  test('of a failure is a status, and a limit where that helps', () => {
    expect(xml(encode(SyncResponse, { Status: 14, Limit: 59 }, 161))).toBe(
      '<Sync xmlns="AirSync"><Status>14</Status><Limit>59</Limit></Sync>',
    );
  });
});

describe('a Sync request', () => {
  const collection = { SyncKey: '1.1', CollectionId: '5' };
  const read = (value: SyncRequest, from: ProtocolVersion, as: ProtocolVersion = from): SyncRequest =>
    decode(SyncRequest, encode(SyncRequest, value, from), as);

  test('may be partial and say only how long to wait', () => {
    expect(request({ Partial: true, Wait: 10 })).toBe('<Sync xmlns="AirSync"><Wait>10</Wait><Partial/></Sync>');
    expect(read({ Partial: true, Wait: 10 }, 161)).toEqual({ Partial: true, Wait: 10 });
  });

  test('has options twice where SMS is synchronised beside mail', () => {
    const options = [
      { Class: 'Email', FilterType: 3 },
      { Class: 'SMS', FilterType: 2 },
    ];
    const value = { Collections: { Collection: [{ ...collection, Options: options }] } };
    expect(read(value, 140)).toEqual(value);
    expect(read(value, 141, 121).Collections!.Collection[0]!.Options).toEqual([{ FilterType: 3 }, { FilterType: 2 }]);
  });

  test('has the class of a collection in 12.1 alone', () => {
    const value = { Collections: { Collection: [{ ...collection, Class: 'Email' }] } };
    expect(read(value, 121)).toEqual(value);
    expect(read(value, 121, 140)).toEqual({ Collections: { Collection: [collection] } });
  });

  test('with an empty GetChanges or DeletesAsMoves means yes', () => {
    const bytes = Uint8Array.from([
      0x03, 0x01, 0x6a, 0x00, 0x45, 0x5c, 0x4f, 0x4b, 0x03, 0x31, 0x00, 0x01, 0x52, 0x03, 0x35, 0x00, 0x01, 0x13, 0x1e,
      0x01, 0x01, 0x01,
    ]);
    expect(decode(SyncRequest, bytes, 121).Collections!.Collection).toEqual([
      { SyncKey: '1', CollectionId: '5', GetChanges: true, DeletesAsMoves: true },
    ]);
  });

  test('keeps the order of commands across kinds', () => {
    const commands = [
      { tag: 'Fetch', value: { ServerId: '5:1' } },
      { tag: 'Delete', value: { ServerId: '5:2' } },
      { tag: 'Fetch', value: { ServerId: '5:3' } },
    ] as const;
    const value = { Collections: { Collection: [{ ...collection, Commands: commands }] } };
    expect(read(value, 161)).toEqual(value);
  });

  test('names ghosted properties as an open list', () => {
    const supported = WbxmlElement.of('AirSync', 'Supported', [WbxmlElement.of('Contacts', 'JobTitle')]);
    const value = { Collections: { Collection: [{ ...collection, Supported: supported }] } };
    const [first] = read(value, 161).Collections!.Collection;
    expect(first!.Supported!.children.map(({ namespace, tag }) => `${namespace}:${tag}`)).toEqual([
      'Contacts:JobTitle',
    ]);
  });

  test('of a draft says that it is to go out', () => {
    const change = { tag: 'Change', value: { ServerId: '5:1', Send: true, ApplicationData: data } } as const;
    const text = request({ Collections: { Collection: [{ ...collection, Commands: [change] }] } }, 160);
    expect(text).toContain('<ServerId>5:1</ServerId><Send xmlns="Email2"/><ApplicationData>');
    expect(request({ Collections: { Collection: [{ ...collection, Commands: [change] }] } }, 141)).not.toContain(
      'Send',
    );
  });

  test.each([
    ['a SyncKey', { CollectionId: '5' }, 'Sync/Collections/Collection/SyncKey'],
    ['a CollectionId', { SyncKey: '1' }, 'Sync/Collections/Collection/CollectionId'],
  ])('without %s is told so', (_, wrong, path) => {
    const run = (): Uint8Array => encode(SyncRequest, { Collections: { Collection: [wrong as never] } }, 161);
    expect(run).toThrow(expect.objectContaining({ path }) as Error);
  });
});
