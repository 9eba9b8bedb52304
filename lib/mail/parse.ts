import PostalMime from 'postal-mime';
import { decodeText, headerEnd, repairHeaders } from './charset.ts';
import type { Dating } from './dates.ts';
import { type Envelope, envelopeOf } from './envelope.ts';
import { Headers } from './headers.ts';
import { MAIL_LIMITS, type MailLimits, withLimits } from './limits.ts';
import { messageClassOf } from './message-class.ts';
import { collectParts, type ParsedAttachment, type ParsedBody, type PartNode } from './parts.ts';
import { cleanText } from './text.ts';

/** A message as it is understood, before anything is stored. */
export interface ParsedMessage extends Envelope {
  readonly messageClass: string;
  /** What it was written in: 2 where there is HTML, otherwise 1. */
  readonly nativeBody: 1 | 2;
  readonly text: string;
  readonly html?: string;
  readonly attachments: readonly ParsedAttachment[];
  /** Why the message was not understood whole: `parts` (too many), or the parser's error; it is still readable. */
  readonly degraded?: 'parts' | 'parser';
}

export interface ParseOptions extends Dating {
  readonly limits?: Partial<MailLimits>;
}

/**
 * Reads a raw message. Every sequence of bytes gives a readable message: what the parser rejects comes as raw text.
 * @throws RangeError for limits that are none
 */
export async function parseMessage(raw: Uint8Array, options: ParseOptions): Promise<ParsedMessage> {
  const limits = withLimits(MAIL_LIMITS, options.limits);
  const repaired = repairHeaders(raw);
  const source = boundParts(repaired, limits.parts);
  try {
    const { headers, body } = await parseTree(source, limits);
    return {
      ...envelopeOf(headers, options, limits),
      messageClass: messageClassOf(headers, body.leaves),
      nativeBody: body.html === undefined ? 1 : 2,
      text: body.text,
      html: body.html,
      attachments: body.attachments,
      degraded: source.length < repaired.length ? 'parts' : undefined,
    };
  } catch {
    return rawMessage(repaired, options, limits);
  }
}

async function parseTree(source: Uint8Array, limits: MailLimits): Promise<{ headers: Headers; body: ParsedBody }> {
  const parser = new PostalMime({
    maxNestingDepth: limits.depth,
    maxHeadersSize: limits.headerBytes,
    forceRfc822Attachments: true,
  });
  // The parser's own assembly of bodies is replaced by collectParts, which repairs charsets and knows limits.
  const inner = parser as unknown as { collectNode: () => Promise<void>; root: PartNode };
  inner.collectNode = async () => {};
  const { headers } = await parser.parse(source);
  return { headers: new Headers(headers), body: collectParts(inner.root, limits) };
}

/**
 * The message up to its `limit`th part. Every part costs memory whatever its size: a few megabytes of nothing but
 * boundaries would fill gigabytes.
 */
function boundParts(raw: Uint8Array, limit: number): Uint8Array {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  let boundaries: ReadonlySet<string> | undefined;
  let count = 0;
  for (let at = bytes.indexOf('\n--'); at >= 0; at = bytes.indexOf('\n--', at + 3)) {
    boundaries ??= declaredBoundaries(bytes);
    const name = bytes
      .toString('latin1', at + 3, at + 83)
      .split(/[\r\n]/, 1)[0]!
      .trimEnd();
    if (!boundaries.has(name) && !boundaries.has(name.replace(/--$/, ''))) continue;
    count++;
    if (count > limit) return raw.subarray(0, at + 1);
  }
  return raw;
}

const BOUNDARY = /\bboundary\s{0,20}=\s{0,20}(?:"([^"\r\n]{1,76})|([^\s;"]{1,76}))/gi;

function declaredBoundaries(bytes: Buffer): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, quoted, token] of bytes.toString('latin1').matchAll(BOUNDARY)) {
    found.add((quoted ?? token)!.trimEnd());
    if (found.size >= 10_000) break;
  }
  return found;
}

/** A message that could not be parsed: what its header says, and the rest as text. */
function rawMessage(raw: Uint8Array, dating: Dating, limits: MailLimits): ParsedMessage {
  const end = headerEnd(raw);
  const headers = readHeaders(decodeText(raw.subarray(0, Math.min(end, limits.headerBytes, 65_536)), undefined));
  return {
    ...envelopeOf(headers, dating, limits),
    messageClass: 'IPM.Note',
    nativeBody: 1,
    text: cleanText(decodeText(raw.subarray(end, end + limits.htmlChars), undefined)).trimStart(),
    attachments: [],
    degraded: 'parser',
  };
}

function readHeaders(block: string): Headers {
  const fields: { key: string; value: string }[] = [];
  for (const line of block.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.push({ key: line.slice(0, colon).trim().toLowerCase(), value: line.slice(colon + 1).trim() });
  }
  return new Headers(fields);
}
