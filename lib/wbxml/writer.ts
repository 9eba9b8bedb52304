const SWITCH_PAGE = 0x00;
const END = 0x01;
const STR_I = 0x03;
const OPAQUE = 0xc3;
const CONTENT = 0x40;
const HEADER = Buffer.from([0x03, 0x01, 0x6a, 0x00]);
/** Above this the engine's own encoder is faster than the loop here. */
const SHORT = 24;
const NUL = '\0';

/** Content encoded ahead of the document that will hold it, whatever code page is current there. */
export class Fragment {
  /** Without the page switch that may have to precede it. */
  readonly bytes: Uint8Array;
  readonly firstPage: number;
  readonly lastPage: number;

  constructor(bytes: Uint8Array, firstPage: number, lastPage: number) {
    this.bytes = bytes;
    this.firstPage = firstPage;
    this.lastPage = lastPage;
  }

  /** Bytes that it takes in a document, at most. */
  get size(): number {
    return this.bytes.length === 0 ? 0 : this.bytes.length + 2;
  }
}

/**
 * Writes WBXML tokens into a buffer that grows. A tag waits until its content is known, so that an empty element costs
 * one byte. A NUL ends an inline string, whatever follows would be read as tokens; it is therefore never written.
 */
export class WbxmlWriter {
  #buffer: Buffer;
  #length = 0;
  /** -1 before the first tag of a fragment, whose surroundings are not known. */
  #page = 0;
  #firstPage = -1;
  /** The tag that waits, or -1. */
  #pending = -1;

  constructor(capacity = 4096) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  get capacity(): number {
    return this.#buffer.length;
  }

  /** Forgets what was written and begins a document. */
  beginDocument(): void {
    this.#reset(0);
    HEADER.copy(this.#buffer, 0);
    this.#length = HEADER.length;
  }

  /** Forgets what was written and begins a fragment. */
  beginFragment(): void {
    this.#reset(-1);
  }

  start(page: number, token: number): void {
    this.#ensure(4);
    this.#flush();
    if (page !== this.#page) this.#switchPage(page);
    this.#pending = token;
  }

  end(): void {
    this.#ensure(1);
    if (this.#pending >= 0) {
      this.#buffer[this.#length++] = this.#pending;
      this.#pending = -1;
    } else this.#buffer[this.#length++] = END;
  }

  /** Text inside of the open element; NULs are left out, an empty string leaves the element empty. */
  text(value: string): void {
    // A character is at most three bytes of UTF-8 for each of its UTF-16 units.
    this.#ensure(value.length * 3 + 3);
    if (value.length <= SHORT) this.#short(value);
    else this.#long(value);
  }

  opaque(value: Uint8Array): void {
    this.#ensure(value.length + 7);
    this.#flush();
    this.#buffer[this.#length++] = OPAQUE;
    this.#number(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  fragment(value: Fragment): void {
    if (value.bytes.length === 0) return;
    this.#ensure(value.bytes.length + 4);
    this.#flush();
    if (value.firstPage !== this.#page) this.#switchPage(value.firstPage);
    this.#buffer.set(value.bytes, this.#length);
    this.#length += value.bytes.length;
    this.#page = value.lastPage;
  }

  /** A copy of what was written. */
  toDocument(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#length));
  }

  toFragment(): Fragment {
    return new Fragment(this.toDocument(), Math.max(this.#firstPage, 0), Math.max(this.#page, 0));
  }

  /** ASCII byte by byte; the first other character hands over to the encoder. */
  #short(value: string): void {
    const buffer = this.#buffer;
    const before = this.#length;
    const pending = this.#pending;
    let at = before;
    if (pending >= 0) buffer[at++] = pending | CONTENT;
    buffer[at++] = STR_I;
    const from = at;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) {
        this.#long(value);
        return;
      }
      if (code !== 0) buffer[at++] = code;
    }
    if (at === from) return;
    buffer[at++] = 0;
    this.#pending = -1;
    this.#length = at;
  }

  #long(value: string): void {
    const clean = value.includes(NUL) ? value.replaceAll(NUL, '') : value;
    if (clean === '') return;
    this.#flush();
    this.#buffer[this.#length++] = STR_I;
    this.#length += this.#buffer.write(clean, this.#length, 'utf8');
    this.#buffer[this.#length++] = 0;
  }

  #flush(): void {
    if (this.#pending < 0) return;
    this.#buffer[this.#length++] = this.#pending | CONTENT;
    this.#pending = -1;
  }

  #switchPage(page: number): void {
    if (this.#firstPage < 0 && this.#page < 0) this.#firstPage = page;
    else {
      this.#buffer[this.#length++] = SWITCH_PAGE;
      this.#buffer[this.#length++] = page;
    }
    this.#page = page;
  }

  #number(value: number): void {
    let shift = 28;
    while (shift > 0 && value >>> shift === 0) shift -= 7;
    for (; shift > 0; shift -= 7) this.#buffer[this.#length++] = ((value >>> shift) & 0x7f) | 0x80;
    this.#buffer[this.#length++] = value & 0x7f;
  }

  #ensure(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  #reset(page: number): void {
    this.#length = 0;
    this.#page = page;
    this.#firstPage = -1;
    this.#pending = -1;
  }
}
