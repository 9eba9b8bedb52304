import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { FolderSyncResponse } from '../../../lib/documents/folder-sync.ts';
import { GetItemEstimateRequest } from '../../../lib/documents/get-item-estimate.ts';
import { SyncRequest } from '../../../lib/documents/sync.ts';
import { decode, encode, toXml } from '../../../lib/wbxml/index.ts';
import { elementXml } from '../../../lib/wbxml/xml.ts';
import { validateResponse } from '../../support/xsd.ts';

const capture = (name: string): Uint8Array =>
  readFileSync(path.join(import.meta.dirname, '../../fixtures/captures', `${name}.wbxml`));

describe('what real software sent', () => {
  test('iOS adds an event in 16.1, with empty Location, Attendees, Recurrence and Reminder', () => {
    const request = decode(SyncRequest, capture('ios-calendar-add-16.1'), 161);
    const [collection] = request.Collections!.Collection;
    expect(collection).toMatchObject({
      SyncKey: '{50c36c37-7aef-46d3-8094-42d9ef21141c}13',
      CollectionId: 'c/Cprivate',
      GetChanges: true,
      WindowSize: 25,
      Options: [{ BodyPreference: [{ Type: 1, TruncationSize: 32_768 }] }],
    });
    expect(collection!.Commands).toHaveLength(1);
    const [add] = collection!.Commands!;
    if (add?.tag !== 'Add') throw new Error('no Add');
    expect(add.value.ClientId).toBe('58281');
    const item = add.value.ApplicationData;
    expect(item.children.map((child) => `${child.namespace}:${child.tag}`)).toEqual([
      ...['Calendar:Timezone', 'Calendar:AllDayEvent', 'Calendar:BusyStatus', 'Calendar:EndTime'],
      ...['AirSyncBase:Location', 'Calendar:Reminder', 'Calendar:Sensitivity', 'Calendar:Subject'],
      ...['Calendar:StartTime', 'Calendar:ClientUid', 'Calendar:MeetingStatus', 'Calendar:Attendees'],
      'Calendar:Recurrence',
    ]);
    expect(item.children.filter((child) => child.content === undefined).map(({ tag }) => tag)).toEqual([
      ...['Location', 'Reminder', 'Attendees', 'Recurrence'],
    ]);
    expect(item.child('Calendar', 'StartTime')!.text()).toBe('20240822T100000Z');
    expect(elementXml(item.child('Calendar', 'Subject')!, 'Calendar')).toBe('<Subject>Test2</Subject>');
  });

  test('Exchange answers FolderSync with names in UTF-8', async () => {
    const bytes = capture('exchange-folder-sync-response');
    const response = decode(FolderSyncResponse, bytes, 161);
    expect(response).toMatchObject({ Status: 1, SyncKey: '1', Changes: { Count: 21 } });
    expect(response.Changes!.Add).toHaveLength(21);
    expect(response.Changes!.Add!.slice(2, 4)).toEqual([
      { ServerId: '3', ParentId: '0', DisplayName: 'Entwürfe', Type: 3 },
      { ServerId: '4', ParentId: '0', DisplayName: 'Gelöschte Elemente', Type: 4 },
    ]);
    expect((await validateResponse('FolderSync', bytes)).errors).toEqual([]);
  });

  test('Exchange writes it in the very bytes that this codec writes', () => {
    const bytes = capture('exchange-folder-sync-response');
    expect(encode(FolderSyncResponse, decode(FolderSyncResponse, bytes, 161), 161)).toEqual(new Uint8Array(bytes));
  });

  test('a desktop client asks for an estimate in 14.0, with its class in the options', () => {
    const bytes = capture('desktop-get-item-estimate-14.0');
    expect(decode(GetItemEstimateRequest, bytes, 140)).toEqual({
      Collections: { Collection: [{ SyncKey: '1070194280', CollectionId: '16', Options: [{ Class: 'Contacts' }] }] },
    });
    expect(toXml(bytes)).toContain('<SyncKey xmlns="AirSync">1070194280</SyncKey><CollectionId>16</CollectionId>');
  });
});
