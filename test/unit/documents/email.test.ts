import { describe, expect, test } from 'vitest';
import { Email } from '../../../lib/documents/items/email.ts';
import type { ProtocolVersion } from '../../../lib/protocol/versions.ts';
import { decodeElement, encode, parseDocument, WbxmlElement, WbxmlError } from '../../../lib/wbxml/index.ts';

const time = Date.UTC(2026, 0, 15, 12);
const wire = '2026-01-15T12:00:00.000Z';

const everything: Email = {
  To: '"R" <r@example.com>',
  Cc: 'c@example.com',
  From: 's@example.com',
  Subject: 'subject',
  ReplyTo: 'reply@example.com',
  DateReceived: time,
  DisplayTo: 'R',
  ThreadTopic: 'topic',
  Importance: 2,
  Read: true,
  Attachments: {
    Attachment: [
      {
        ...{ DisplayName: 'a.wav', FileReference: '1:2:0', Method: 1, EstimatedDataSize: 99 },
        ...{ ContentId: 'cid', ContentLocation: 'loc', IsInline: true, UmAttDuration: 7, UmAttOrder: 1 },
      },
    ],
  },
  Body: { Type: 2, EstimatedDataSize: 99, Truncated: true, Data: '<p>', Preview: 'p', Part: 1 },
  BodyPart: { Status: 1, Type: 2, EstimatedDataSize: 9, Truncated: false, Data: '<b>', Preview: 'b' },
  MessageClass: 'IPM.Note',
  MeetingRequest: {
    ...{ AllDayEvent: false, StartTime: time, DtStamp: time, EndTime: time, InstanceType: 1 },
    ...{ LegacyLocation: 'Room 1', Location: { DisplayName: 'Room 2', Latitude: 52.5, City: 'C', Country: 'L' } },
    ...{ Organizer: 'o@example.com', RecurrenceId: time, Reminder: 900, ResponseRequested: true },
    Recurrences: {
      Recurrence: [
        {
          ...{ Type: 1, Interval: 1, Until: time, Occurrences: 3, WeekOfMonth: 1, DayOfMonth: 2, DayOfWeek: 4 },
          ...{ MonthOfYear: 5, CalendarType: 1, IsLeapMonth: 0, FirstDayOfWeek: 1 },
        },
      ],
    },
    ...{ Sensitivity: 0, BusyStatus: 2, TimeZone: 'AAAA', GlobalObjId: 'gid', DisallowNewTimeProposal: true },
    ...{ MeetingMessageType: 1, UID: 'uid', ProposedStartTime: time, ProposedEndTime: time },
  },
  InternetCPID: '65001',
  Flag: {
    ...{ Subject: 'do', Status: 2, FlagType: 'Follow up', DateCompleted: time, CompleteTime: time, StartDate: time },
    ...{ DueDate: time, UtcStartDate: time, UtcDueDate: time, ReminderSet: true, ReminderTime: time },
    ...{ OrdinalDate: time, SubOrdinalDate: '5555' },
  },
  ContentClass: 'urn:content-classes:message',
  NativeBodyType: 2,
  UmCallerID: '+49',
  UmUserNotes: 'notes',
  ConversationId: Uint8Array.of(1, 0, 255),
  ConversationIndex: Uint8Array.of(2),
  LastVerbExecuted: 1,
  LastVerbExecutionTime: time,
  ReceivedAsBcc: true,
  Sender: 'sender@example.com',
  AccountId: 'a1',
  Bcc: 'b@example.com',
  IsDraft: true,
  Categories: { Category: ['Red', 'Blue'] },
};

/** `Flag/Status`, or `Flag/Tasks:Subject` where the namespace is not the expected one. */
function at(path: string, version: ProtocolVersion): WbxmlElement | undefined {
  let element: WbxmlElement | undefined = parseDocument(encode(Email, everything, version));
  for (const step of path.split('/')) {
    const [tag, namespace = 'Email'] = step.split(':').reverse() as [string, string?];
    element = element?.child(namespace as 'Email', tag);
  }
  return element;
}

