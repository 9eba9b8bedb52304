/** The meeting of a mail with a calendar part. */
import { formatAddress } from '../addresses.ts';
import { cleanLine, cleanText, cutUtf8 } from '../text.ts';
import {
  type CalendarTime,
  type Component,
  durationMs,
  mainEvent,
  type Property,
  parseCalendar,
  timeOf,
} from './component.ts';
import { type Rule, recurrenceOf } from './recurrence.ts';
import type { StoredMeeting, StoredRecurrence } from './types.ts';
import { toUtc, type Zone, zoneStructure } from './zone.ts';
import { zoneOf } from './zone-of.ts';

export interface ParsedMeeting {
  readonly meeting: StoredMeeting;
  /** What the organiser wrote, for a message without a body of its own. */
  readonly description?: string;
}

const DAY = 86_400_000;
const MAX_UID_CHARS = 1024;
const MAX_LOCATION_BYTES = 4096;
const MAX_DESCRIPTION_BYTES = 64 * 1024;

/** `undefined` where the part is no calendar, or has no event. `fallback` stands in for what a broken one leaves out. */
export function readMeeting(
  text: string,
  fallback: { readonly uid: string; readonly received: number },
): ParsedMeeting | undefined {
  const calendar = parseCalendar(text);
  const event = calendar && mainEvent(calendar);
  if (!calendar || !event) return undefined;
  const method = calendar.text('method')?.toUpperCase() ?? '';
  const description = cutUtf8(cleanText(event.text('description') ?? ''), MAX_DESCRIPTION_BYTES);
  return {
    meeting: defined(meetingOf(event, calendar, method, fallback)),
    ...(description.trim() === '' ? {} : { description }),
  };
}

function meetingOf(
  event: Component,
  calendar: Component,
  method: string,
  fallback: { readonly uid: string; readonly received: number },
): StoredMeeting {
  const starts = event.property('dtstart')?.time;
  const zone = starts && zoneOf(starts, calendar);
  const at = (time: CalendarTime | undefined) => time && toUtc(time.local, zoneOf(time, calendar));
  const start = starts && zone && toUtc(starts.local, zone);
  const end = start === undefined ? undefined : endOf(event, start, starts?.isDate === true, at);
  const recurrence = starts && zone && recurrenceIn(event, starts, zone);
  const recurrenceId = at(event.property('recurrence-id')?.time);
  const counter = method === 'COUNTER';
  return {
    uid: cleanLine(event.text('uid') ?? '').slice(0, MAX_UID_CHARS) || fallback.uid,
    allDay: starts?.isDate === true || isTrue(event.text('x-microsoft-cdo-alldayevent')),
    start,
    end,
    stamp: at(event.property('dtstamp')?.time) ?? fallback.received,
    instance: recurrenceId !== undefined ? 3 : recurrence ? 1 : 0,
    recurrenceId,
    location: cutUtf8(cleanLine(event.text('location') ?? ''), MAX_LOCATION_BYTES) || undefined,
    organizer: organizerOf(event.property('organizer')),
    reminder: reminderOf(event),
    responseRequested: method === 'REQUEST' && asksForResponse(event),
    recurrence: recurrenceId === undefined ? recurrence : undefined,
    sensitivity: SENSITIVITY[event.text('class')?.toUpperCase() ?? ''] ?? 0,
    busy: busyOf(event),
    timeZone: zoneStructure(zone ?? { name: 'UTC', standard: 0 }),
    noCounter: isTrue(event.text('x-microsoft-disallow-counter')),
    messageType: method !== 'REQUEST' ? 0 : Number(event.text('sequence') ?? 0) > 0 ? 2 : 1,
    proposedStart: counter ? start : undefined,
    proposedEnd: counter ? end : undefined,
  };
}

const isTrue = (text: string | undefined) => text?.toUpperCase() === 'TRUE';

function endOf(
  event: Component,
  start: number,
  wholeDay: boolean,
  at: (time: CalendarTime | undefined) => number | undefined,
): number {
  const duration = durationMs(event.text('duration'));
  const end = at(event.property('dtend')?.time) ?? start + (duration ?? (wholeDay ? DAY : 0));
  return Math.max(end, start);
}

function recurrenceIn(event: Component, starts: CalendarTime, zone: Zone): StoredRecurrence | undefined {
  const rule = event.property('rrule')?.value as (Rule & { readonly until?: string }) | undefined;
  if (!rule) return undefined;
  const until = timeOf(rule.until);
  return recurrenceOf(
    rule,
    starts.local,
    until && (until.utc ? toUtc(until.local, UTC_ZONE) : toUtc(until.local, zone)),
  );
}

const UTC_ZONE: Zone = { name: 'UTC', standard: 0 };

function organizerOf(property: Property | undefined): string | undefined {
  const address = cleanLine((property?.text ?? '').replace(/^mailto:/i, ''));
  const name = cleanLine(property?.parameter('cn') ?? '');
  return cutUtf8(formatAddress({ name, address }), 2048) || undefined;
}

/** The first alarm that counts from the start. */
function reminderOf(event: Component): number | undefined {
  for (const alarm of event.all('valarm')) {
    const trigger = alarm.property('trigger');
    const before = trigger?.parameter('related')?.toUpperCase() === 'END' ? undefined : durationMs(trigger?.text);
    if (before !== undefined && before <= 0) return Math.abs(before) / 1000;
  }
  return undefined;
}

/** Only who says so expects none: many calendars leave RSVP out of requests that they want answered. */
function asksForResponse(event: Component): boolean {
  const wishes = event.properties('attendee').map((one) => one.parameter('rsvp')?.toUpperCase());
  return wishes.length === 0 || wishes.some((wish) => wish !== 'FALSE');
}

const SENSITIVITY: Readonly<Record<string, 0 | 1 | 2 | 3>> = {
  PUBLIC: 0,
  'X-PERSONAL': 1,
  PRIVATE: 2,
  CONFIDENTIAL: 3,
};
const BUSY: Readonly<Record<string, StoredMeeting['busy']>> = {
  FREE: 0,
  TENTATIVE: 1,
  BUSY: 2,
  OOF: 3,
  WORKINGELSEWHERE: 4,
};

function busyOf(event: Component): StoredMeeting['busy'] {
  const status = event.text('x-microsoft-cdo-intendedstatus') ?? event.text('x-microsoft-cdo-busystatus');
  const known = BUSY[status?.toUpperCase() ?? ''];
  return known ?? (event.text('transp')?.toUpperCase() === 'TRANSPARENT' ? 0 : 2);
}

/** Rows hold no `undefined`. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
