/** What a reader takes from a stranger. All are whole positive numbers; anything else throws, so no typo switches a check off. */
export interface Limits {
  /** Bytes of the document. */
  readonly bytes: number;
  /** Elements open at once. */
  readonly depth: number;
  /** Elements in the document. */
  readonly elements: number;
  /** Bytes of one inline string or opaque value. */
  readonly text: number;
}

/** Room for a SendMail with 25 MB of attachments, base64 included, and for 1,000 MoveItems (MS-ASCMD 3.1.5.10). */
export const DEFAULT_LIMITS: Limits = {
  bytes: 40 * 1024 * 1024,
  depth: 32,
  elements: 65_536,
  text: 40 * 1024 * 1024,
};

/** `DEFAULT_LIMITS` with some replaced. Throws RangeError for a value that is no whole positive number. */
export function limits(options: Partial<Limits> = {}): Limits {
  const merged = { ...DEFAULT_LIMITS, ...options };
  for (const [name, value] of Object.entries(merged)) {
    if (!(name in DEFAULT_LIMITS)) throw new RangeError(`Unknown limit ${name}`);
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`Limit ${name} must be a whole number above 0`);
  }
  return merged;
}
