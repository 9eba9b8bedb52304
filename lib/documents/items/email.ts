import {
  bool,
  compactDateTime,
  container,
  dateTime,
  flag,
  type Infer,
  int,
  item,
  named,
  opaque,
  optional,
  repeated,
  sensitive,
  text,
  within,
} from '../../wbxml/schema.ts';
import { Attachments, Body, BodyPart, Location } from '../airsyncbase.ts';
import { RightsManagementLicense } from '../rights-management.ts';

const recurrence = container('Email', {
  Type: int(),
  Interval: int(),
  Until: optional(compactDateTime()),
  Occurrences: optional(int()),
  WeekOfMonth: optional(int()),
  DayOfMonth: optional(int()),
  DayOfWeek: optional(int()),
  MonthOfYear: optional(int()),
  CalendarType: within('Email2', optional(int())),
  IsLeapMonth: within('Email2', optional(int())),
  FirstDayOfWeek: within('Email2', optional(int())),
});

/** MS-ASEMAIL 2.2.2.48: an invitation inside of a mail. */
const meetingRequest = container('Email', {
  AllDayEvent: optional(bool()),
  StartTime: optional(dateTime()),
  DtStamp: dateTime(),
  EndTime: optional(dateTime()),
  InstanceType: optional(int()),
  /** Plain text up to 14.1; a place from 16.0 on. */
  LegacyLocation: optional(named('Location', sensitive(text()))),
  Location: optional(within('AirSyncBase', Location)),
  Organizer: optional(sensitive(text())),
  RecurrenceId: optional(dateTime()),
  Reminder: optional(int()),
  ResponseRequested: optional(bool()),
  Recurrences: optional(container('Email', { Recurrence: repeated(recurrence, 1) })),
  Sensitivity: optional(int()),
  BusyStatus: optional(int()),
  /** Base64 of a TIME_ZONE_INFORMATION. */
  TimeZone: text(),
  /** Base64; the UID takes its place from 16.0 on. */
  GlobalObjId: optional(text()),
  DisallowNewTimeProposal: optional(bool()),
  MeetingMessageType: within('Email2', optional(int())),
  UID: within('Calendar', optional(text())),
  ProposedStartTime: within('MeetingResponse', optional(compactDateTime())),
  ProposedEndTime: within('MeetingResponse', optional(compactDateTime())),
  Forwardees: within(
    'ComposeMail',
    optional(
      container('ComposeMail', {
        Forwardee: repeated(container('ComposeMail', { Name: optional(sensitive(text())), Email: sensitive(text()) })),
      }),
    ),
  ),
});

/** MS-ASEMAIL 2.2.2.34. An empty Flag clears the flag; times without "Utc" are of the user's own zone. */
const followUp = container('Email', {
  Subject: within('Tasks', optional(sensitive(text()))),
  Status: optional(int()),
  FlagType: optional(text()),
  DateCompleted: within('Tasks', optional(dateTime())),
  CompleteTime: optional(dateTime()),
  StartDate: within('Tasks', optional(dateTime())),
  DueDate: within('Tasks', optional(dateTime())),
  UtcStartDate: within('Tasks', optional(dateTime())),
  UtcDueDate: within('Tasks', optional(dateTime())),
  ReminderSet: within('Tasks', optional(bool())),
  ReminderTime: within('Tasks', optional(dateTime())),
  OrdinalDate: within('Tasks', optional(dateTime())),
  SubOrdinalDate: within('Tasks', optional(text())),
});

/** MS-ASEMAIL 2.2.2.3: an attachment in 2.5; GetAttachment takes its AttName. */
const legacyAttachment = container('Email', {
  AttMethod: optional(int()),
  AttSize: optional(int()),
  DisplayName: optional(sensitive(text())),
  AttName: text(),
});

/** MS-ASEMAIL 2.2.1: a message, as the server shows it and as a client changes it. */
export const Email = item('Email', {
  To: optional(sensitive(text())),
  Cc: optional(sensitive(text())),
  From: optional(sensitive(text())),
  Subject: optional(sensitive(text())),
  ReplyTo: optional(sensitive(text())),
  DateReceived: optional(dateTime()),
  DisplayTo: optional(sensitive(text())),
  ThreadTopic: optional(sensitive(text())),
  Importance: optional(int()),
  Read: optional(bool()),
  /** 2.5 has attachments and body in this namespace; the tags end with it. */
  LegacyAttachments: named('Attachments', optional(container('Email', { Attachment: repeated(legacyAttachment, 1) }))),
  BodyTruncated: optional(bool()),
  BodySize: optional(int()),
  LegacyBody: named('Body', optional(sensitive(text()))),
  MIMETruncated: optional(bool()),
  MIMESize: optional(int()),
  MIMEData: optional(sensitive(text())),
  Attachments: within('AirSyncBase', optional(Attachments)),
  Body: within('AirSyncBase', optional(Body)),
  BodyPart: within('AirSyncBase', optional(BodyPart)),
  MessageClass: optional(text()),
  MeetingRequest: optional(meetingRequest),
  InternetCPID: optional(text()),
  Flag: optional(followUp),
  ContentClass: optional(text()),
  NativeBodyType: within('AirSyncBase', optional(int())),
  UmCallerID: within('Email2', optional(sensitive(text()))),
  UmUserNotes: within('Email2', optional(sensitive(text()))),
  ConversationId: within('Email2', optional(opaque())),
  ConversationIndex: within('Email2', optional(opaque())),
  LastVerbExecuted: within('Email2', optional(int())),
  LastVerbExecutionTime: within('Email2', optional(dateTime())),
  ReceivedAsBcc: within('Email2', optional(bool())),
  Sender: within('Email2', optional(sensitive(text()))),
  AccountId: within('Email2', optional(text())),
  Bcc: within('Email2', optional(sensitive(text()))),
  IsDraft: within('Email2', optional(bool())),
  Send: within('Email2', flag()),
  RightsManagementLicense: within('RightsManagement', optional(RightsManagementLicense)),
  Categories: optional(container('Email', { Category: repeated(sensitive(text()), 0, 300) })),
});
export type Email = Infer<typeof Email>;
