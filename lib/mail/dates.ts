import type { Headers } from './headers.ts';

/** Before this no mail was sent over the internet as we know it: a clock that was never set. */
const OLDEST = Date.UTC(1982, 0, 1);

/** Epoch milliseconds, or `undefined` for what is no date, or a date before mail. */
export function parseDate(value: string | undefined): number | undefined {
  if (!value) return undefined;
  // A comment in brackets after the zone, "(CEST)", is common; V8 reads it, but not when it is left open.
  const time = Date.parse(
    value
      .slice(0, 100)
      .replace(/\([^)]*\)?/g, ' ')
      .trim(),
  );
  return Number.isFinite(time) && time >= OLDEST ? time : undefined;
}

/** What time it is, and what to call a message that does not say when it came. */
export interface Dating {
  /** Epoch milliseconds; no date of a message is believed to be later. */
  readonly now: number;
  /** For a message with no date, an absurd one, or one in the future. `now` by default. */
  readonly undated?: number;
}

/**
 * When the message arrived: the date of the newest Received field, which the last server wrote, then the sender's
 * Date. Never after `now`: an item from the future would stay on top for ever.
 */
export function receivedDate(headers: Headers, dating: Dating): number {
  const trace = headers.get('received');
  const stamp = trace === undefined ? undefined : parseDate(trace.slice(trace.lastIndexOf(';') + 1));
  return past(stamp, dating) ?? sentDate(headers, dating) ?? undatedOf(dating);
}

/** The sender's Date, unless it lies in the future. */
export function sentDate(headers: Headers, dating: Dating): number | undefined {
  const sent = parseDate(headers.get('date'));
  return past(sent, dating);
}

function past(date: number | undefined, dating: Dating): number | undefined {
  return date === undefined || date <= dating.now ? date : undatedOf(dating);
}

const undatedOf = ({ now, undated }: Dating) => Math.min(undated ?? now, now);
