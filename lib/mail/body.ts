/** Makes the data of a chosen body: at once from the row where that is enough, otherwise from a blob. */
import type { Blobs } from '../store/ports.ts';
import { type BodyChoice, sizeOf } from './body-choice.ts';
import { cutHtml, plainToHtml } from './html.ts';
import { repairMime } from './mime-repair.ts';
import { lfToCrlf } from './raw-message.ts';
import { cleanText, cutUtf8, decodeUtf8Prefix, previewOf, textOf, utf8Length, wholeCharacters } from './text.ts';
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
  const text = mimeText(bytes, !all);
  const data = cutUtf8(text, choice.bytes);
  const cut = data.length < text.length;
  const size = content.mime.size + utf8Length(text) - bytes.length;
  // It fitted as it is stored, but not as it is sent.
  if (all && cut && choice.allOrNone) return finish(content, { ...choice, bytes: 0 }, '', true, size);
  return finish(content, choice, data, !all || cut, size);
}

/**
 * Raw MIME as a string: it may hold bytes of any charset and, from a Unix file, bare line feeds (Outlook does not decode
 * quoted-printable that has them), but Data is UTF-8 without NUL. Mail that is so already costs no look at its parts.
 */
function mimeText(stored: Uint8Array, cut: boolean): string {
  const bytes = lfToCrlf(cut ? wholeCharacters(stored) : stored);
  return textOf(bytes) ?? cleanText(decodeUtf8Prefix(repairMime(bytes) ?? bytes));
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
