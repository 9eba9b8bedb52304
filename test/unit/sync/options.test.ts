import { describe, expect, test } from 'vitest';
import type { SyncRequest } from '../../../lib/documents/sync.ts';
import type { ItemClass } from '../../../lib/mailbox/types.ts';
import { DEFAULT_OPTIONS, mergeOptions, type SyncOptions, untruncated } from '../../../lib/sync/options.ts';
import { WbxmlElement } from '../../../lib/wbxml/index.ts';

type Collection = NonNullable<SyncRequest['Collections']>['Collection'][number];
type Asked = Pick<Collection, 'Options' | 'ConversationMode' | 'Supported'>;

const merge = (asked: Asked, before?: SyncOptions, folderClass: ItemClass = 'Email', initial = false) =>
  mergeOptions(before, asked, folderClass, initial);

describe('options', () => {
  test('are the defaults until some are given', () => {
    expect(merge({})).toEqual({ own: DEFAULT_OPTIONS });
    expect(merge({ Options: [] })).toEqual({ own: DEFAULT_OPTIONS });
    expect(merge({ Options: [{}] })).toEqual({ own: DEFAULT_OPTIONS });
    expect(DEFAULT_OPTIONS).toEqual({ filterType: 0, conflict: 1, mimeSupport: 0, bodyPreferences: [] });
  });

  test('are all that the client says, and nothing that it does not say', () => {
    const preference = { Type: 1, TruncationSize: 500 };
    const block = {
      FilterType: 3,
      Conflict: 0,
      MIMESupport: 2,
      MIMETruncation: 8,
      BodyPreference: [preference],
      BodyPartPreference: { Type: 2 },
    };
    expect(merge({ Options: [block] })).toEqual({
      own: {
        filterType: 3,
        conflict: 0,
        mimeSupport: 2,
        mimeTruncation: 8,
        bodyPreferences: [preference],
        bodyPartPreference: { Type: 2 },
      },
    });
    expect(Object.keys(merge({ Options: [{}] })!.own)).toEqual(Object.keys(DEFAULT_OPTIONS));
    expect(Object.keys(merge({})!)).toEqual(['own']);
  });

  test('stay until others are given, which replace them as a whole [MS-ASCMD R3598 R3599]', () => {
    const before = merge({ Options: [{ FilterType: 3 }, { Class: 'SMS', FilterType: 1 }], ConversationMode: true })!;
    expect(before).toMatchObject({ own: { filterType: 3 }, sms: { filterType: 1 }, conversationMode: true });
    expect(merge({}, before)).toEqual(before);
    expect(merge({ Options: [{ MIMESupport: 1 }] }, before)).toEqual({
      own: { ...DEFAULT_OPTIONS, mimeSupport: 1 },
      conversationMode: true,
    });
    expect(merge({ ConversationMode: false }, before)).toEqual({ ...before, conversationMode: false });
  });

  test('of text messages are of mail folders alone, beside or without their own', () => {
    expect(merge({ Options: [{ Class: 'SMS', FilterType: 2 }] })).toEqual({
      own: DEFAULT_OPTIONS,
      sms: { ...DEFAULT_OPTIONS, filterType: 2 },
    });
    expect(merge({ Options: [{ Class: 'SMS' }] }, undefined, 'Calendar')).toBeUndefined();
    expect(merge({ Options: [{ Class: 'Calendar' }] }, undefined, 'Calendar')).toEqual({ own: DEFAULT_OPTIONS });
  });

  test.each<[string, Asked, ItemClass]>([
    ['[MS-ASCMD R930] of one class twice', { Options: [{ Class: 'Email' }, {}] }, 'Email'],
    ['[MS-ASCMD R935] of a class that does not go with the folder', { Options: [{ Class: 'Calendar' }] }, 'Email'],
    ['of no class that there is', { Options: [{ Class: 'Files' }] }, 'Email'],
    ['[MS-ASCMD R3080] with a filter of another class', { Options: [{ FilterType: 6 }] }, 'Email'],
    ['with a conflict of 2', { Options: [{ Conflict: 2 }] }, 'Email'],
    ['with a conflict of -1', { Options: [{ Conflict: -1 }] }, 'Email'],
    ['with MIME support of 3', { Options: [{ MIMESupport: 3 }] }, 'Email'],
    ['with MIME support of -1', { Options: [{ MIMESupport: -1 }] }, 'Email'],
    ['with MIME truncation of 9', { Options: [{ MIMETruncation: 9 }] }, 'Email'],
    ['with MIME truncation of -1', { Options: [{ MIMETruncation: -1 }] }, 'Email'],
    ['with conversations where there is no mail', { ConversationMode: false }, 'Calendar'],
  ])('%s are refused', (_, asked, folderClass) => {
    expect(merge(asked, undefined, folderClass)).toBeUndefined();
  });

  test('keep what is supported as it was said under key 0 [MS-ASCMD R4551 R4552]', () => {
    const Supported = WbxmlElement.of('AirSync', 'Supported', [
      WbxmlElement.of('Contacts', 'JobTitle'),
      WbxmlElement.of('Contacts', 'Department'),
    ]);
    const asked = { Supported } as Asked;
    const first = merge(asked, undefined, 'Contacts', true)!;
    expect(first.supported).toEqual(['JobTitle', 'Department']);
    expect(merge({}, first, 'Contacts')).toEqual(first);
    const other = { Supported: WbxmlElement.of('AirSync', 'Supported', []) } as Asked;
    expect(merge(other, first, 'Contacts')).toEqual(first);
    expect(merge(other, first, 'Contacts', true)!.supported).toEqual([]);
    expect(merge({}, first, 'Contacts', true)).toEqual({ own: DEFAULT_OPTIONS });
  });
});

describe('options of a Fetch that brings none', () => {
  test('are those of before without what cuts', () => {
    const cut = { Type: 1, TruncationSize: 500, AllOrNone: true, Preview: 20 };
    const part = { Type: 2, TruncationSize: 9 };
    const block = { FilterType: 3, MIMESupport: 2, MIMETruncation: 1, BodyPreference: [cut], BodyPartPreference: part };
    expect(untruncated(merge({ Options: [block] })!.own)).toEqual({
      filterType: 3,
      conflict: 1,
      mimeSupport: 2,
      // Not absent: without a preference it is what asks for MIME.
      mimeTruncation: 8,
      bodyPreferences: [{ Type: 1, AllOrNone: true, Preview: 20 }],
      bodyPartPreference: { Type: 2 },
    });
  });

  test('are the defaults where there were none', () => {
    expect(untruncated(DEFAULT_OPTIONS)).toEqual(DEFAULT_OPTIONS);
  });
});
