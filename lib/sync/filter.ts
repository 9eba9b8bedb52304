import type { ItemClass } from '../mailbox/types.ts';
import { type ItemId, SMS_IDS, smsId, ulidTime } from '../ops/ids.ts';
import { BOTTOM } from './ranges.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Days back, by FilterType (MS-ASCMD 2.2.3.68.2). 0 is everything, 8 incomplete tasks. */
const DAYS: Readonly<Record<number, number>> = { 1: 1, 2: 3, 3: 7, 4: 14, 5: 31, 6: 92, 7: 183 };

const ALLOWED: Readonly<Partial<Record<ItemClass, readonly number[]>>> = {
  Email: [0, 1, 2, 3, 4, 5],
  SMS: [0, 1, 2, 3, 4, 5],
  Calendar: [0, 4, 5, 6, 7],
  Tasks: [0, 8],
};

/**
 * Whether the class knows this FilterType. Contacts and Notes ignore whatever they are given (MS-ASCMD R3078), but
 * 9 and above is no value of the element for any class.
 */
export function filterAllowed(itemClass: ItemClass, filterType: number): boolean {
  if (!Number.isInteger(filterType) || filterType < 0 || filterType > 8) return false;
  return ALLOWED[itemClass]?.includes(filterType) ?? true;
}

/**
 * The first id inside the filter for classes whose ids are made from their dates. It moves once an hour, downwards:
 * a window that is up to an hour wider than asked for spares a look for leaving items at every Sync.
 */
export function cutOff(filterType: number, now: number): string {
  const days = DAYS[filterType];
  if (days === undefined) return BOTTOM;
  return ulidTime(Math.floor((now - days * DAY) / HOUR) * HOUR);
}

/** The same for text messages, whose ids are in a range of their own. */
export function smsCutOff(filterType: number, now: number): string {
  const first = cutOff(filterType, now);
  return first === BOTTOM ? SMS_IDS.from : smsId(first as ItemId);
}

/**
 * The cut-off to aim at. While the FilterType stays the same a clock that steps back a little does not move it back:
 * items would come again that just left. A clock that was far ahead is believed when it is set right.
 */
export function nextGoal(
  current: { readonly goal: string; readonly filterType: number },
  filterType: number,
  now: number,
  cut: (filterType: number, now: number) => string = cutOff,
): string {
  const goal = cut(filterType, now);
  if (filterType !== current.filterType || goal >= current.goal) return goal;
  return cut(filterType, now + 3 * HOUR) < current.goal ? goal : current.goal;
}
