const FORM = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(?:\.(\d{1,7}))?Z$/;
const DAY = 86_400_000;
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Reads both forms, with or without a fraction of a second; undefined for anything else. */
export function parseDate(value: string): number | undefined {
  const match = FORM.exec(value);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const fraction = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // 31 February moves on into March: such a date is none.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.getTime() + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction;
}

let dayKnown = Number.NaN;
let dayText = '';
let dayCompact = '';

/** `2026-01-15T12:00:00.000Z`. Throws RangeError for what is not in the years 0 to 9999. */
export function formatDate(time: number): string {
  const rest = splitDay(time);
  return `${dayText}T${clock(rest, ':')}.${three(rest % 1000)}Z`;
}

/** `20260115T120000Z`. */
export function formatCompactDate(time: number): string {
  const rest = splitDay(time);
  return `${dayCompact}T${clock(rest, '')}Z`;
}

/** Mail of one window is of few days, so the calendar is asked once for each run of a day. */
function splitDay(time: number): number {
  if (!(time >= -62_167_219_200_000 && time <= LAST)) throw new RangeError('Not a date');
  const whole = Math.trunc(time);
  const day = Math.floor(whole / DAY);
  if (day !== dayKnown) {
    dayText = new Date(day * DAY).toISOString().slice(0, 10);
    dayCompact = dayText.replaceAll('-', '');
    dayKnown = day;
  }
  return whole - day * DAY;
}

function clock(rest: number, separator: string): string {
  const seconds = Math.floor(rest / 1000);
  return (
    two(Math.floor(seconds / 3600)) + separator + two(Math.floor(seconds / 60) % 60) + separator + two(seconds % 60)
  );
}

const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);
const three = (n: number): string => (n < 10 ? `00${n}` : n < 100 ? `0${n}` : `${n}`);
