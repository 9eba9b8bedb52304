/** What is read of iCalendar, through ical.js: components, and properties as their jCal text (RFC 7265). */
import ICAL from 'ical.js';
import type { LocalTime } from './types.ts';

/** A calendar of more characters is an archive, not an invitation. */
const MAX_CHARS = 256 * 1024;

/** `undefined` for what is no calendar, or none that ical.js reads. */
export function parseCalendar(text: string): Component | undefined {
  if (text.length > MAX_CHARS) return undefined;
  try {
    // Several calendars in one part: the first.
    const parsed = ICAL.parse(text) as unknown as JCal | readonly JCal[];
    const root = (typeof parsed[0] === 'string' ? parsed : parsed[0]) as JCal | undefined;
    return root?.[0] === 'vcalendar' ? new Component(root) : undefined;
  } catch {
    return undefined;
  }
}

/** The event that a calendar is about: a series comes with its exceptions behind it. */
export function mainEvent(calendar: Component): Component | undefined {
  const events = calendar.all('vevent');
  return events.find((one) => one.property('recurrence-id') === undefined) ?? events[0];
}

/** Folded, with CRLF. A lone CR of a value would be a line end to some readers. */
export function formatCalendar(calendar: JCal): string {
  return `${ICAL.stringify(calendar as never)
    .replace(/\r(?!\n)/g, ' ')
    .trimEnd()}\r\n`;
}

export type JCal = readonly [name: string, properties: readonly JCalProperty[], components: readonly JCal[]];
export type JCalProperty = readonly [
  name: string,
  parameters: Readonly<Record<string, string | string[]>>,
  type: string,
  ...values: unknown[],
];

export class Component {
  readonly #jCal: JCal;

  constructor(jCal: JCal) {
    this.#jCal = jCal;
  }

  get jCal(): JCal {
    return this.#jCal;
  }

  all(name: string): readonly Component[] {
    return this.#jCal[2].filter(([each]) => each === name).map((each) => new Component(each));
  }

  properties(name: string): readonly Property[] {
    return this.#jCal[1].filter(([each]) => each === name).map((each) => new Property(each));
  }

  property(name: string): Property | undefined {
    return this.properties(name)[0];
  }

  /** The text of the first property of this name. */
  text(name: string): string | undefined {
    return this.property(name)?.text;
  }
}

export class Property {
  readonly #jCal: JCalProperty;

  constructor(jCal: JCalProperty) {
    this.#jCal = jCal;
  }

  get jCal(): JCalProperty {
    return this.#jCal;
  }

  get value(): unknown {
    return this.#jCal[3];
  }

  get text(): string | undefined {
    const { value } = this;
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
  }

  parameter(name: string): string | undefined {
    const value = this.#jCal[1][name];
    return typeof value === 'string' ? value : value?.[0];
  }

  /** A date or a date-time, and the zone that it is told in. */
  get time(): CalendarTime | undefined {
    return timeOf(this.text, this.parameter('tzid'));
  }
}

export interface CalendarTime {
  readonly local: LocalTime;
  /** A day, without a time. */
  readonly isDate: boolean;
  readonly utc: boolean;
  readonly zone?: string;
}

export function timeOf(text: string | undefined, zone?: string): CalendarTime | undefined {
  const [, year, month, day, hour, minute, second, utc] =
    /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(Z)?)?$/.exec(text ?? '') ?? [];
  if (year === undefined) return undefined;
  const local: LocalTime = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
  };
  if (local.month < 1 || local.month > 12 || local.day < 1 || local.day > 31 || local.hour > 24) return undefined;
  return { local, isDate: hour === undefined, utc: utc !== undefined, ...(zone === undefined ? {} : { zone }) };
}

/** Milliseconds of `PT15M`, `-P1D`, `P1DT2H`; `undefined` for anything else. */
export function durationMs(text: string | undefined): number | undefined {
  const match = /^([+-])?P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$/.exec(
    text ?? '',
  );
  if (!match || match[0].endsWith('P')) return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(2).map((part) => Number(part ?? 0));
  const total = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds;
  return (match[1] === '-' ? -1000 : 1000) * total;
}
