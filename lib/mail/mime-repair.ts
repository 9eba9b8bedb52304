/**
 * A message whose bytes are no text, as one whose bytes are: bodies in 8 bits of some charset become base64 of the same
 * bytes, raw headers become encoded words. What is text already is not touched, so the parts of a multipart/signed stay
 * as they were signed; where one of them is no text, its signature cannot be kept in Data, but what it says can.
 */
import { decodeText, headerEnd } from './charset.ts';
import { readFields, repairField } from './header-repair.ts';
import { MAIL_LIMITS, type MailLimits } from './limits.ts';
import { FIELD, type RawField } from './raw-message.ts';
import { fitsText } from './text.ts';

/** Lines beginning with two hyphens that are compared with the open boundaries. */
const DASHED_LINES = 200_000;

class TooMuch extends Error {}

/** `undefined` where the message is past a limit. The line ends of `raw` are CRLF. */
export function repairMime(raw: Uint8Array, limits: MailLimits = MAIL_LIMITS): Uint8Array | undefined {
  const buffer = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  const beginning = buffer.toString('latin1', 0, 200);
  // No header, so no MIME: nothing names a charset or could name an encoding.
  if (!FIELD.test(beginning) && !beginning.startsWith('From ')) return Buffer.from(decodeText(raw, undefined), 'utf8');
  try {
    return new Walk(buffer, limits).run();
  } catch (error) {
    if (error instanceof TooMuch) return undefined;
    throw error;
  }
}

interface Multipart {
  readonly opens: string;
  readonly closes: string;
  /** Of parts that name none (RFC 2046 5.1.5). */
  readonly partType: string;
  readonly charset: string | undefined;
}

/** `from`: the line end before it, which is part of it; `line`, `to`: the line with its end. */
interface Delimiter {
  readonly from: number;
  readonly to: number;
  readonly level: number;
  readonly closing: boolean;
}

/** What an entity begins with when it names nothing. */
interface Inherited {
  readonly type: string;
  readonly charset: string | undefined;
}

const TEXT: Inherited = { type: 'text/plain', charset: undefined };

/** From the first byte to the last, each looked at a fixed number of times however parts are nested. */
class Walk {
  readonly #raw: Buffer;
  readonly #limits: MailLimits;
  readonly #out: Uint8Array[] = [];
  readonly #open: Multipart[] = [];
  #parts = 0;
  #headBytes = 0;
  #dashed = 0;

  constructor(raw: Buffer, limits: MailLimits) {
    this.#raw = raw;
    this.#limits = limits;
  }

  run(): Uint8Array {
    let next = this.#entity(0, TEXT);
    while (next) {
      const { from, to, level, closing } = next;
      const { partType, charset } = this.#open[level]!;
      this.#open.length = closing ? level : level + 1;
      this.#out.push(this.#raw.subarray(from, to));
      next = closing ? this.#beside(to, charset) : this.#entity(to, { type: partType, charset });
    }
    return Buffer.concat(this.#out);
  }

  /** A header and what it tells of, to the delimiter that ends it or, in a multipart, its first. */
  #entity(at: number, inherited: Inherited): Delimiter | undefined {
    if (++this.#parts > this.#limits.parts) throw new TooMuch();
    const { end, body } = this.#headOf(at);
    const broken = this.#delimiter(at, end);
    const head = readHead(this.#raw.toString('latin1', at, broken?.from ?? end), inherited);
    if (broken || body === end) {
      this.#write(head, false);
      return broken;
    }
    if (head.boundary !== undefined) {
      this.#write(head, true);
      this.#enter(head.boundary, head);
      return this.#beside(body, head.charset);
    }
    if (head.message) {
      this.#write(head, true);
      return this.#entity(body, { type: TEXT.type, charset: head.charset });
    }
    const next = this.#delimiter(body);
    this.#leaf(head, this.#raw.subarray(body, next?.from));
    return next;
  }

  #enter(boundary: string, { type, charset }: Head): void {
    if (this.#open.length >= this.#limits.depth) throw new TooMuch();
    const partType = type === 'multipart/digest' ? 'message/rfc822' : TEXT.type;
    this.#open.push({ opens: `--${boundary}`, closes: `--${boundary}--`, partType, charset });
  }

  /** Before the first part and after the last, where readers without MIME look: nothing can say how it is encoded. */
  #beside(at: number, charset: string | undefined): Delimiter | undefined {
    const next = this.#delimiter(at);
    const content = this.#raw.subarray(at, next?.from);
    this.#out.push(fitsText(content) ? content : Buffer.from(decodeText(content, charset), 'utf8'));
    return next;
  }

  #leaf(head: Head, content: Buffer): void {
    if (fitsText(content)) {
      this.#write(head, true);
      this.#out.push(content);
    } else if (head.encoding === 'quoted-printable') {
      this.#write(head, true);
      this.#out.push(Buffer.from(content.toString('latin1').replace(NO_TEXT, hex), 'latin1'));
    } else if (head.encoding === 'base64') {
      // Not of its alphabet, so nothing.
      this.#write(head, true);
      this.#out.push(Buffer.from(content.toString('latin1').replace(NO_TEXT, ''), 'latin1'));
    } else {
      const others = head.fields.filter(({ name }) => name !== ENCODING);
      const fields = [...others, { name: ENCODING, line: 'Content-Transfer-Encoding: base64' }];
      this.#write({ ...head, fields, ended: true }, true);
      this.#out.push(Buffer.from(content.toString('base64').replace(/.{76}/g, '$&\r\n'), 'latin1'));
    }
  }

