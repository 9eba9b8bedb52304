import type { Account } from '../../identity/types.ts';
import { StoreConflict, StoreUnavailable } from '../../store/ports.ts';
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
/** R4294, R4626: of a larger group it would say nothing. */
const LARGEST_GROUP = 20;
/** R4622: of so many of one request times are told. */
export const MAX_AVAILABILITIES = 100;

/** Of the Availability element (MS-ASCMD 2.2.3.177.12). */
export const Status = { Success: 1, TooMany: 160, LargeGroup: 161, Temporary: 162, NotFound: 163 } as const;

export interface ToldAvailability {
  readonly Status: number;
  readonly MergedFreeBusy?: string;
}

/** `undefined` for times that are none, an end before half an hour is over, or more than 42 days (R2264, R2266, R3986). */
export function parseInterval(from: string, to: string | undefined): Interval | undefined {
  const start = parseDate(from.trim());
  const end = to === undefined ? start && start + DEFAULT_MS : parseDate(to.trim());
  if (start === undefined || end === undefined) return undefined;
  return end - start < HALF_HOUR_MS || end - start > LONGEST_MS ? undefined : { start, end };
}

/** Free and busy times of somebody: a digit for each half hour that begins in the interval (R3319, R3329). */
export type FreeBusy = (interval: Interval) => Promise<string>;

const slots = ({ start, end }: Interval) => Math.ceil((end - start) / HALF_HOUR_MS);

/** Nobody's calendar is known: "no data" for each half hour. */
export const NO_DATA: FreeBusy = async (interval) => '4'.repeat(slots(interval));

/**
 * Of one recipient: somebody, or a group whose members become one string (R4625). `strangers` are members whose
 * calendars are elsewhere: nobody knows them.
 */
export async function availabilityOf(
  freeBusy: (account: Account) => FreeBusy,
  { accounts, strangers }: { readonly accounts: readonly Account[]; readonly strangers: number },
  interval: Interval,
  place: number,
): Promise<ToldAvailability> {
  if (place >= MAX_AVAILABILITIES) return { Status: Status.TooMany };
  if (accounts.length + strangers > LARGEST_GROUP) return { Status: Status.LargeGroup };
  try {
    const all = [strangers > 0 ? NO_DATA : undefined, ...accounts.map(freeBusy)].filter((one) => one !== undefined);
    if (all.length === 0) return { Status: Status.NotFound };
    const told = await Promise.all(all.map((one) => one(interval)));
    return { Status: Status.Success, MergedFreeBusy: merged(told, slots(interval)) };
  } catch (error) {
    const passing = error instanceof StoreUnavailable || error instanceof StoreConflict;
    return { Status: passing ? Status.Temporary : Status.NotFound };
  }
}

/** The higher digit wins, half hour by half hour (R3327). */
function merged(all: readonly string[], length: number): string {
  let digits = '';
  for (let at = 0; at < length; at++) {
    digits += all.reduce((most, one) => ((one[at] ?? '4') > most ? (one[at] ?? '4') : most), '0');
  }
  return digits;
}
