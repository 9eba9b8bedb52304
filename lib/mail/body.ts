/** Makes the data of a chosen body: at once from the row where that is enough, otherwise from a blob. */
import type { Blobs } from '../store/ports.ts';
import { type BodyChoice, sizeOf } from './body-choice.ts';
import { cutHtml, plainToHtml } from './html.ts';
import { cleanText, cutUtf8, decodeUtf8Prefix, previewOf } from './text.ts';
import type { EmailContent, StoredText } from './types.ts';

export interface RenderedBody {
  readonly type: number;
  /** Bytes of the whole, not of `data` (MS-ASAIRS R202). */
  readonly size: number;
  readonly truncated: boolean;
  readonly data?: string;
  readonly preview?: string;
}

export type BodyBlobs = Pick<Blobs, 'get'>;

/** A blob that an item refers to is not there: the item cannot be rendered. */
export class BlobMissing extends Error {
  override readonly name = 'BlobMissing';
}

/** No promise where the row has all that is needed. @throws BlobMissing (as a rejection) */
export function renderBody(
  content: EmailContent,
  choice: BodyChoice,
  blobs: BodyBlobs,
): RenderedBody | Promise<RenderedBody> {
  if (choice.bytes === 0) return finish(content, choice, '', true);
  if (choice.type === 4) return mimeBody(content, choice, blobs);
  const source = choice.type === 2 && content.html ? content.html : content.text;
  if (suffices(source, choice.bytes)) return textBody(content, choice, source.prefix, source.blob !== undefined);
  return blobBody(content, choice, source, blobs);
}

/** The row's beginning is the whole body, or at least as long as what is asked for. */
function suffices(stored: StoredText, bytes: number): boolean {
  if (stored.blob === undefined) return true;
  return bytes <= stored.prefix.length || bytes <= Buffer.byteLength(stored.prefix, 'utf8');
}

async function blobBody(
  content: EmailContent,
  choice: BodyChoice,
  source: StoredText,
  blobs: BodyBlobs,
): Promise<RenderedBody> {
  const all = choice.bytes >= source.size;
  const bytes = await blobs.get(source.blob!, all ? undefined : { start: 0, end: choice.bytes });
  if (!bytes) throw new BlobMissing('body');
  return textBody(content, choice, decodeUtf8Prefix(bytes), !all);
}

/** `more`: the stored body goes on after `text`. */
function textBody(content: EmailContent, choice: BodyChoice, text: string, more: boolean): RenderedBody {
  if (choice.type === 1) {
    const data = cutUtf8(text, choice.bytes);
    return finish(content, choice, data, more || data.length < text.length);
  }
  const html = content.html ? text : plainToHtml(text);
  const data = cutHtml(html, choice.bytes);
  return finish(content, choice, data, more || data.length < html.length, content.html ? undefined : html.length);
}

async function mimeBody(content: EmailContent, choice: BodyChoice, blobs: BodyBlobs): Promise<RenderedBody> {
  const all = choice.bytes >= content.mime.size;
  const bytes = await blobs.get(content.mime.blob, all ? undefined : { start: 0, end: choice.bytes });
  if (!bytes) throw new BlobMissing('mime');
  return finish(content, choice, mimeText(bytes, choice.bytes), !all);
}

/** Raw MIME as a string: it may hold 8-bit bytes of any charset, but Data is UTF-8 and must not hold a NUL. */
function mimeText(bytes: Uint8Array, limit: number): string {
  return cutUtf8(cleanText(decodeUtf8Prefix(bytes)), limit);
}

function finish(
  content: EmailContent,
  choice: BodyChoice,
  data: string,
  truncated: boolean,
  madeSize?: number,
): RenderedBody {
  const size = sizeOf(content, choice.type);
  const empty = choice.bytes === 0;
  // R1001036: plain text that is there needs no preview of itself.
  const preview =
    choice.preview > 0 && (choice.type !== 1 || empty) ? previewOf(content.text.prefix, choice.preview) : undefined;
  return {
    type: choice.type,
    size: Math.max(size, madeSize ?? 0),
    truncated: truncated && !(empty && size === 0),
    data: empty ? undefined : data,
    preview: preview || undefined,
  };
}
