/** What a message may cost. A limit that is not a non-negative integer throws: it must never switch a check off. */
export interface MailLimits {
  /** Bytes of header lines over all parts; more, and the message is kept as raw text. */
  readonly headerBytes: number;
  /** Multiparts inside multiparts; more, and the message is kept as raw text. */
  readonly depth: number;
  /** Parts that are looked at; the rest stays in the raw message only. */
  readonly parts: number;
  /** Lines that are looked at; the rest stays in the raw message only. 50 MB of base64 have 700,000. */
  readonly lines: number;
  /** Attachments that are listed; the rest stays in the raw message only. */
  readonly attachments: number;
  /** Characters of HTML that are turned into plain text, over all parts. */
  readonly htmlChars: number;
  /** Bytes of UTF-8 that one address list may have (MS-ASEMAIL: 32,768 characters). */
  readonly addressBytes: number;
}

export const MAIL_LIMITS: MailLimits = {
  headerBytes: 512 * 1024,
  depth: 50,
  parts: 2_000,
  lines: 4_000_000,
  attachments: 250,
  htmlChars: 512 * 1024,
  addressBytes: 32_768,
};

/** `defaults` with what `given` overrides. @throws RangeError by the name of a limit that is no limit */
export function withLimits<T extends object>(defaults: T, given: Partial<T> | undefined): T {
  const limits = { ...defaults, ...stripUndefined(given) };
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0)) {
      throw new RangeError(`limit ${name} must be a non-negative integer`);
    }
  }
  return limits;
}

function stripUndefined<T extends object>(given: Partial<T> | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>;
}
