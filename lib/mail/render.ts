import type { Email } from '../documents/items/email.ts';
import type { FolderId, ItemId } from '../ops/ids.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import { type BodyBlobs, type RenderedBody, renderBody } from './body.ts';
import { type BodyChoice, type BodyOptions, type BodyPreference, chooseBody, sizeOf } from './body-choice.ts';
import { renderMeeting } from './calendar/render.ts';
import { UTF_8 } from './code-page.ts';
import { fileReference } from './file-reference.ts';
import { renderFlag } from './flag.ts';
import { type LegacyBody, renderLegacyBody } from './legacy-body.ts';
import type { EmailContent, StoredAttachment } from './types.ts';

/** The element tree of a message: `ApplicationData` of a Sync, `Properties` of ItemOperations and Search. */
export type EmailApplicationData = Email;

export interface RenderOptions extends BodyOptions {
  readonly version: ProtocolVersion;
  /** 14.1 and later; HTML is the only type of it. */
  readonly bodyPartPreference?: BodyPreference;
  /** Bytes that the part may take, where it is not `atMost`. */
  readonly partAtMost?: number;
}

/** The part of an item that rendering reads. */
export interface RenderedItem {
  readonly id: ItemId;
  readonly folder: FolderId;
  readonly content: EmailContent;
}

/** AirSyncBase came with 12.0, and with it bodies and attachments as all later versions have them. */
const FIRST_WITH_BODIES = 120;

/**
 * A whole message for a client. Synchronous when the row has all that the options ask for, which a first Sync relies
 * on. @throws BlobMissing (as a rejection)
 */
export function renderEmail(
  item: RenderedItem,
  options: RenderOptions,
  blobs: BodyBlobs,
): EmailApplicationData | Promise<EmailApplicationData> {
  const { content } = item;
  if (options.version < FIRST_WITH_BODIES) {
    const body = renderLegacyBody(content, options, blobs);
    return body instanceof Promise ? body.then((body) => assembleLegacy(item, body)) : assembleLegacy(item, body);
  }
  const preference = options.version >= 141 ? options.bodyPartPreference : undefined;
  const part = preference && renderPart(content, preference, options.partAtMost ?? options.atMost ?? Infinity, blobs);
  // Who asks for the part and for nothing else gets nothing else (MS-ASCON R247).
  const partOnly = preference !== undefined && !options.bodyPreferences?.length && !options.mimeSupport;
  const body = partOnly ? undefined : renderBody(content, chooseBody(content, options), blobs);
  if (body instanceof Promise || part instanceof Promise) {
    return Promise.all([body, part]).then(([body, part]) => assemble(item, options.version, body, part));
  }
  return assemble(item, options.version, body, part);
}

/**
 * What a change of kind `flags` sends: only what changed (MS-ASEMAIL R75, R76, R96, R104). `parts` as in `LogRow`: of
 * `r`, `f`, `c`; all three where it is not known.
 */
export function renderFlags(
  content: EmailContent,
  version: ProtocolVersion,
  parts: string | undefined,
): EmailApplicationData {
  const has = (part: string) => parts === undefined || parts.includes(part);
  return {
    Read: has('r') ? content.read : undefined,
    Flag: has('f') ? renderFlag(content.flag) : undefined,
    Categories: has('c') && version >= 140 ? { Category: [...(content.categories ?? [])] } : undefined,
  };
}

function assemble(
  item: RenderedItem,
  version: ProtocolVersion,
  body: RenderedBody | undefined,
  part: EmailApplicationData['BodyPart'],
): EmailApplicationData {
  const { content } = item;
  const data: EmailApplicationData = {
    ...renderEnvelope(content, version),
    Attachments: renderAttachments(item),
    Body: body && {
      Type: body.type,
      EstimatedDataSize: body.size,
      Truncated: body.truncated || undefined,
      Data: body.data,
      Preview: version >= 140 ? body.preview : undefined,
    },
    BodyPart: part,
    Flag: renderFlag(content.flag),
    ContentClass: 'urn:content-classes:message',
    NativeBodyType: content.nativeBody,
  };
  if (version >= 140) addEmail2(data, content, version);
  return data;
}

/** What all versions have. */
function renderEnvelope(content: EmailContent, version: ProtocolVersion): EmailApplicationData {
  return {
    To: content.to || undefined,
    Cc: content.cc || undefined,
    From: content.from || undefined,
    Subject: content.subject,
    ReplyTo: content.replyTo || undefined,
    DateReceived: content.received,
    DisplayTo: content.displayTo || undefined,
    ThreadTopic: content.threadTopic || undefined,
    // Explicit always: AOSP's mail client fails without it.
    Importance: content.importance,
    Read: content.read,
    MessageClass: content.messageClass,
    MeetingRequest: content.meeting && renderMeeting(content.meeting, version),
    // What the message came in; all text leaves as UTF-8 (R496).
    InternetCPID: `${content.codePage ?? UTF_8}`,
  };
}

