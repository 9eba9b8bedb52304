import { type Limits, limits as wbxmlLimits } from '../wbxml/index.ts';

/** What one request may cost. Every value is checked: a NaN never switches a check off. */
export interface RequestLimits {
  /** Bytes of a body, as sent and when decompressed. */
  readonly bodyBytes: number;
  /** Bytes of all bodies that are in memory at one time, small ones apart; more get 503. At least `bodyBytes`. */
  readonly bodiesBytes: number;
  /** Milliseconds from the first look at the body to its end. */
  readonly bodyMs: number;
  /** Milliseconds a command may work before the client is told to come again; waiting in a hold does not count. */
  readonly commandMs: number;
  /** Requests that are worked on at once; what is held, and bodies that are being sent, do not count. */
  readonly atOnce: number;
  /** Answers smaller than this are never compressed. */
  readonly gzipFromBytes: number;
}

export const DEFAULT_LIMITS: RequestLimits = {
  // 25 MB of attachments in base64, with headers and text.
  bodyBytes: 40 * 1024 * 1024,
  bodiesBytes: 256 * 1024 * 1024,
  bodyMs: 300_000,
  commandMs: 60_000,
  atOnce: 128,
  gzipFromBytes: 1400,
};

/** Limits that were checked, with what follows from them for the codec. */
export interface CheckedLimits extends RequestLimits {
  readonly wbxml: Limits;
}

/** @throws RangeError for a value that is not a positive whole number, or bodies that can never fit */
export function requestLimits(given: Partial<RequestLimits> = {}): CheckedLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value <= 0) throw new RangeError(`limit ${name} must be a positive integer`);
  }
  if (limits.bodiesBytes < limits.bodyBytes) throw new RangeError('limit bodiesBytes must be bodyBytes at least');
  return { ...limits, wbxml: wbxmlLimits({ bytes: limits.bodyBytes, text: limits.bodyBytes }) };
}
