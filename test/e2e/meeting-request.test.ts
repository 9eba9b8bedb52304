import { describe, expect, it } from 'vitest';
import type { ProtocolVersion } from '../../lib/protocol/versions.ts';
import { fileOf, itemOperations } from '../support/client/item-operations.ts';
import { VERSIONS } from './harness.ts';
import { ready, sharedServer } from './shared.ts';

const shared = sharedServer();
const LEGACY = VERSIONS.filter((version) => version < 160);
const RECENT = VERSIONS.filter((version) => version >= 160);

const BERLIN = `BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE`;

const USUAL = ['DTSTART;TZID=Europe/Berlin:20260720T090000', 'DTEND;TZID=Europe/Berlin:20260720T100000'];

/** A message with a calendar part; `lines` are of its event. */
function invitation(to: string, lines: readonly string[], method = 'REQUEST'): string {
  const event = ['UID:42@sender.test', 'DTSTAMP:20260713T083000Z', 'SUMMARY:Review', ...lines].join('\n');
  const calendar = `BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:${method}\n${BERLIN}\nBEGIN:VEVENT\n${event}\nEND:VEVENT\nEND:VCALENDAR`;
  return [
    `From: Ada <ada@sender.test>\nTo: ${to}\nSubject: Review\nMIME-Version: 1.0`,
    'Content-Type: multipart/alternative; boundary=m\n',
    '--m\nContent-Type: text/plain\n\nSee you\n--m',
    `Content-Type: text/calendar; charset=utf-8; method=${method}\n\n${calendar}\n--m--\n`,
  ]
    .join('\n')
    .replaceAll('\n', '\r\n');
}

async function shown(lines: readonly string[], version: ProtocolVersion = 141, method?: string) {
  const person = await shared.person();
  await person.deliver(invitation(person.address, lines, method));
  const phone = await ready(person, { version });
  const [mail] = [...phone.inbox.items.values()];
  return mail!;
}
const meetingOf = async (...given: Parameters<typeof shown>) => (await shown(...given)).MeetingRequest!;

