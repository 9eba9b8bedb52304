import { createHash, randomBytes } from 'node:crypto';

/** Bytes of a Thread-Index header and of each reply after it (MS-OXOMSG 2.2.1.3). */
const HEADER = 22;
const LEVEL = 5;
const MAX_LEVELS = 50;
const MAX_REFERENCES = 20;
const MAX_ID_CHARS = 998;

/** Milliseconds between 1601, where FILETIME begins, and 1970. */
const FILETIME_EPOCH_MS = 11_644_473_600_000n;

// Reply and forward prefixes of the languages that mailers translate them to, with counters as in "Re[2]:".
const PREFIX =
  /^\s*(?:re|fwd?|aw|wg|antw|sv|vs|vb|tr|rv|res|enc|ref|odp|pd|ynt|ilt|atb|bls|doorst|rif|i|回复|回覆|转发|轉寄|答复|返信)(?:\[\d{1,3}\])?\s*[:：]\s*/iu;

/** The subject without reply and forward prefixes, however many. */
export function topicOf(subject: string): string {
  let topic = subject;
  for (let turn = 0; turn < 50; turn++) {
    const shorter = topic.replace(PREFIX, '');
    if (shorter === topic) break;
    topic = shorter;
  }
  return topic.trim();
}

/** Message-Ids of a field, brackets included; what is longer than a line may be is none (RFC 5322 2.1.1). */
export function messageIds(value: string | undefined): readonly string[] {
  const ids = (value ?? '').slice(0, 65_536).match(/<[^<>\s]+>/g) ?? [];
  return ids.filter((id) => id.length <= MAX_ID_CHARS);
}

/** In-Reply-To and References, oldest first; the root and the newest where there are too many. */
export function referencesOf(references: string | undefined, inReplyTo: string | undefined): readonly string[] {
  const ids = [...new Set([...messageIds(references), ...messageIds(inReplyTo)])];
  return ids.length <= MAX_REFERENCES ? ids : [ids[0]!, ...ids.slice(1 - MAX_REFERENCES)];
}

export interface ThreadSource {
  readonly threadIndex: string | undefined;
  readonly references: readonly string[];
  readonly messageId: string | undefined;
  readonly topic: string;
  /** Epoch milliseconds at which the message was sent. */
  readonly sent: number;
}

/**
 * Conversation of a message. The root of References comes before Thread-Index: threads in which Outlook and others
 * take turns keep References, but only Outlook keeps the index.
 */
export function threadOf(source: ThreadSource): {
  readonly conversationId: string;
  readonly conversationIndex: string;
} {
  const index = decodeIndex(source.threadIndex);
  const isReply = index !== undefined && index.length > HEADER;
  const root = source.references[0] ?? (isReply ? undefined : source.messageId);
  const conversationId =
    root !== undefined
      ? hash(`id:${root}`)
      : index
        ? hash(`guid:${index.toString('hex', 6, HEADER)}`)
        : hash(`topic:${source.topic}`);
  return {
    conversationId,
    conversationIndex: index?.toString('hex') ?? makeIndex(conversationId, source),
  };
}

/**
 * The Thread-Index of an answer: that of its source and one response level more, which says how long after the beginning
 * of the thread it was written (MS-OXOMSG 2.2.1.3). Base64; `undefined` for a source without a usable index.
 */
export function replyIndex(source: string, now: number): string | undefined {
  const index = decodeIndex(Buffer.from(source, 'hex').toString('base64'));
  if (!index) return undefined;
  const began = BigInt(`0x${index.toString('hex', 0, 6)}`) << 16n;
  const passed = (BigInt(Math.trunc(now)) + FILETIME_EPOCH_MS) * 10_000n - began;
  const delta = passed > 0n ? passed : 0n;
  // 31 bits of the time, coarser where the thread is older than 1.7 years.
  const old = delta >> 49n > 0n;
  const level = Buffer.alloc(LEVEL);
  level.writeUInt32BE(Number((delta >> (old ? 23n : 18n)) & 0x7fffffffn) + (old ? 0x80000000 : 0));
  level[4] = randomBytes(1)[0]!;
  // A thread that is longer than the index can say keeps its newest levels.
  const levels = Buffer.concat([index.subarray(HEADER), level]).subarray(-MAX_LEVELS * LEVEL);
  return Buffer.concat([index.subarray(0, HEADER), levels]).toString('base64');
}

function decodeIndex(value: string | undefined): Buffer | undefined {
  if (!value || value.length > 4096) return undefined;
  const bytes = Buffer.from(value.replace(/\s/g, ''), 'base64');
  const levels = (bytes.length - HEADER) / LEVEL;
  return Number.isInteger(levels) && levels >= 0 && levels <= MAX_LEVELS ? bytes : undefined;
}

/** Header from the time of sending and the conversation; one level of unknown time for a reply. */
function makeIndex(conversationId: string, { sent, references }: ThreadSource): string {
  const filetime = (BigInt(Math.trunc(sent)) + FILETIME_EPOCH_MS) * 10_000n;
  const header = (filetime >> 16n).toString(16).padStart(12, '0').slice(-12);
  return header + conversationId + (references.length > 0 ? '00'.repeat(LEVEL) : '');
}

const hash = (key: string) => createHash('sha256').update(key).digest('hex').slice(0, 32);
