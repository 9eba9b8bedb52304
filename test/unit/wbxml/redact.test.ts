import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Email } from '../../../lib/documents/items/email.ts';
import { MailboxQuery } from '../../../lib/documents/search.ts';
import { SettingsRequest } from '../../../lib/documents/settings.ts';
import { SyncResponse } from '../../../lib/documents/sync.ts';
import { encodeFragment, redact, WbxmlElement } from '../../../lib/wbxml/index.ts';
import { base64, document, int, lazy, optional, sensitive } from '../../../lib/wbxml/schema.ts';

const secret = 'S3cret-';

describe('what a log may hold', () => {
  test('keeps keys and statuses, and hides items', () => {
    const item = encodeFragment(Email, { Subject: secret }, 161);
    const add = { tag: 'Add', value: { ServerId: '3', ApplicationData: item } } as const;
    const collection = { SyncKey: 'k', CollectionId: '2', Status: 1, Commands: [add] };
    expect(redact(SyncResponse, { Collections: { Collection: [collection] } })).toEqual({
      Collections: {
        Collection: [
          {
            ...collection,
            Commands: [{ tag: 'Add', value: { ServerId: '3', ApplicationData: `[${item.size} bytes]` } }],
          },
        ],
      },
    });
  });

  test('hides passwords and replies, and says how long they are', () => {
    const value = {
      DevicePassword: { Set: { Password: secret } },
      Oof: { Set: { OofState: 1, OofMessage: [{ AppliesToInternal: true, ReplyMessage: secret }] } },
    };
    expect(redact(SettingsRequest, value)).toEqual({
      DevicePassword: { Set: { Password: '[7 characters]' } },
      Oof: { Set: { OofState: 1, OofMessage: [{ AppliesToInternal: true, ReplyMessage: '[7 characters]' }] } },
    });
  });

  test('goes into schemas that contain themselves', () => {
    const query = { And: { FreeText: secret, ConversationId: new Uint8Array(3), And: { Class: ['Email'] } } };
    expect(redact(MailboxQuery, query)).toEqual({
      And: { FreeText: '[7 characters]', ConversationId: '[3 bytes]', And: { Class: ['Email'] } },
    });
  });

  test('leaves out what the schema does not name', () => {
    const wild = {
      Status: 1,
      Other: secret,
      Collections: { Collection: [{ CollectionId: '1', Status: 1, x: secret }] },
    };
    expect(JSON.stringify(redact(SyncResponse, wild as never))).not.toContain(secret);
    const list = {
      Collections: {
        Collection: [{ SyncKey: '1', CollectionId: '1', Status: 1, Commands: [{ tag: 'Other', value: secret }] }],
      },
    };
    expect(JSON.stringify(redact(SyncResponse, list as never))).not.toContain(secret);
  });

  test('never shows a subject, an address or a body', () => {
    const words = fc.string({ minLength: 5 }).map((text) => `${secret}${text}`);
    fc.assert(
      fc.property(words, (text) => {
        const value = {
          ...{ To: text, Cc: text, From: text, Subject: text, ReplyTo: text, DisplayTo: text, ThreadTopic: text },
          ...{ Sender: text, Bcc: text, UmCallerID: text, UmUserNotes: text, Categories: { Category: [text] } },
          Body: { Type: 1, Data: text, Preview: text },
          BodyPart: { Status: 1, Type: 1, EstimatedDataSize: 1, Data: text, Preview: text },
          Attachments: { Attachment: [{ FileReference: '1', DisplayName: text, ContentId: text }] },
          Flag: { Subject: text },
          MeetingRequest: {
            DtStamp: 0,
            TimeZone: '',
            Organizer: text,
            LegacyLocation: text,
            Location: { Street: text },
          },
        };
        expect(JSON.stringify(redact(Email, value))).not.toContain(secret);
      }),
    );
  });

  test('hides bytes of every form, and tells nothing of a number', () => {
    const Flag = document('Email', 'Flag', {
      Subject: base64(),
      Status: sensitive(int()),
      FlagType: optional(lazy(() => base64())),
    });
    const value = { Subject: new Uint8Array(2), Status: 31_337, FlagType: new Uint8Array(4) };
    expect(redact(Flag, value)).toEqual({ Subject: '[2 bytes]', Status: '[hidden]', FlagType: '[4 bytes]' });
  });

  test('counts what it hides of trees', () => {
    const data = WbxmlElement.of('AirSync', 'ApplicationData', [WbxmlElement.of('Email', 'Subject', secret)]);
    const add = { tag: 'Add', value: { ServerId: '3', ApplicationData: data } } as const;
    const shown = redact(SyncResponse, {
      Collections: { Collection: [{ SyncKey: '1', CollectionId: '1', Status: 1, Commands: [add] }] },
    });
    expect(JSON.stringify(shown)).toContain('[1 elements]');
  });
});