describe('an invitation', () => {
  it.each(LEGACY)(
    'comes with what it says, version %i [MS-ASCMD R5068 R5085 R5828] [MS-ASEMAIL R16 R896 R898 R909 R478 R715 R541 R546 R588]',
    async (version) => {
      const mail = await shown(
        [
          ...USUAL,
          'LOCATION:Room 1',
          'ORGANIZER;CN=Ada Lovelace:mailto:ada@sender.test',
          'ATTENDEE;RSVP=TRUE:mailto:kim@example.test',
          'CLASS:PRIVATE',
          'BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM',
        ],
        version,
      );
      expect(mail.MessageClass).toBe('IPM.Schedule.Meeting.Request');
      expect(mail.MeetingRequest).toMatchObject({
        AllDayEvent: false,
        StartTime: Date.UTC(2026, 6, 20, 7),
        EndTime: Date.UTC(2026, 6, 20, 8),
        DtStamp: Date.UTC(2026, 6, 13, 8, 30),
        InstanceType: 0,
        LegacyLocation: 'Room 1',
        Organizer: '"Ada Lovelace" <ada@sender.test>',
        Reminder: 900,
        ResponseRequested: true,
        Sensitivity: 2,
        BusyStatus: 2,
      });
      expect(mail.MeetingRequest!.GlobalObjId).toMatch(/^[A-Za-z0-9+/]+=*$/);
      expect(mail.MeetingRequest!.UID).toBeUndefined();
      expect(mail.Body?.Data ?? mail.LegacyBody).toContain('See you');
    },
  );

  it.each(RECENT)(
    'has a UID and a place of several parts, version %i [MS-ASWBXML R822] [MS-ASEMAIL R1253 R12540 R1305 R1310 R1311 R13110 R13111]',
    async (version) => {
      const meeting = await meetingOf([...USUAL, 'LOCATION:Room 1'], version);
      expect(meeting).toMatchObject({ UID: '42@sender.test', Location: { DisplayName: 'Room 1' } });
      expect([meeting.GlobalObjId, meeting.LegacyLocation]).toEqual([undefined, undefined]);
    },
  );

  it('has an id made from its UID [MS-ASEMAIL R121 R20000 R20001 R20011 R10000 R1000 R1001 R20013 R20016 R20018 R20019 R20021 R20022 R1002]', async () => {
    const bytes = Buffer.from((await meetingOf(USUAL)).GlobalObjId!, 'base64');
    expect(bytes.toString('hex', 0, 16)).toBe('040000008200e00074c5b7101a82e008');
    // No instance, no time of creation, nothing reserved.
    expect(bytes.toString('hex', 16, 36)).toBe('00'.repeat(20));
    expect(bytes.readUInt32LE(36)).toBe(bytes.length - 40);
    expect(bytes.toString('latin1', 40, 52)).toBe('vCal-Uid\x01\0\0\0');
    expect(bytes.toString('latin1', 52)).toBe('42@sender.test\0');
  });

  it('has Outlook’s own id where that is the UID [MS-ASEMAIL R20013 R20015]', async () => {
    const id = `040000008200e00074c5b7101a82e00800000000${'0102030405060708'}${'00'.repeat(8)}10000000${'ab'.repeat(16)}`;
    const person = await shared.person();
    const raw = invitation(person.address, USUAL).replace('UID:42@sender.test', `UID:${id.toUpperCase()}`);
    await person.deliver(raw);
    const phone = await ready(person, { version: 141 });
    const [mail] = [...phone.inbox.items.values()];
    expect(Buffer.from(mail!.MeetingRequest!.GlobalObjId!, 'base64').toString('hex')).toBe(id);
  });

  it('is told with its zone as a structure of 172 bytes', async () => {
    const bytes = Buffer.from((await meetingOf(USUAL)).TimeZone, 'base64');
    expect(bytes).toHaveLength(172);
    expect([bytes.readInt32LE(0), bytes.readInt32LE(84), bytes.readInt32LE(168)]).toEqual([-60, 0, -60]);
    // The last Sundays of October and March.
    expect([bytes.readUInt16LE(70), bytes.readUInt16LE(72), bytes.readUInt16LE(74), bytes.readUInt16LE(76)]).toEqual([
      10, 0, 5, 3,
    ]);
    expect([
      bytes.readUInt16LE(154),
      bytes.readUInt16LE(156),
      bytes.readUInt16LE(158),
      bytes.readUInt16LE(160),
    ]).toEqual([3, 0, 5, 2]);
  });

  it('has a place of 32,768 characters at most [MS-ASEMAIL R527]', async () => {
    const place = (await meetingOf([...USUAL, `LOCATION:${'Room '.repeat(10_000)}`])).LegacyLocation!;
    expect(place).toMatch(/^Room Room /);
    expect(place.length).toBeLessThanOrEqual(32_768);
  });

  it('of a whole day says so [MS-ASEMAIL R235 R236]', async () => {
    const meeting = await meetingOf(['DTSTART;VALUE=DATE:20260720', 'DTEND;VALUE=DATE:20260721']);
    expect(meeting).toMatchObject({
      AllDayEvent: true,
      StartTime: Date.UTC(2026, 6, 20),
      EndTime: Date.UTC(2026, 6, 21),
    });
  });

  it.each([
    ['nothing', [], 2],
    ['transparent', ['TRANSP:TRANSPARENT'], 0],
    ['free', ['X-MICROSOFT-CDO-INTENDEDSTATUS:FREE'], 0],
    ['tentative', ['X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE'], 1],
    ['out of office', ['X-MICROSOFT-CDO-INTENDEDSTATUS:OOF'], 3],
    ['working elsewhere', ['X-MICROSOFT-CDO-INTENDEDSTATUS:WORKINGELSEWHERE'], 4],
  ] as const)('that shows the time as %s [MS-ASEMAIL R265 R270]', async (_, lines, busy) => {
    expect((await meetingOf([...USUAL, ...lines], 161)).BusyStatus).toBe(busy);
    expect((await meetingOf([...USUAL, ...lines], 141)).BusyStatus).toBe(busy === 4 ? 0 : busy);
  });

  it.each([
    ['PUBLIC', 0],
    ['X-PERSONAL', 1],
    ['PRIVATE', 2],
    ['CONFIDENTIAL', 3],
    ['odd', 0],
  ])('of class %s has its sensitivity [MS-ASEMAIL R730]', async (name, expected) => {
    expect((await meetingOf([...USUAL, `CLASS:${name}`])).Sensitivity).toBe(expected);
  });

  it('asks for a response unless it says otherwise [MS-ASEMAIL R715 R716]', async () => {
    expect((await meetingOf(USUAL)).ResponseRequested).toBe(true);
    const silent = [...USUAL, 'ATTENDEE;RSVP=FALSE:mailto:kim@example.test'];
    expect((await meetingOf(silent)).ResponseRequested).toBe(false);
  });

  it('says whether another time may be proposed [MS-ASEMAIL R389 R390]', async () => {
    expect((await meetingOf(USUAL)).DisallowNewTimeProposal).toBe(false);
    expect((await meetingOf([...USUAL, 'X-MICROSOFT-DISALLOW-COUNTER:TRUE'])).DisallowNewTimeProposal).toBe(true);
  });

  it('is the first of its meeting, or an update [MS-ASEMAIL R528 R532 R535 R911]', async () => {
    expect((await meetingOf([...USUAL, 'SEQUENCE:0'])).MeetingMessageType).toBe(1);
    expect((await meetingOf([...USUAL, 'SEQUENCE:3'])).MeetingMessageType).toBe(2);
    expect((await meetingOf(USUAL, 140)).MeetingMessageType).toBeUndefined();
  });
});

