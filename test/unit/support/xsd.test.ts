import { describe, expect, test } from 'vitest';
import { FolderSyncResponse } from '../../../lib/documents/folder-sync.ts';
import { Email } from '../../../lib/documents/items/email.ts';
import { PingResponse } from '../../../lib/documents/ping.ts';
import { SyncResponse } from '../../../lib/documents/sync.ts';
import { encode, encodeFragment, type Schema, WbxmlElement } from '../../../lib/wbxml/index.ts';
import { validateResponse, validateResponses, xsdAvailable } from '../../support/xsd.ts';

const item = encodeFragment(
  Email,
  {
    To: '"A" <a@example.com>',
    Subject: 'Über <alles> & mehr',
    DateReceived: 1_768_478_400_000,
    Read: false,
    Body: { Type: 1, EstimatedDataSize: 5, Truncated: false, Data: 'hello' },
    ConversationId: new Uint8Array(16),
    Flag: {},
    Categories: { Category: ['Red'] },
  },
  161,
);
const collection = { SyncKey: '1', CollectionId: '2', Status: 1 };
const add = { tag: 'Add', value: { ServerId: '3', ApplicationData: item } } as const;

const bytes = <T>(schema: Schema<T>, value: T): Uint8Array => encode(schema, value, 161);
const sync = (data: WbxmlElement): Uint8Array =>
  bytes(SyncResponse, {
    Collections: {
      Collection: [{ ...collection, Commands: [{ tag: 'Add', value: { ServerId: '3', ApplicationData: data } }] }],
    },
  });

describe.skipIf(!xsdAvailable)("validation against Microsoft's schemas", () => {
  test('valid answers pass', async () => {
    const { skipped, errors } = await validateResponses([
      { command: 'Ping', body: bytes(PingResponse, { Status: 2, Folders: { Folder: ['a', 'b'] } }) },
      {
        command: 'FolderSync',
        body: bytes(FolderSyncResponse, {
          Status: 1,
          SyncKey: '1',
          Changes: { Count: 1, Add: [{ ServerId: '1', ParentId: '0', DisplayName: 'Inbox', Type: 2 }] },
        }),
      },
      {
        command: 'Sync',
        body: bytes(SyncResponse, {
          Collections: { Collection: [{ ...collection, MoreAvailable: true, Commands: [add] }] },
        }),
      },
    ]);
    expect(errors).toEqual([]);
    expect(skipped).toBe(false);
  });

  test.each<[string, string, Uint8Array, RegExp]>([
    [
      'an element that the schema does not have',
      'Sync',
      sync(of('AirSync', 'ApplicationData', [of('AirSync', 'Wait', '1')])),
      /Wait/,
    ],
    ['a boolean that is none', 'Sync', sync(of('AirSync', 'ApplicationData', [of('Email', 'Read', 'yes')])), /Read/],
    [
      'a date that is none',
      'Sync',
      sync(of('AirSync', 'ApplicationData', [of('Email', 'DateReceived', '20260115T120000Z')])),
      /DateReceived/,
    ],
    [
      'a key over 64 characters',
      'Sync',
      bytes(SyncResponse, { Collections: { Collection: [{ ...collection, SyncKey: 'k'.repeat(65) }] } }),
      /SyncKey/,
    ],
    ['the answer of another command', 'Sync', bytes(PingResponse, { Status: 1 }), /the root is Ping:Ping/],
    [
      'an empty ParentId',
      'FolderSync',
      bytes(FolderSyncResponse, {
        Status: 1,
        SyncKey: '1',
        Changes: { Add: [{ ServerId: '1', ParentId: '', DisplayName: 'x', Type: 2 }] },
      }),
      /ParentId/,
    ],
  ])('%s is found', async (_, command, body, expected) => {
    const { errors } = await validateResponse(command, body);
    expect(errors.join('\n')).toMatch(expected);
  });

  test('one wrong answer among many is found', async () => {
    const right = { command: 'Ping', body: bytes(PingResponse, { Status: 1 }) };
    const long = { Collections: { Collection: [{ ...collection, SyncKey: 'k'.repeat(65) }] } };
    const wrong = { command: 'Sync', body: bytes(SyncResponse, long) };
    expect((await validateResponses([right, wrong, right])).errors).toHaveLength(1);
  });
});

function of(...parts: Parameters<typeof WbxmlElement.of>): WbxmlElement {
  return WbxmlElement.of(...parts);
}
