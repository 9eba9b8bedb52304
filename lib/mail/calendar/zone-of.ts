/** The zone that a calendar part means: its own VTIMEZONE, or the tz database's of that name. */
import { type CalendarTime, type Component, timeOf } from './component.ts';
import { list, parseDay, type Rule } from './recurrence.ts';
import type { LocalTime } from './types.ts';
import { asUtc } from './types.ts';
import { namedZone, type Transition, transitionOn, UTC, type Zone } from './zone.ts';

/** A time without a zone, or in one that nobody knows, is taken for UTC. */
export function zoneOf(time: CalendarTime, calendar: Component): Zone {
  const { zone: name, local, utc } = time;
  if (utc || name === undefined) return UTC;
  const described = calendar.all('vtimezone').find((one) => one.text('tzid') === name);
  const own = described && describedZone(described, name, local);
  // Apple's descriptions end with the last change that its system knew: then the name says more.
  if (own?.complete) return own.zone;
  return namedZone(name, local.year) ?? own?.zone ?? { ...UTC, name };
}

interface Observance {
  readonly kind: 'standard' | 'daylight';
  readonly start: LocalTime;
  /** Minutes to add to UTC. */
  readonly offset: number;
  readonly rule?: Rule;
}

function describedZone(
  zone: Component,
  name: string,
  at: LocalTime,
): { readonly zone: Zone; readonly complete: boolean } | undefined {
  const all = (['standard', 'daylight'] as const).flatMap((kind) =>
    zone.all(kind).flatMap((one): Observance[] => {
      const start = one.property('dtstart')?.time?.local;
      const offset = offsetOf(one.text('tzoffsetto'));
      if (!start || offset === undefined) return [];
      const rule = one.property('rrule')?.value as Rule | undefined;
      return [{ kind, start, offset, ...(rule && { rule }) }];
    }),
  );
  const standard = inForce(all, 'standard', at);
  const daylight = inForce(all, 'daylight', at);
  const fallback = standard ?? daylight;
  if (!fallback) return undefined;
  if (!standard || !daylight || !recurs(standard, at) || !recurs(daylight, at)) {
    const complete = all.length === 1 || (!recurs(daylight, at) && standard !== undefined && recurs(standard, at));
    return { zone: { name, standard: fallback.offset }, complete };
  }
  const summer = { offset: daylight.offset, begins: transitionOf(daylight), ends: transitionOf(standard) };
  // Ireland's winter is its daylight time, with an offset below that of summer.
  return { zone: { name, standard: standard.offset, daylight: summer }, complete: true };
}

/** The newest that had begun by then; the oldest where none had. */
function inForce(all: readonly Observance[], kind: Observance['kind'], at: LocalTime): Observance | undefined {
  const sorted = all.filter((one) => one.kind === kind).sort((a, b) => asUtc(b.start) - asUtc(a.start));
  return sorted.find(({ start }) => asUtc(start) <= asUtc(at)) ?? sorted.at(-1);
}

function recurs(observance: Observance | undefined, at: LocalTime): boolean {
  const rule = observance?.rule as (Rule & { readonly until?: string }) | undefined;
  if (rule?.freq?.toUpperCase() !== 'YEARLY') return false;
  const until = timeOf(rule.until);
  return until === undefined || until.local.year >= at.year;
}

/** From BYMONTH and BYDAY; where a rule says it otherwise, from the day on which it began. */
function transitionOf({ start, rule }: Observance): Transition {
  const began = transitionOn(start);
  const [day] = list(rule?.byday).map(parseDay);
  const month = list(rule?.bymonth)[0] ?? began.month;
  if (day?.nth === undefined || day.nth < -1 || day.nth === 0 || day.nth > 5) return { ...began, month };
  return { ...began, month, weekday: day.weekday, week: day.nth === -1 ? 5 : day.nth };
}

/** `+01:00`, as jCal writes it. */
function offsetOf(text: string | undefined): number | undefined {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)/.exec(text ?? '') ?? [];
  return sign === undefined ? undefined : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