describe('the calendar part of an invitation', () => {
  const googles = (to: string) => {
    const calendar =
      'BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:7\nDTSTART:20260720T070000Z\nEND:VEVENT\nEND:VCALENDAR\n';
    const alternative = `--o\nContent-Type: multipart/alternative; boundary=i\n\n--i\nContent-Type: text/plain\n\nHi\n--i\nContent-Type: text/calendar; method=REQUEST\n\n${calendar}\n--i--`;
    const head = `From: ada@sender.test\nTo: ${to}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=o\n\n`;
    const copy = (type: string) =>
      `${head}${alternative}\n--o\nContent-Type: ${type}; name=plan.ics\nContent-Disposition: attachment\n\n${calendar}\n--o--\n`;
    return { ics: copy('application/ics'), same: copy('text/calendar') };
  };

  it.each(VERSIONS)('can be fetched as a file, version %i', async (version) => {
    const person = await shared.person();
    await person.deliver(invitation(person.address, USUAL));
    const phone = await ready(person, { version });
    const [mail] = [...phone.inbox.items.values()];
    expect(mail!.MeetingRequest).toBeDefined();
    const shownFiles = mail!.Attachments?.Attachment ?? mail!.LegacyAttachments!.Attachment;
    expect(shownFiles).toMatchObject([{ DisplayName: 'invite.ics' }]);
    if (version < 120) return;
    const FileReference = mail!.Attachments!.Attachment![0]!.FileReference!;
    const fetch = { tag: 'Fetch' as const, value: { Store: 'Mailbox', FileReference: [FileReference] } };
    const { document } = await itemOperations(phone.client, [fetch]);
    const { Data } = fileOf(document!.Response!.Fetch![0]!, version);
    expect(Buffer.from(String(Data), 'base64').toString()).toContain('UID:42@sender.test');
  });

  it.each(['ics', 'same'] as const)('is one file where it came twice: %s', async (kind) => {
    const person = await shared.person();
    await person.deliver(googles(person.address)[kind].replaceAll('\n', '\r\n'));
    const phone = await ready(person);
    const [mail] = [...phone.inbox.items.values()];
    expect(mail!.MeetingRequest).toBeDefined();
    expect(mail!.Attachments!.Attachment).toMatchObject([{ DisplayName: 'plan.ics' }]);
  });
});