/** Attachments of 2.5 are named by the same reference, which GetAttachment takes back (MS-ASEMAIL 2.2.2.6). */
function assembleLegacy(item: RenderedItem, body: LegacyBody): EmailApplicationData {
  const { folder, id, content } = item;
  const Attachment = shownAttachments(content).map(({ n, name, method, size, blob }) => ({
    AttMethod: method,
    AttSize: size,
    DisplayName: name,
    AttName: fileReference(folder, id, n, blob),
  }));
  return {
    ...renderEnvelope(content, 25),
    LegacyAttachments: Attachment.length > 0 ? { Attachment } : undefined,
    ...body,
  };
}

/** The Email2 namespace and Categories came with 14.0, drafts with 16.0. */
function addEmail2(data: EmailApplicationData, content: EmailContent, version: ProtocolVersion): void {
  data.ConversationId = Buffer.from(content.conversationId, 'hex');
  data.ConversationIndex = shortIndex(content.conversationIndex);
  // R318: an empty container where there is none.
  data.Categories = { Category: content.categories ? [...content.categories] : [] };
  if (content.lastVerb !== undefined) {
    data.LastVerbExecuted = content.lastVerb;
    data.LastVerbExecutionTime = content.lastVerbAt;
  }
  if (content.sender !== undefined) data.Sender = content.sender;
  // R649: said only where it is so.
  if (content.receivedAsBcc) data.ReceivedAsBcc = true;
  if (content.voice) data.UmCallerID = content.voice.callerId;
  if (version >= 160) {
    data.IsDraft = content.isDraft ?? false;
    if (content.bcc !== undefined) data.Bcc = content.bcc;
  }
}

/** MS-ASCON 2.2.2.4: the five bytes of the time, then the reply levels; without the reserved byte and the GUID. */
export function shortIndex(hex: string): Uint8Array {
  return hex.length > 44 ? Buffer.from(hex.slice(2, 12) + hex.slice(44), 'hex') : Buffer.from(hex.slice(2, 12), 'hex');
}

/**
 * The calendar part of an invitation stays a file: opened, it is how a phone puts a meeting into another calendar than
 * this account's. Where it came twice, as Google and Zoom send it, one of them is enough.
 */
function shownAttachments({ attachments, meeting }: EmailContent): readonly StoredAttachment[] {
  if (!meeting) return attachments;
  const copied = attachments.some(({ contentType }) => contentType === 'application/ics');
  const calendars = attachments.filter(({ contentType }) => contentType === 'text/calendar');
  return attachments.filter((one) => {
    if (one.contentType !== 'text/calendar') return true;
    // The last of those that are alike: a file of its own rather than the form of the body, which has no name.
    return !copied && calendars.findLast(({ size }) => size === one.size) === one;
  });
}

function renderAttachments({ folder, id, content }: RenderedItem): EmailApplicationData['Attachments'] {
  const shown = shownAttachments(content);
  if (shown.length === 0) return undefined;
  return {
    Attachment: shown.map((attachment: StoredAttachment) => ({
      DisplayName: attachment.name,
      FileReference: fileReference(folder, id, attachment.n, attachment.blob),
      Method: attachment.method,
      EstimatedDataSize: attachment.size,
      ContentId: attachment.contentId,
      ContentLocation: attachment.contentLocation,
      IsInline: attachment.inline || undefined,
      ...recordingOf(content, attachment.n),
    })),
  };
}

/** MS-ASEMAIL 2.2.2.81 and 2.2.2.82: how long a recording is, and its place among them. */
function recordingOf({ voice }: EmailContent, n: number) {
  const found = voice?.recordings.find((one) => one.n === n);
  return found && { UmAttDuration: found.seconds, UmAttOrder: found.order };
}

/** Statuses of a BodyPart, MS-ASAIRS R271 and R272. */
const PART_OK = 1;
const PART_TOO_LARGE = 176;

/** The message part as HTML. What is quoted from earlier messages is not cut off: the part is the whole message. */
function renderPart(
  content: EmailContent,
  preference: BodyPreference,
  atMost: number,
  blobs: BodyBlobs,
): EmailApplicationData['BodyPart'] | Promise<EmailApplicationData['BodyPart']> {
  const limit = preference.TruncationSize ?? Infinity;
  const tooLarge = preference.AllOrNone === true && sizeOf(content, 2) > limit;
  const choice: BodyChoice = {
    type: 2,
    bytes: tooLarge ? 0 : Math.min(limit, atMost),
    preview: preference.Preview ?? 0,
  };
  const shape = (body: RenderedBody): EmailApplicationData['BodyPart'] => ({
    Status: tooLarge ? PART_TOO_LARGE : PART_OK,
    Type: 2,
    EstimatedDataSize: body.size,
    Truncated: body.truncated || undefined,
    Data: body.data,
    Preview: body.preview,
  });
  const body = renderBody(content, choice, blobs);
  return body instanceof Promise ? body.then(shape) : shape(body);
}
