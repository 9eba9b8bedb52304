/** Which body a client gets: MS-ASAIRS 2.2.2.3.2, 2.2.2.12 and MS-ASCMD 2.2.3.110 as a pure decision. */
import type { EmailContent } from './types.ts';

/** One BodyPreference or BodyPartPreference of the request. */
export interface BodyPreference {
  /** 1 plain, 2 HTML, 3 RTF, 4 MIME. */
  readonly Type: number;
  /** Bytes; absent: all of it. */
  readonly TruncationSize?: number;
  readonly AllOrNone?: boolean;
  /** Characters of plain text. */
  readonly Preview?: number;
}

export interface BodyOptions {
  readonly bodyPreferences?: readonly BodyPreference[];
  /** 0 never send MIME, 1 for S/MIME messages only, 2 for all. */
  readonly mimeSupport?: number;
  /** 0-8: the table of MS-ASCMD 2.2.3.111, for clients that state no TruncationSize for MIME. */
  readonly mimeTruncation?: number;
  /** 0-9: the same for the plain body of 2.5 (MS-ASCMD 2.2.3.185); absent is all of it. */
  readonly truncation?: number;
  /**
   * Without any preference: `size` tells type and size of the body only (MS-ASEMAIL R1057: Data needs a TruncationSize),
   * as a Sync does; `whole` sends all of it, as a Fetch does.
   */
  readonly withoutPreference?: 'size' | 'whole';
  /** Bytes that a body may take whatever the preferences say, for an item that is more than a response holds. */
  readonly atMost?: number;
}

export type BodyType = 1 | 2 | 4;

export interface BodyChoice {
  readonly type: BodyType;
  /** Bytes of Data at most; 0 means no Data at all. */
  readonly bytes: number;
  /** Characters of Preview; 0 for none. */
  readonly preview: number;
  /** What comes out longer than `bytes` is not to be cut. */
  readonly allOrNone?: boolean;
}

/** R3418-R3426: bytes by value of MIMETruncation. */
export const MIME_TRUNCATION: readonly number[] = [0, 4_096, 5_120, 7_168, 10_240, 20_480, 51_200, 102_400, Infinity];

export function chooseBody(content: EmailContent, options: BodyOptions): BodyChoice {
  const choice = preferred(content, options);
  return options.atMost !== undefined && choice.bytes > options.atMost
    ? { ...choice, bytes: options.atMost, allOrNone: false }
    : choice;
}

function preferred(content: EmailContent, options: BodyOptions): BodyChoice {
  const preferences = options.bodyPreferences ?? [];
  if (preferences.length === 0) return withoutPreference(content, options);
  let first: BodyChoice | undefined;
  for (const { type, preference } of candidates(content, preferences, options)) {
    const choice = { type, bytes: bytesOf(preference, type, options), preview: preference.Preview ?? 0 };
    // R78, R376: all of it or the next preference. R75: without TruncationSize, AllOrNone says nothing.
    if (!preference.AllOrNone || preference.TruncationSize === undefined) return choice;
    if (sizeOf(content, type) <= preference.TruncationSize) return { ...choice, allOrNone: true };
    first ??= { ...choice, bytes: 0 };
  }
  return first!;
}

/** In the order of use: MIME where it may be sent, then what the message was written in, then what it is turned into. */
function* candidates(
  content: EmailContent,
  preferences: readonly BodyPreference[],
  options: BodyOptions,
): Generator<{ type: BodyType; preference: BodyPreference }> {
  const mime = preferences.find(({ Type }) => Type === 4);
  if (mime && mimeAllowed(content, options)) yield { type: 4, preference: mime };
  const native = content.nativeBody === 2 ? 2 : 1;
  const other = native === 2 ? 1 : 2;
  let found = false;
  for (const type of [native, other] as const) {
    const preference = preferences.find(({ Type }) => Type === type);
    if (!preference) continue;
    found = true;
    yield { type, preference };
  }
  // RTF is not made here, and MIME may not be sent: the native body within the limits stated for them.
  if (!found) yield { type: native, preference: preferences[0]! };
}

/** MS-ASCMD 2.2.3.110: 1 sends MIME for S/MIME messages only. */
export function mimeAllowed(content: EmailContent, { mimeSupport }: BodyOptions): boolean {
  return mimeSupport === 2 || (mimeSupport === 1 && /\.SMIME\b/i.test(content.messageClass));
}

function bytesOf(preference: BodyPreference, type: BodyType, { mimeTruncation }: BodyOptions): number {
  if (preference.TruncationSize !== undefined) return preference.TruncationSize;
  return type === 4 && mimeTruncation !== undefined ? (MIME_TRUNCATION[mimeTruncation] ?? Infinity) : Infinity;
}

function withoutPreference(content: EmailContent, options: BodyOptions): BodyChoice {
  // MIMETruncation speaks for itself: clients of 12.1 and before ask for MIME without a preference.
  if (options.mimeTruncation !== undefined && mimeAllowed(content, options)) {
    return { type: 4, bytes: MIME_TRUNCATION[options.mimeTruncation] ?? Infinity, preview: 0 };
  }
  const type = content.nativeBody === 2 ? 2 : 1;
  return { type, bytes: options.withoutPreference === 'whole' ? Infinity : 0, preview: 0 };
}

/** Bytes of the whole body in this form; an estimate where it has to be made from the other. */
export function sizeOf(content: EmailContent, type: BodyType): number {
  if (type === 4) return content.mime.size;
  if (type === 1 || !content.html) return content.text.size;
  return content.html.size;
}
