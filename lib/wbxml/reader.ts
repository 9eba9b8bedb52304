import { isUtf8 } from 'node:buffer';
import { WbxmlError, type WbxmlErrorReason } from './error.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { tagName } from './tags.ts';

export type WbxmlEvent = 'start' | 'end' | 'text' | 'opaque' | 'eof';

const SWITCH_PAGE = 0x00;
const END = 0x01;
const ENTITY = 0x02;
const STR_I = 0x03;
const OPAQUE = 0xc3;
/** Tokens that WBXML 1.3 defines and this protocol does not use (MS-ASWBXML 2.1.1). */
const UNUSED: ReadonlyMap<number, string> = new Map([
  [0x04, 'LITERAL'],
  [0x40, 'EXT_I_0'],
  [0x41, 'EXT_I_1'],
  [0x42, 'EXT_I_2'],
  [0x43, 'PI'],
  [0x44, 'LITERAL_C'],
  [0x80, 'EXT_T_0'],
  [0x81, 'EXT_T_1'],
  [0x82, 'EXT_T_2'],
  [0x83, 'STR_T'],
  [0x84, 'LITERAL_A'],
  [0xc0, 'EXT_0'],
  [0xc1, 'EXT_1'],
  [0xc2, 'EXT_2'],
  [0xc4, 'LITERAL_AC'],
]);

/**
 * Pulls events out of a WBXML document without a schema. After `start`, `page` and `token` name the element (an empty one
 * is followed by its `end` at once); after `text` and `opaque`, `string` and `bytes` hold the value.
 *
 * Tokens and code pages that nobody defined pass, because they are well-formed and a newer client may send them. What
 * follows the root element is not looked at. String tables and attributes are errors.
 */
export class WbxmlReader {
  /** Of the element that the last `start` opened or the last `end` closed. */
  page = 0;
  token = 0;
  /** Where the last event begins. */
  offset = 0;
  string = '';
  bytes: Uint8Array = new Uint8Array(0);

  readonly #buffer: Buffer;
  readonly #limits: Limits;
  #position = 0;
  #page = 0;
  #open: number[] = [];
  #elements = 0;
  #emptyElement = false;
  #done = false;

  /** Reads the header. Throws WbxmlError where it is not `03 01 6A 00` or an equivalent of it, or for a document over `limits.bytes`. */
  constructor(document: Uint8Array, limits: Limits = DEFAULT_LIMITS) {
    this.#buffer = Buffer.from(document.buffer, document.byteOffset, document.byteLength);
    this.#limits = limits;
    if (document.byteLength > limits.bytes) throw this.#error('limit', 'The document is too large');
    this.#header();
  }

  next(): WbxmlEvent {
    if (this.#emptyElement) {
      this.#emptyElement = false;
      return this.#close();
    }
    if (this.#done) return 'eof';
    for (;;) {
      this.offset = this.#position;
      const byte = this.#byte();
      // The whole byte decides first: 0x43 masked would be STR_I, 0xC3 too.
      switch (byte) {
        case SWITCH_PAGE:
          this.#page = this.#byte();
          break;
        case END:
          return this.#close();
        case STR_I:
          return this.#text();
        case OPAQUE:
          return this.#opaque();
        case ENTITY:
          return this.#entity();
        default:
          return this.#start(byte);
      }
    }
  }

  /** Names of the open elements: `Sync/Collections/Collection`. */
  get path(): string {
    return this.#open.map((code) => tagName(code >> 6, code & 0x3f)).join('/');
  }

  #header(): void {
    const version = this.#byte();
    if (version < 0x01 || version > 0x03) throw this.#error('wbxml', 'Not a WBXML version that is known');
    // A public id of 0 is followed by an index into the string table.
    if (this.#number() === 0) this.#number();
    const charset = this.#number();
    if (charset !== 0x6a) throw this.#error('wbxml', 'The character set is not UTF-8');
    if (this.#number() !== 0) throw this.#error('wbxml', 'The document has a string table');
  }

  #start(byte: number): WbxmlEvent {
    const unused = UNUSED.get(byte);
    if (unused !== undefined) throw this.#error('wbxml', `The token ${unused} is not used by this protocol`);
    if ((byte & 0x80) !== 0) throw this.#error('wbxml', 'An element has attributes');
    const token = byte & 0x3f;
    if (token < 5) throw this.#error('wbxml', 'Not a token');
    if (this.#open.length >= this.#limits.depth) throw this.#error('limit', 'Elements are nested too deeply');
    if (++this.#elements > this.#limits.elements) throw this.#error('limit', 'Too many elements');
    this.page = this.#page;
    this.token = token;
    this.#open.push((this.#page << 6) | token);
    this.#emptyElement = (byte & 0x40) === 0;
    return 'start';
  }

  #close(): WbxmlEvent {
    const code = this.#open.pop();
    if (code === undefined) throw this.#error('wbxml', 'An END too many');
    this.page = code >> 6;
    this.token = code & 0x3f;
    this.#done = this.#open.length === 0;
    return 'end';
  }

  #text(): WbxmlEvent {
    const from = this.#position;
    const buffer = this.#buffer;
    let end = from;
    let seen = 0;
    // One pass finds the NUL and tells ASCII, which needs no decoder, from the rest.
    for (; end < buffer.length; end++) {
      const byte = buffer[end]!;
      if (byte === 0) break;
      seen |= byte;
    }
    if (end === buffer.length) throw this.#error('wbxml', 'A string has no end');
    this.#content(end - from);
    this.string = seen < 0x80 ? buffer.toString('latin1', from, end) : this.#utf8(from, end);
    this.#position = end + 1;
    return 'text';
  }

  #opaque(): WbxmlEvent {
    const length = this.#number();
    if (length > this.#buffer.length - this.#position) throw this.#error('wbxml', 'An opaque value has no end');
    this.#content(length);
    // A view, not a copy: a message of many megabytes comes as one such value.
    this.bytes = new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset + this.#position, length);
    this.#position += length;
    return 'opaque';
  }

  #entity(): WbxmlEvent {
    const code = this.#number();
    if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw this.#error('wbxml', 'An entity is no character');
    }
    this.#content(4);
    this.string = String.fromCodePoint(code);
    return 'text';
  }

  #content(length: number): void {
    if (this.#open.length === 0) throw this.#error('wbxml', 'Content outside of an element');
    if (length > this.#limits.text) throw this.#error('limit', 'A value is too long');
  }

  #utf8(from: number, end: number): string {
    if (!isUtf8(this.#buffer.subarray(from, end))) throw this.#error('wbxml', 'A string is not UTF-8');
    return this.#buffer.toString('utf8', from, end);
  }

  #byte(): number {
    if (this.#position >= this.#buffer.length) throw this.#error('wbxml', 'The document ends too early');
    return this.#buffer[this.#position++]!;
  }

  /** mb_uint32: at most five bytes and 32 bits. */
  #number(): number {
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const byte = this.#byte();
      value = value * 128 + (byte & 0x7f);
      if (value > 0xffffffff) break;
      if ((byte & 0x80) === 0) return value;
    }
    throw this.#error('wbxml', 'A number is larger than 32 bits');
  }

  #error(reason: WbxmlErrorReason, problem: string): WbxmlError {
    return new WbxmlError(reason, problem, this.path, this.offset);
  }
}