describe('an email on the wire', () => {
  test.each<[string, string, string]>([
    ['R788', 'To', '"R" <r@example.com>'],
    ['R329', 'Cc', 'c@example.com'],
    ['R476', 'From', 's@example.com'],
    ['R1416', 'Subject', 'subject'],
    ['R709', 'ReplyTo', 'reply@example.com'],
    ['R364', 'DateReceived', wire],
    ['R398', 'DisplayTo', 'R'],
    ['R780', 'ThreadTopic', 'topic'],
    ['R482', 'Importance', '2'],
    ['R642 R640', 'Read', '1'],
    ['R584', 'MessageClass', 'IPM.Note'],
    ['R498', 'InternetCPID', '65001'],
    ['R341', 'ContentClass', 'urn:content-classes:message'],
    ['R623', 'AirSyncBase:NativeBodyType', '2'],
    ['R832', 'Email2:UmUserNotes', 'notes'],
    ['R513', 'Email2:LastVerbExecuted', '1'],
    ['R522', 'Email2:LastVerbExecutionTime', wire],
    ['R646', 'Email2:ReceivedAsBcc', '1'],
    ['R1131', 'Email2:Bcc', 'b@example.com'],
    ['R1277', 'Email2:IsDraft', '1'],
    ['R323 R313', 'Categories/Category', 'Red'],
    ['R234 R236', 'MeetingRequest/AllDayEvent', '0'],
    ['R749', 'MeetingRequest/StartTime', wire],
    ['R403', 'MeetingRequest/DtStamp', wire],
    ['R416', 'MeetingRequest/EndTime', wire],
    ['R490', 'MeetingRequest/InstanceType', '1'],
    ['R637', 'MeetingRequest/Organizer', 'o@example.com'],
    ['R680', 'MeetingRequest/RecurrenceId', wire],
    ['R714', 'MeetingRequest/ResponseRequested', '1'],
    ['R729', 'MeetingRequest/Sensitivity', '0'],
    ['R264', 'MeetingRequest/BusyStatus', '2'],
    ['R783', 'MeetingRequest/TimeZone', 'AAAA'],
    ['R391', 'MeetingRequest/DisallowNewTimeProposal', '1'],
    ['R530', 'MeetingRequest/Email2:MeetingMessageType', '1'],
    ['R791 R652', 'MeetingRequest/Recurrences/Recurrence/Type', '1'],
    ['R501', 'MeetingRequest/Recurrences/Recurrence/Interval', '1'],
    ['R847', 'MeetingRequest/Recurrences/Recurrence/Until', '20260115T120000Z'],
    ['R627', 'MeetingRequest/Recurrences/Recurrence/Occurrences', '3'],
    ['R872', 'MeetingRequest/Recurrences/Recurrence/WeekOfMonth', '1'],
    ['R367', 'MeetingRequest/Recurrences/Recurrence/DayOfMonth', '2'],
    ['R374', 'MeetingRequest/Recurrences/Recurrence/DayOfWeek', '4'],
    ['R619', 'MeetingRequest/Recurrences/Recurrence/MonthOfYear', '5'],
    ['R507', 'MeetingRequest/Recurrences/Recurrence/Email2:IsLeapMonth', '0'],
    ['R423', 'MeetingRequest/Recurrences/Recurrence/Email2:FirstDayOfWeek', '1'],
    ['R769', 'Flag/Tasks:Subject', 'do'],
    ['R752', 'Flag/Status', '2'],
    ['R469', 'Flag/FlagType', 'Follow up'],
    ['R360', 'Flag/Tasks:DateCompleted', wire],
    ['R337', 'Flag/CompleteTime', wire],
    ['R742', 'Flag/Tasks:StartDate', wire],
    ['R410', 'Flag/Tasks:DueDate', wire],
    ['R865', 'Flag/Tasks:UtcStartDate', wire],
    ['R854', 'Flag/Tasks:UtcDueDate', wire],
    ['R691 R692', 'Flag/Tasks:ReminderSet', '1'],
    ['R700', 'Flag/Tasks:ReminderTime', wire],
    ['R630', 'Flag/Tasks:OrdinalDate', wire],
    ['R772', 'Flag/Tasks:SubOrdinalDate', '5555'],
    ['R801', 'AirSyncBase:Attachments/AirSyncBase:Attachment/Email2:UmAttDuration', '7'],
    ['R807', 'AirSyncBase:Attachments/AirSyncBase:Attachment/Email2:UmAttOrder', '1'],
  ])('has [MS-ASEMAIL %s] %s as %s', (_, path, content) => {
    expect(at(path, 161)?.content).toBe(content);
  });

  test.each<[string, string, string]>([
    ['R302', 'AirSyncBase:Body/AirSyncBase:Type', '2'],
    ['R195', 'AirSyncBase:Body/AirSyncBase:EstimatedDataSize', '99'],
    ['R274', 'AirSyncBase:Body/AirSyncBase:Truncated', '1'],
    ['R172', 'AirSyncBase:Body/AirSyncBase:Data', '<p>'],
    ['R249', 'AirSyncBase:Body/AirSyncBase:Preview', 'p'],
    ['R246', 'AirSyncBase:Body/ItemOperations:Part', '1'],
    ['R254', 'AirSyncBase:BodyPart/AirSyncBase:Preview', 'b'],
    ['R232', 'AirSyncBase:NativeBodyType', '2'],
    ['R191', 'AirSyncBase:Attachments/AirSyncBase:Attachment/AirSyncBase:DisplayName', 'a.wav'],
    ['R210', 'AirSyncBase:Attachments/AirSyncBase:Attachment/AirSyncBase:FileReference', '1:2:0'],
    ['R221', 'AirSyncBase:Attachments/AirSyncBase:Attachment/AirSyncBase:Method', '1'],
    ['R163', 'AirSyncBase:Attachments/AirSyncBase:Attachment/AirSyncBase:ContentId', 'cid'],
    ['R168', 'AirSyncBase:Attachments/AirSyncBase:Attachment/AirSyncBase:ContentLocation', 'loc'],
    ['R217', 'AirSyncBase:Attachments/AirSyncBase:Attachment/AirSyncBase:IsInline', '1'],
    ['R1074', 'MeetingRequest/AirSyncBase:Location/AirSyncBase:City', 'C'],
    ['R1125', 'MeetingRequest/AirSyncBase:Location/AirSyncBase:Country', 'L'],
    ['R1361', 'MeetingRequest/AirSyncBase:Location/AirSyncBase:DisplayName', 'Room 2'],
  ])('has [MS-ASAIRS %s] %s as %s', (_, path, content) => {
    expect(at(path, 161)?.content).toBe(content);
  });

  test('has its conversation as bytes [MS-ASEMAIL R345 R354]', () => {
    expect(at('Email2:ConversationId', 161)?.content).toEqual(Uint8Array.of(1, 0, 255));
    expect(at('Email2:ConversationIndex', 161)?.content).toEqual(Uint8Array.of(2));
  });

  test('has the parts of a BodyPart in their order [MS-ASAIRS R126]', () => {
    expect(at('AirSyncBase:BodyPart', 161)!.children.map(({ tag }) => tag)).toEqual([
      ...['Status', 'Type', 'EstimatedDataSize', 'Truncated', 'Data', 'Preview'],
    ]);
  });

  test('has its place and the name of its event as text up to 14.1 [MS-ASEMAIL R526]', () => {
    expect(at('MeetingRequest/Location', 141)?.content).toBe('Room 1');
    expect(at('MeetingRequest/AirSyncBase:Location', 141)).toBeUndefined();
    expect(at('MeetingRequest/GlobalObjId', 141)?.content).toBe('gid');
    expect(at('MeetingRequest/Location', 160)).toBeUndefined();
    expect(at('MeetingRequest/GlobalObjId', 160)).toBeUndefined();
    expect(at('MeetingRequest/Calendar:UID', 160)?.content).toBe('uid');
  });

  test('has the time that a guest proposes in the compact form, from 16.1 on', () => {
    expect(at('MeetingRequest/MeetingResponse:ProposedStartTime', 161)?.content).toBe('20260115T120000Z');
    expect(at('MeetingRequest/MeetingResponse:ProposedStartTime', 160)).toBeUndefined();
  });
});

