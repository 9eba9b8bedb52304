import { Email } from '../../documents/items/email.ts';
import { type BodyOptions, chooseBody, sizeOf } from '../../mail/body-choice.ts';
import { type RenderOptions, renderEmail } from '../../mail/render.ts';
import type { EmailContent } from '../../mail/types.ts';
import type { ItemClass } from '../../mailbox/types.ts';
import type { Piece } from '../../protocol/command.ts';
import type { Blobs } from '../../store/ports.ts';
import { encodeFragment } from '../../wbxml/index.ts';
import type { ShownClass, Wish } from './item.ts';

/** Envelope and attachments of an ordinary message. */
const ENVELOPE_BYTES = 4096;

/** Mail, and text messages in a mail folder. */
export function shownEmail(blobs: Pick<Blobs, 'get' | 'stream'>, itemClass: ItemClass = 'Email'): ShownClass {
  return {
    itemClass,
    cost(item, wish) {
      const options = optionsOf(wish);
      const body = streamsMime(item.content, wish) ? 0 : bodyBytes(item.content, options);
      return ENVELOPE_BYTES + body + (wish.bodyPartPreference ? sizeOf(item.content, 2) : 0);
    },
    async show(item, wish) {
      const whole = streamsMime(item.content, wish);
      const told = await renderEmail(item, { ...optionsOf(wish), ...(whole && { atMost: 0 }) }, blobs);
      const body = whole
        ? mimePiece(item.content, blobs)
        : wish.part === undefined
          ? undefined
          : pieceOf(told.Body?.Data);
      if (body && told.Body) {
        const { Data: _data, Truncated: truncated, ...rest } = told.Body;
        told.Body = { ...rest, Truncated: whole ? undefined : truncated, Part: wish.part };
      }
      const wanted = restricted(told, wish.schema);
      return {
        properties: encodeFragment(Email, wanted, wish.version),
        body: wanted.Body ? body : undefined,
      };
    },
  };
}

function optionsOf(wish: Wish): RenderOptions {
  const { version, bodyPreferences, bodyPartPreference, mimeSupport, withoutPreference } = wish;
  return { version, bodyPreferences, bodyPartPreference, mimeSupport, withoutPreference };
}

function bodyBytes(content: EmailContent, options: BodyOptions): number {
  const { type, bytes } = chooseBody(content, options);
  return Math.min(bytes, sizeOf(content, type));
}

/**
 * A whole message that becomes a part leaves byte for byte as it arrived, and is never in memory. A part may hold bytes
 * of any charset, so nothing is encoded anew as it is where MIME becomes text: signatures over 8 bits stay good.
 */
function streamsMime(content: EmailContent, wish: Wish): boolean {
  if (wish.part === undefined) return false;
  const { type, bytes } = chooseBody(content, optionsOf(wish));
  return type === 4 && bytes >= content.mime.size;
}

const mimePiece = ({ mime }: EmailContent, blobs: Pick<Blobs, 'stream'>): Piece => ({
  size: mime.size,
  stream: () => blobs.stream(mime.blob),
});

function pieceOf(data: string | undefined): Piece | undefined {
  if (data === undefined) return undefined;
  const bytes = Buffer.from(data, 'utf8');
  return {
    size: bytes.length,
    async *stream() {
      yield bytes;
    },
  };
}

/** MS-ASEMAIL R63: nothing but what the schema names. */
function restricted(told: Email, schema: ReadonlySet<string> | undefined): Email {
  if (!schema) return told;
  return Object.fromEntries(Object.entries(told).filter(([tag]) => schema.has(tag))) as Email;
}
