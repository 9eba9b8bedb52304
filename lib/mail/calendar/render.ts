import type { Email } from '../../documents/items/email.ts';
import type { ProtocolVersion } from '../../protocol/versions.ts';
import { globalObjectId } from './global-object-id.ts';
import type { StoredMeeting, StoredRecurrence } from './types.ts';

type MeetingRequest = NonNullable<Email['MeetingRequest']>;

/** MS-ASEMAIL 2.2.2.48. Tags that a version does not have are left out by the codec. */
export function renderMeeting(meeting: StoredMeeting, version: ProtocolVersion): MeetingRequest {
  const { location, busy, recurrence, recurrenceId, uid } = meeting;
  return {
    AllDayEvent: meeting.allDay,
    StartTime: meeting.start,
    DtStamp: meeting.stamp,
    EndTime: meeting.end,
    InstanceType: meeting.instance,
    LegacyLocation: location,
    Location: version >= 160 && location !== undefined ? { DisplayName: location } : undefined,
    Organizer: meeting.organizer,
    RecurrenceId: recurrenceId,
    Reminder: meeting.reminder,
    ResponseRequested: meeting.responseRequested,
    Recurrences: recurrence && { Recurrence: [renderRecurrence(recurrence)] },
    Sensitivity: meeting.sensitivity,
    // R1150-R1154: nobody works elsewhere before 16.0; to be free is the nearest.
    BusyStatus: busy === 4 && version < 160 ? 0 : busy,
    TimeZone: meeting.timeZone,
    GlobalObjId: globalObjectId(uid, recurrenceId),
    DisallowNewTimeProposal: meeting.noCounter,
    MeetingMessageType: meeting.messageType,
    UID: version >= 160 ? uid : undefined,
    ProposedStartTime: meeting.proposedStart,
    ProposedEndTime: meeting.proposedEnd,
  };
}

/** MS-ASEMAIL R291: these kinds of recurrence say by which calendar they count; 1 is the Gregorian. */
const GREGORIAN = 1;
const BY_CALENDAR: ReadonlySet<number> = new Set([2, 3, 5, 6]);

function renderRecurrence(rule: StoredRecurrence) {
  return {
    Type: rule.type,
    Interval: rule.interval,
    Until: rule.until,
    Occurrences: rule.occurrences,
    WeekOfMonth: rule.weekOfMonth,
    DayOfMonth: rule.dayOfMonth,
    DayOfWeek: rule.dayOfWeek,
    MonthOfYear: rule.monthOfYear,
    CalendarType: BY_CALENDAR.has(rule.type) ? GREGORIAN : undefined,
    // R508: required in answers.
    IsLeapMonth: 0,
    FirstDayOfWeek: rule.firstDayOfWeek,
  };
}
