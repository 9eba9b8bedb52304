/** What a mail keeps of the calendar part that it came with. Times are epoch milliseconds. */
export interface StoredMeeting {
  readonly uid: string;
  readonly allDay: boolean;
  readonly start?: number;
  readonly end?: number;
  /** DTSTAMP. */
  readonly stamp: number;
  /** 0 single, 1 series, 3 exception of a series (MS-ASEMAIL 2.2.2.39). */
  readonly instance: 0 | 1 | 3;
  /** When the occurrence was to begin that this is about. */
  readonly recurrenceId?: number;
  readonly location?: string;
  /** `"Name" <address>`. */
  readonly organizer?: string;
  /** Seconds before the start. */
  readonly reminder?: number;
  readonly responseRequested: boolean;
  readonly recurrence?: StoredRecurrence;
  /** 0 normal, 1 personal, 2 private, 3 confidential. */
  readonly sensitivity: 0 | 1 | 2 | 3;
  /** 0 free, 1 tentative, 2 busy, 3 out of office, 4 working elsewhere. */
  readonly busy: 0 | 1 | 2 | 3 | 4;
  /** Base64 of the 172 bytes of MS-ASDTYPE 2.7.6. */
  readonly timeZone: string;
  readonly noCounter: boolean;
  /** 0 unspecified, 1 first request, 2 full update (MS-ASEMAIL 2.2.2.47). */
  readonly messageType: 0 | 1 | 2;
  /** Of a counter proposal. */
  readonly proposedStart?: number;
  readonly proposedEnd?: number;
}

/** A rule of recurrence as MS-ASEMAIL 2.2.2.60 writes it. */
export interface StoredRecurrence {
  /** 0 daily, 1 weekly, 2 monthly on a day, 3 monthly on the nth weekday, 5 and 6 the same yearly. */
  readonly type: 0 | 1 | 2 | 3 | 5 | 6;
  readonly interval: number;
  readonly until?: number;
  readonly occurrences?: number;
  /** 1 to 5; 5 is the last. */
  readonly weekOfMonth?: number;
  readonly dayOfMonth?: number;
  /** Sum of 1 (Sunday) to 64 (Saturday). */
  readonly dayOfWeek?: number;
  readonly monthOfYear?: number;
  /** 0 is Sunday. */
  readonly firstDayOfWeek?: number;
}

/** A time as a calendar writes it, before any zone says when that is. */
export interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** The same clock reading, as if it were in UTC. */
export const asUtc = ({ year, month, day, hour, minute, second }: LocalTime): number =>
  Date.UTC(year, month - 1, day, hour, minute, second);