  /** `whole`: with the empty line that ends it. */
  #write({ fields, charset, ended }: Head, whole: boolean): void {
    const lines = fields.map((field) => repairField(field, charset));
    this.#out.push(Buffer.from(`${lines.join('\r\n')}${ended ? '\r\n' : ''}${whole ? '\r\n' : ''}`, 'latin1'));
  }

  /** Where the empty line is, and what comes after it. All that was looked through counts, if it comes to nothing too. */
  #headOf(at: number): { readonly end: number; readonly body: number } {
    const area = this.#raw.subarray(at, at + this.#limits.headerBytes - this.#headBytes);
    const length = isBreak(area, 0) ? 0 : headerEnd(area);
    const end = at + length;
    if (length === area.length && end < this.#raw.length) throw new TooMuch();
    this.#headBytes += length;
    return { end, body: Math.min(this.#raw.length, end + (area[length] === CR ? 2 : 1)) };
  }

  /** The first line from `at` on that belongs to a multipart which is open. */
  #delimiter(at: number, end = this.#raw.length): Delimiter | undefined {
    if (this.#open.length === 0) return undefined;
    const raw = this.#raw.subarray(0, end);
    let line = raw[at] === DASH && raw[at + 1] === DASH ? at : after(raw, at);
    while (line > 0) {
      if (++this.#dashed > DASHED_LINES) throw new TooMuch();
      const ending = raw.indexOf(LF, line);
      const to = ending < 0 ? end : ending + 1;
      const text = raw.toString('latin1', line, to).trimEnd();
      const level = this.#open.findLastIndex(({ opens, closes }) => text === opens || text === closes);
      if (level >= 0)
        return { from: beforeBreak(raw, at, line), to, level, closing: text === this.#open[level]!.closes };
      line = after(raw, to - 1);
    }
    return undefined;
  }
}

const ENCODING = 'content-transfer-encoding';
const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const NO_TEXT = /[\0-\x08\x0b\x0c\x0e-\x1f\x80-\xff]/g;
const hex = (character: string) => `=${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

const isBreak = (bytes: Uint8Array, at: number) => bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF);
/** The next line that begins with two hyphens; 0 where there is none. */
const after = (raw: Buffer, at: number) => raw.indexOf('\n--', at) + 1;

function beforeBreak(raw: Uint8Array, least: number, line: number): number {
  if (line - 1 < least) return line;
  return line - 2 >= least && raw[line - 2] === CR ? line - 2 : line - 1;
}

interface Head {
  readonly fields: readonly RawField[];
  /** The last field has a line end. */
  readonly ended: boolean;
  readonly type: string;
  readonly charset: string | undefined;
  /** Of a multipart that has one. */
  readonly boundary: string | undefined;
  /** What follows is a header again. */
  readonly message: boolean;
  readonly encoding: 'base64' | 'quoted-printable' | undefined;
}

function readHead(text: string, inherited: Inherited): Head {
  const fields = readFields(text);
  const named = (wanted: string) => {
    const line = fields.find(({ name }) => name === wanted)?.line;
    return line?.slice(line.indexOf(':') + 1).trim();
  };
  const about = named('content-type') ?? '';
  const type = /^[^\s;]{1,200}/.exec(about)?.[0].toLowerCase() ?? inherited.type;
  const encoding = /base64|quoted-printable/i.exec(named(ENCODING) ?? '')?.[0].toLowerCase();
  return {
    fields,
    ended: text.endsWith('\r\n'),
    type,
    charset: parameter(about, CHARSET) ?? inherited.charset,
    boundary: type.startsWith('multipart/') ? parameter(about, BOUNDARY)?.trimEnd() || undefined : undefined,
    message: encoding === undefined && (type === 'message/rfc822' || type === 'message/global'),
    encoding: encoding as Head['encoding'],
  };
}

const CHARSET = /[;\s]charset\s{0,20}=\s{0,20}(?:"([^"]{1,40})"|([^\s;"]{1,40}))/i;
const BOUNDARY = /[;\s]boundary\s{0,20}=\s{0,20}(?:"((?:[^"\\]|\\.){1,300})"|([^\s;"]{1,300}))/i;

function parameter(value: string, pattern: RegExp): string | undefined {
  const [, quoted, bare] = pattern.exec(value) ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? bare;
}
