/** Time zones with at most two offsets a year: all that the protocol's structure can say. */
import type { LocalTime } from './types.ts';
import { asUtc } from './types.ts';

/** The nth weekday of a month at a time of day, in the local time that ends there. */
export interface Transition {
  /** 1 to 12. */
  readonly month: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 1 to 5; 5 is the last. */
  readonly week: number;
  readonly hour: number;
  readonly minute: number;
}

export interface Zone {
  readonly name: string;
  /** Minutes to add to UTC in winter. */
  readonly standard: number;
  /** The same in summer, with the days on which they begin. */
  readonly daylight?: { readonly offset: number; readonly begins: Transition; readonly ends: Transition };
}

export const UTC: Zone = { name: 'UTC', standard: 0 };

const MINUTE = 60_000;
const DAY = 86_400_000;
const STRUCTURE_BYTES = 172;
const NAME_CHARS = 31;

/** When the local time of a zone is. A time that a change of clocks skips is read with the offset before it. */
export function toUtc(local: LocalTime, zone: Zone): number {
  const reading = asUtc(local);
  return reading - offsetAt(reading, local.year, zone) * MINUTE;
}

function offsetAt(reading: number, year: number, { standard, daylight }: Zone): number {
  if (!daylight) return standard;
  const begins = readingOf(daylight.begins, year);
  const ends = readingOf(daylight.ends, year);
  // South of the equator summer spans the new year.
  const summer = begins < ends ? reading >= begins && reading < ends : reading >= begins || reading < ends;
  return summer ? daylight.offset : standard;
}

function readingOf({ month, weekday, week, hour, minute }: Transition, year: number): number {
  const first = Date.UTC(year, month - 1, 1);
  const toWeekday = (weekday - new Date(first).getUTCDay() + 7) % 7;
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  let day = 1 + toWeekday + (week - 1) * 7;
  while (day > days) day -= 7;
  return Date.UTC(year, month - 1, day, hour, minute);
}

/** The transition that falls on a given day: its week is the last where no such weekday follows in the month. */
export function transitionOn({ year, month, day, hour, minute }: LocalTime): Transition {
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return { month, weekday, week: day + 7 > days ? 5 : Math.ceil(day / 7), hour, minute };
}

/** Base64 of a TIME_ZONE_INFORMATION (MS-ASDTYPE 2.7.6): biases are minutes to add to local time. */
export function zoneStructure({ name, standard, daylight }: Zone): string {
  const bytes = Buffer.alloc(STRUCTURE_BYTES);
  bytes.writeInt32LE(-standard, 0);
  bytes.write(name.slice(0, NAME_CHARS), 4, 'utf16le');
  bytes.write(name.slice(0, NAME_CHARS), 88, 'utf16le');
  if (daylight) {
    writeDate(bytes, 68, daylight.ends);
    writeDate(bytes, 152, daylight.begins);
    bytes.writeInt32LE(standard - daylight.offset, 168);
  }
  return bytes.toString('base64');
}

/** SYSTEMTIME with year 0: a day of every year. */
function writeDate(bytes: Buffer, at: number, { month, weekday, week, hour, minute }: Transition): void {
  bytes.writeUInt16LE(month, at + 2);
  bytes.writeUInt16LE(weekday, at + 4);
  bytes.writeUInt16LE(week, at + 6);
  bytes.writeUInt16LE(hour, at + 8);
  bytes.writeUInt16LE(minute, at + 10);
}

/** A zone of the tz database as it is in one year; `undefined` for a name that it does not have. */
export function namedZone(name: string, year: number): Zone | undefined {
  const format = formatOf(name);
  if (!format) return undefined;
  const start = Date.UTC(year, 0, 1);
  const offsets = Array.from({ length: 367 }, (_, day) => offsetOf(format, start + day * DAY));
  const changes = offsets.flatMap((offset, day) => (day > 0 && offset !== offsets[day - 1] ? [day] : []));
  if (changes.length !== 2) return { name, standard: offsets.at(-1)! };
  const [first, second] = changes.map((day) => changeWithin(format, start + (day - 1) * DAY, offsets[day - 1]!));
  const [up, down] = first!.offset > first!.before ? [first!, second!] : [second!, first!];
  return {
    name,
    standard: down.offset,
    daylight: { offset: up.offset, begins: transitionOn(up.local), ends: transitionOn(down.local) },
  };
}

function formatOf(name: string): Intl.DateTimeFormat | undefined {
  if (!/^[A-Za-z][\w+/-]{1,60}$/.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
}

function offsetOf(format: Intl.DateTimeFormat, at: number): number {
  const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** The minute of a change within the day after `from`, read on the clock that it ends. */
function changeWithin(format: Intl.DateTimeFormat, from: number, before: number) {
  let low = 0;
  let high = DAY / MINUTE;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (offsetOf(format, from + middle * MINUTE) === before) low = middle;
    else high = middle;
  }
  const at = from + high * MINUTE;
  const reading = new Date(at + before * MINUTE);
  const local: LocalTime = {
    year: reading.getUTCFullYear(),
    month: reading.getUTCMonth() + 1,
    day: reading.getUTCDate(),
    hour: reading.getUTCHours(),
    minute: reading.getUTCMinutes(),
    second: 0,
  };
  return { offset: offsetOf(format, at), before, local };
}
