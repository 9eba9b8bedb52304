import { parseDate } from '../../wbxml/date.ts';

/** What an Availability asks for: epoch milliseconds. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

const HALF_HOUR_MS = 1_800_000;
const DAY_MS = 86_400_000;
/** R2265. */
const DEFAULT_MS = 7 * DAY_MS;
/** R5175. */
const LONGEST_MS = 42 * DAY_MS;

/** `undefined` for times that are none, an end before half an hour is over, or more than 42 days (R2264, R2266, R3986). */
export function parseInterval(from: string, to: string | undefined): Interval | undefined {
  const start = parseDate(from.trim());
  const end = to === undefined ? start && start + DEFAULT_MS : parseDate(to.trim());
  if (start === undefined || end === undefined) return undefined;
  return end - start < HALF_HOUR_MS || end - start > LONGEST_MS ? undefined : { start, end };
}

/** Free and busy times of somebody: a digit for each half hour that begins in the interval (R3319, R3329). */
export type FreeBusy = (interval: Interval) => Promise<string>;

/** Nobody's calendar is known: "no data" for each half hour. */
export const NO_DATA: FreeBusy = async ({ start, end }) => '4'.repeat(Math.ceil((end - start) / HALF_HOUR_MS));
