/** The body of a message in EAS 2.5: plain text, or MIME where the client takes it; never HTML. */
import type { Email } from '../documents/items/email.ts';
import { type BodyBlobs, type RenderedBody, renderBody } from './body.ts';
import { type BodyChoice, type BodyOptions, MIME_TRUNCATION, mimeAllowed } from './body-choice.ts';
import type { EmailContent } from './types.ts';

/** MS-ASEMAIL 2.2.2.10.2, 2.2.2.12, 2.2.2.13 and 2.2.2.50 to 2.2.2.52. */
export type LegacyBody = Pick<
  Email,
  'LegacyBody' | 'BodySize' | 'BodyTruncated' | 'MIMEData' | 'MIMESize' | 'MIMETruncated'
>;

/** MS-ASCMD 2.2.3.185: characters by value of Truncation. */
const TRUNCATION: readonly number[] = [0, 512, 1_024, 2_048, 5_120, 10_240, 20_480, 51_200, 102_400, Infinity];
/** A UTF-16 unit is at most so many bytes of UTF-8. */
const BYTES_PER_UNIT = 3;

/** No promise where the row has all that is needed. @throws BlobMissing (as a rejection) */
export function renderLegacyBody(
  content: EmailContent,
  options: BodyOptions,
  blobs: BodyBlobs,
): LegacyBody | Promise<LegacyBody> {
  const most = options.atMost ?? Infinity;
  // A Fetch gets everything, whatever was cut off before (MS-ASEMAIL 2.2.2.50).
  const whole = options.withoutPreference === 'whole';
  if (mimeAllowed(content, options)) {
    const { mimeTruncation = 8 } = options;
    const limit = whole ? Infinity : (MIME_TRUNCATION[mimeTruncation] ?? Infinity);
    return made(renderBody(content, choice(4, Math.min(limit, most)), blobs), mimeOf);
  }
  const limit = whole ? Infinity : (TRUNCATION[options.truncation ?? 9] ?? Infinity);
  const bytes = Math.min(limit * BYTES_PER_UNIT, most);
  return made(renderBody(content, choice(1, bytes), blobs), (body) => textOf(body, limit));
}

const choice = (type: 1 | 4, bytes: number): BodyChoice => ({ type, bytes, preview: 0 });

function made<T>(body: RenderedBody | Promise<RenderedBody>, shape: (body: RenderedBody) => T): T | Promise<T> {
  return body instanceof Promise ? body.then(shape) : shape(body);
}

function mimeOf({ data, size, truncated }: RenderedBody): LegacyBody {
  return { MIMETruncated: truncated, MIMESize: size, MIMEData: data };
}

/**
 * The level counts characters, the store bytes: enough bytes are read and cut again. BodySize is there with a body that
 * was cut, and nowhere else; it is in bytes, since nobody counted the characters of what was not read.
 */
function textOf({ data, size, truncated }: RenderedBody, limit: number): LegacyBody {
  const cut = data && cutUnits(data, limit);
  const BodyTruncated = truncated || cut !== data;
  return { BodyTruncated, BodySize: BodyTruncated ? size : undefined, LegacyBody: cut };
}

/** At most `limit` UTF-16 units, never half of a surrogate pair. */
function cutUnits(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text.slice(0, limit);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
