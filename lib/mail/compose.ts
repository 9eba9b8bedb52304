/** MIME of a body with its attachments, made new. */
import { randomUUID } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { ParsedAttachment } from './parts.ts';
import type { Quoted } from './quote.ts';
import { type RawField, type RawMessage, splitMessage } from './raw-message.ts';

export type Enclosure = Pick<
  ParsedAttachment,
  'name' | 'contentType' | 'content' | 'contentId' | 'contentLocation' | 'inline'
>;

/** Fields that tell of the body, and so change with it. */
export const isContentField = ({ name }: RawField) => name.startsWith('content-') || name === 'mime-version';

/** One more form of the body: the calendar of an invitation's answer. */
export interface Alternative {
  readonly contentType: string;
  readonly content: string;
}

/**
 * `text`, `html` and enclosures as MIME: only the fields that describe the content, and the body. Text is UTF-8.
 * @throws Error of the composer
 */
export async function composeContent(
  body: Quoted,
  enclosures: readonly Enclosure[],
  alternatives: readonly Alternative[] = [],
): Promise<RawMessage> {
  const composer = new MailComposer({
    text: body.text,
    html: body.html,
    attachments: enclosures.map((enclosure) => attachmentOf(enclosure, body.html !== undefined)),
    alternatives: [...alternatives],
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: 'windows',
  });
  const message = splitMessage(await composer.compile().build());
  if (!message) throw new TypeError('the composer made no message');
  return { fields: message.fields.filter(isContentField), body: message.body };
}

function attachmentOf({ name, contentType, content, contentId, contentLocation, inline }: Enclosure, html: boolean) {
  const shown = inline && html;
  const headers: Record<string, string> = {};
  if (contentLocation) headers['Content-Location'] = contentLocation;
  return {
    filename: name,
    content: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
    contentType,
    contentDisposition: shown ? ('inline' as const) : ('attachment' as const),
    // An id makes it a part of the HTML; a file that the HTML does not show has none.
    ...(shown ? { cid: contentId ?? randomUUID() } : {}),
    headers,
  };
}

/** Gives the enclosures of a quoted message new ids where the new message uses theirs already. */
export function separateIds(
  html: string | undefined,
  quoted: readonly Enclosure[],
  own: readonly Enclosure[],
): { readonly html: string | undefined; readonly enclosures: readonly Enclosure[] } {
  const taken = new Set(own.map(({ contentId }) => contentId?.toLowerCase()));
  let changed = html;
  const enclosures = quoted.map((enclosure) => {
    const { contentId } = enclosure;
    if (contentId === undefined || !taken.has(contentId.toLowerCase())) return enclosure;
    const fresh = `${randomUUID()}@quoted`;
    changed = changed?.replaceAll(`cid:${contentId}`, `cid:${fresh}`);
    return { ...enclosure, contentId: fresh };
  });
  return { html: changed, enclosures };
}
