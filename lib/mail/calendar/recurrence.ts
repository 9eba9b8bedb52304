/** RRULE of RFC 5545 as the protocol's six kinds of recurrence, as far as they can say it. */
import type { LocalTime, StoredRecurrence } from './types.ts';

/** A rule as ical.js reads it: names in lower case, one value or several. */
export interface Rule {
  readonly freq?: string;
  readonly interval?: number;
  readonly count?: number;
  readonly byday?: string | readonly string[];
  readonly bymonthday?: number | readonly number[];
  readonly bymonth?: number | readonly number[];
  readonly bysetpos?: number | readonly number[];
  readonly byhour?: unknown;
  readonly byweekno?: unknown;
  readonly byyearday?: unknown;
  readonly wkst?: string | number;
}

const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

/** `undefined` for a rule that the protocol has no words for. `start` gives what the rule leaves out. */
export function recurrenceOf(rule: Rule, start: LocalTime, until: number | undefined): StoredRecurrence | undefined {
  if (rule.byhour !== undefined || rule.byweekno !== undefined || rule.byyearday !== undefined) return undefined;
  const kind = kindOf(rule, start);
  if (!kind) return undefined;
  const count = rule.count !== undefined && rule.count > 0 ? Math.min(rule.count, 999) : undefined;
  return {
    ...kind,
    interval: Math.min(Math.max(Math.trunc(rule.interval ?? 1), 1), 999),
    ...(until === undefined ? {} : { until }),
    ...(count === undefined || until !== undefined ? {} : { occurrences: count }),
    ...(kind.type === 1 ? { firstDayOfWeek: firstDay(rule.wkst) } : {}),
  };
}

type Kind = Pick<StoredRecurrence, 'type' | 'dayOfWeek' | 'dayOfMonth' | 'weekOfMonth' | 'monthOfYear'>;

function kindOf(rule: Rule, start: LocalTime): Kind | undefined {
  const days = list(rule.byday).map(parseDay);
  if (days.some((day) => day === undefined)) return undefined;
  const named = days as Day[];
  const own = { weekday: weekdayOf(start) };
  switch (rule.freq?.toUpperCase()) {
    case 'DAILY':
      // "Every weekday" is a rule of weeks in the protocol.
      return named.length > 0 ? { type: 1, dayOfWeek: maskOf(named) } : { type: 0 };
    case 'WEEKLY':
      return { type: 1, dayOfWeek: maskOf(named.length > 0 ? named : [own]) };
    case 'MONTHLY':
      return monthly(rule, named, start);
    case 'YEARLY': {
      const months = list(rule.bymonth);
      if (months.length > 1) return undefined;
      const kind = monthly(rule, named, start);
      return kind && { ...kind, type: kind.type === 2 ? 5 : 6, monthOfYear: months[0] ?? start.month };
    }
    default:
      return undefined;
  }
}

function monthly(rule: Rule, days: readonly Day[], start: LocalTime): (Kind & { readonly type: 2 | 3 }) | undefined {
  if (days.length === 0) {
    const [day = start.day, ...more] = list(rule.bymonthday);
    // The last day of the month is the last of all days of the week.
    if (day === -1 && more.length === 0) return { type: 3, dayOfWeek: 127, weekOfMonth: 5 };
    return day >= 1 && day <= 31 && more.length === 0 ? { type: 2, dayOfMonth: day } : undefined;
  }
  const places = new Set(days.map(({ nth }) => nth));
  const [nth = list(rule.bysetpos)[0]] = places;
  const weekOfMonth = nth === -1 ? 5 : nth;
  if (places.size > 1 || weekOfMonth === undefined || weekOfMonth < 1 || weekOfMonth > 5) return undefined;
  return { type: 3, dayOfWeek: maskOf(days), weekOfMonth };
}

interface Day {
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly nth?: number;
}

/** `MO`, `2TU`, `-1FR`. */
export function parseDay(text: string): Day | undefined {
  const [, nth, name] = /^([+-]?\d{1,2})?(SU|MO|TU|WE|TH|FR|SA)$/i.exec(text) ?? [];
  if (name === undefined) return undefined;
  const weekday = DAYS.indexOf(name.toUpperCase());
  return nth === undefined ? { weekday } : { weekday, nth: Number(nth) };
}

const maskOf = (days: readonly Day[]) =>
  [...new Set(days.map((day) => day.weekday))].reduce((sum, day) => sum + 2 ** day, 0);

export const weekdayOf = ({ year, month, day }: LocalTime) => new Date(Date.UTC(year, month - 1, day)).getUTCDay();

/** ical.js counts days from Sunday as 1. A week begins on Monday where nothing is said (RFC 5545 3.3.10). */
function firstDay(wkst: string | number | undefined): number {
  if (typeof wkst === 'number') return (wkst + 6) % 7;
  return Math.max(wkst === undefined ? 1 : DAYS.indexOf(wkst.toUpperCase()), 0);
}

export const list = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];