describe('what a version does not have is not sent', () => {
  const tags = (version: ProtocolVersion): string[] =>
    parseDocument(encode(Email, everything, version)).children.map(({ tag }) => tag);

  test.each<[ProtocolVersion, ProtocolVersion, string[]]>([
    [
      121,
      140,
      [
        'UmCallerID',
        'UmUserNotes',
        'ConversationId',
        'ConversationIndex',
        'LastVerbExecuted',
        'LastVerbExecutionTime',
        'ReceivedAsBcc',
        'Sender',
        'Categories',
      ],
    ],
    [140, 141, ['BodyPart', 'AccountId']],
    [141, 160, ['Bcc', 'IsDraft']],
    [160, 161, []],
  ])('from %i to %i', (before, after, added) => {
    expect(tags(after).filter((tag) => !tags(before).includes(tag))).toEqual(added);
    expect(tags(before).filter((tag) => !tags(after).includes(tag))).toEqual([]);
  });

  test('a Preview comes with 14.0', () => {
    expect(at('AirSyncBase:Body/AirSyncBase:Preview', 121)).toBeUndefined();
    expect(at('AirSyncBase:Body/AirSyncBase:Preview', 140)?.content).toBe('p');
  });
});

describe('what a client sends', () => {
  const read = (...children: WbxmlElement[]): Email =>
    decodeElement(Email, WbxmlElement.of('AirSync', 'ApplicationData', children), 161);

  test('a read flag alone', () => {
    expect(read(WbxmlElement.of('Email', 'Read', '0'))).toEqual({ Read: false });
  });

  test('an empty Flag, which clears it [MS-ASEMAIL R434]', () => {
    expect(read(WbxmlElement.of('Email', 'Flag'))).toEqual({ Flag: {} });
  });

  test('empty Categories, which take all away', () => {
    expect(read(WbxmlElement.of('Email', 'Categories'))).toEqual({ Categories: { Category: [] } });
  });

  test('300 categories, and not one more', () => {
    const category = WbxmlElement.of('Email', 'Category', 'c');
    const categories = (count: number): WbxmlElement =>
      WbxmlElement.of('Email', 'Categories', Array<WbxmlElement>(count).fill(category));
    expect(read(categories(300)).Categories!.Category).toHaveLength(300);
    expect(() => read(categories(301))).toThrow(WbxmlError);
  });

  test('a date that is none is told apart, for it has a status of its own', () => {
    const flag = WbxmlElement.of('Email', 'Flag', [WbxmlElement.of('Tasks', 'DueDate', 'tomorrow')]);
    expect(() => read(flag)).toThrow(expect.objectContaining({ reason: 'dateTime' }) as Error);
  });
});