describe('a series', () => {
  const recurrence = async (rule: string, version: ProtocolVersion = 161) => {
    const meeting = await meetingOf([...USUAL, `RRULE:${rule}`], version);
    expect(meeting.InstanceType).toBe(1);
    return meeting.Recurrences!.Recurrence[0]!;
  };

  it.each([
    ['FREQ=DAILY;INTERVAL=2;COUNT=10', { Type: 0, Interval: 2, Occurrences: 10 }],
    ['FREQ=WEEKLY;BYDAY=MO,WE,FR;WKST=SU', { Type: 1, DayOfWeek: 42, FirstDayOfWeek: 0 }],
    ['FREQ=WEEKLY', { Type: 1, DayOfWeek: 2, FirstDayOfWeek: 1 }],
    ['FREQ=MONTHLY;BYMONTHDAY=15', { Type: 2, DayOfMonth: 15, CalendarType: 1 }],
    ['FREQ=MONTHLY;BYDAY=3TU', { Type: 3, DayOfWeek: 4, WeekOfMonth: 3, CalendarType: 1 }],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', { Type: 3, DayOfWeek: 62, WeekOfMonth: 5 }],
    ['FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=20', { Type: 5, DayOfMonth: 20, MonthOfYear: 7, CalendarType: 1 }],
    ['FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU', { Type: 6, DayOfWeek: 1, WeekOfMonth: 5, MonthOfYear: 10, CalendarType: 1 }],
  ])(
    'by %s is told as the protocol’s own [MS-ASEMAIL R291 R295 R369 R370 R375 R376 R377 R424 R491 R508 R509 R620 R792 R873]',
    async (rule, expected) => {
      expect(await recurrence(rule)).toMatchObject({ IsLeapMonth: 0, ...expected });
    },
  );

  it('ends when its rule says', async () => {
    expect(await recurrence('FREQ=DAILY;UNTIL=20260801T070000Z')).toMatchObject({ Until: Date.UTC(2026, 7, 1, 7) });
  });

  it('that the protocol cannot say is a single meeting', async () => {
    const meeting = await meetingOf([...USUAL, 'RRULE:FREQ=HOURLY;INTERVAL=3']);
    expect([meeting.InstanceType, meeting.Recurrences]).toEqual([0, undefined]);
  });

  it('has exceptions that say when they were to be [MS-ASEMAIL R935 R936 R679 R1493 R20003 R20005 R20007 R20009]', async () => {
    const exception = await meetingOf([...USUAL, 'RECURRENCE-ID;TZID=Europe/Berlin:20260719T090000']);
    expect(exception).toMatchObject({ InstanceType: 3, RecurrenceId: Date.UTC(2026, 6, 19, 7) });
    const id = Buffer.from(exception.GlobalObjId!, 'base64');
    expect([id.readUInt16BE(16), id[18], id[19]]).toEqual([2026, 7, 19]);
    expect((await meetingOf([...USUAL, 'RRULE:FREQ=DAILY'])).RecurrenceId).toBeUndefined();
  });
});

describe('other messages about meetings', () => {
  it.each([
    ['CANCEL', [], 'IPM.Schedule.Meeting.Canceled'],
    ['REPLY', ['ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.test'], 'IPM.Schedule.Meeting.Resp.Pos'],
    ['REPLY', ['ATTENDEE;PARTSTAT=TENTATIVE:mailto:bob@example.test'], 'IPM.Schedule.Meeting.Resp.Tent'],
    ['REPLY', ['ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.test'], 'IPM.Schedule.Meeting.Resp.Neg'],
  ] as const)('%s has its class and its meeting', async (method, lines, expected) => {
    const mail = await shown([...USUAL, ...lines], 141, method);
    expect(mail.MessageClass).toBe(expected);
    expect(mail.MeetingRequest).toMatchObject({ MeetingMessageType: 0, ResponseRequested: false });
  });

  it('a counter proposal says when, in 16.1', async () => {
    expect(await meetingOf(USUAL, 161, 'COUNTER')).toMatchObject({
      ProposedStartTime: Date.UTC(2026, 6, 20, 7),
      ProposedEndTime: Date.UTC(2026, 6, 20, 8),
    });
    expect((await meetingOf(USUAL, 160, 'COUNTER')).ProposedStartTime).toBeUndefined();
  });

  it('what is no calendar stays a mail, and shows its part', async () => {
    const person = await shared.person();
    await person.deliver(invitation(person.address, USUAL).replace('BEGIN:VEVENT', 'BEGIN:VTODO'));
    const phone = await ready(person);
    const [mail] = [...phone.inbox.items.values()];
    expect(mail!.MeetingRequest).toBeUndefined();
    expect(mail!.Attachments!.Attachment).toMatchObject([{ DisplayName: 'invite.ics' }]);
  });
});
