import { readMeeting } from './calendar/meeting.ts';
import type { StoredMeeting } from './calendar/types.ts';
import { decodeText, headerEnd, repairHeaders } from './charset.ts';
import { UTF_8 } from './code-page.ts';
import type { Dating } from './dates.ts';
import { type Envelope, envelopeOf } from './envelope.ts';
import { Headers } from './headers.ts';
import { MAIL_LIMITS, type MailLimits, withLimits } from './limits.ts';
import { calendarPart, messageClassOf } from './message-class.ts';
import { parseTree } from './parser.ts';
import { collectParts, type Leaf, type ParsedAttachment } from './parts.ts';
import { cleanText } from './text.ts';
import type { StoredVoice } from './types.ts';
import { voiceClass, voiceOf } from './voice.ts';

/** A message as it is understood, before anything is stored. */
export interface ParsedMessage extends Envelope {
  readonly messageClass: string;
  /** What it was written in: 2 where there is HTML, otherwise 1. */
  readonly nativeBody: 1 | 2;
  readonly text: string;
  readonly html?: string;
  /** Of the charset that the body came in; absent for UTF-8. */
  readonly codePage?: number;
  readonly attachments: readonly ParsedAttachment[];
  readonly meeting?: StoredMeeting;
  readonly voice?: StoredVoice;
  readonly receivedAsBcc?: boolean;
  /** It came by a mailing list. */
  readonly listed?: boolean;
  /** Why the message was not understood whole: too many parts or lines, or the parser gave up. It is still readable. */
  readonly degraded?: 'bounded' | 'parser';
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
  try {
    const { headers, root, whole } = await parseTree(repaired, limits);
    const body = collectParts(root, limits);
    const envelope = envelopeOf(headers, options, limits);
    const voice = voiceClass(headers);
    const messageClass = voice ?? messageClassOf(headers, body.leaves);
    const about = messageClass.startsWith('IPM.Schedule.Meeting') ? meetingIn(body.leaves, envelope) : undefined;
    return {
      ...envelope,
      messageClass,
      nativeBody: body.html === undefined ? 1 : 2,
      // A message that is nothing but an invitation says in there what it is about.
      text: body.text === '' && body.html === undefined ? (about?.description ?? '') : body.text,
      html: body.html,
      codePage: body.codePage === UTF_8 ? undefined : body.codePage,
      attachments: body.attachments,
      meeting: about?.meeting,
      listed: LIST_FIELDS.some((name) => headers.get(name) !== undefined) || undefined,
      voice: voice === undefined ? undefined : voiceOf(headers, body.attachments),
      degraded: whole ? undefined : 'bounded',
    };
  } catch {
    return rawMessage(repaired, options, limits);
  }
}

/** The message without a look at its parts, for whoever could not let it be parsed to the end. */
export function unparsedMessage(raw: Uint8Array, options: ParseOptions): ParsedMessage {
  return rawMessage(repairHeaders(raw), options, withLimits(MAIL_LIMITS, options.limits));
}

/** RFC 2919, RFC 2369. */
const LIST_FIELDS = ['list-id', 'list-post', 'list-unsubscribe'];

function meetingIn(leaves: readonly Leaf[], { messageId, conversationId, received }: Envelope) {
  const part = calendarPart(leaves);
  return part && readMeeting(part.text(), { uid: messageId ?? conversationId, received });
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
