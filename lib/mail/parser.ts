/** postal-mime, held to limits that it does not have. What is used of its inside is named here; tests hold it to that. */
import PostalMime from 'postal-mime';
import { Headers } from './headers.ts';
import type { MailLimits } from './limits.ts';
import type { PartNode } from './parts.ts';

interface ContentDecoder {
  update(line: Uint8Array): void;
  finalize(): Promise<ArrayBuffer>;
}

interface NodeInside {
  readonly state: 'header' | 'body' | 'finished';
  contentDecoder: ContentDecoder | null;
  setupContentDecoder(encoding: string): void;
}

interface ParserInside {
  readonly root: PartNode;
  currentNode: NodeInside;
  readonly av: Uint8Array;
  readPos: number;
  collectNode(): Promise<void>;
  finalize(): Promise<void>;
}

/** The tree of a message. `whole` is false where parts or lines past a limit were left out. @throws the parser's errors */
export async function parseTree(
  raw: Uint8Array,
  limits: MailLimits,
): Promise<{ readonly headers: Headers; readonly root: PartNode; readonly whole: boolean }> {
  const parser = new PostalMime({
    maxNestingDepth: limits.depth,
    maxHeadersSize: limits.headerBytes,
    forceRfc822Attachments: true,
  });
  const inside = parser as unknown as ParserInside;
  // Bodies are put together by collectParts, which repairs charsets and knows limits.
  inside.collectNode = () => inside.finalize();
  const withinParts = watchParts(inside, limits.parts);
  const source = boundLines(raw, limits.lines);
  const { headers } = await parser.parse(source);
  return {
    headers: new Headers(headers),
    root: inside.root,
    whole: withinParts() && source.length === raw.length,
  };
}

/**
 * Ends the reading after `limit` parts: each costs memory whatever its size, and a few megabytes of nothing but
 * boundaries would fill gigabytes. @returns whether all was read
 */
function watchParts(inside: ParserInside, limit: number): () => boolean {
  let node = inside.currentNode;
  let parts = 0;
  useLineBuffer(node);
  Object.defineProperty(inside, 'currentNode', {
    get: () => node,
    set(next: NodeInside) {
      node = next;
      // A part that begins is in its header; after the end of one the parser goes back to its parent.
      if (next.state !== 'header') return;
      useLineBuffer(next);
      if (++parts > limit) inside.readPos = inside.av.length;
    },
  });
  return () => parts <= limit;
}

/**
 * The parser's own decoder of plain lines keeps two objects for each line and joins them as a Blob: 20 microseconds
 * and a kilobyte a line, in messages whose lines a stranger counts out.
 */
function useLineBuffer(node: NodeInside): void {
  const setup = node.setupContentDecoder;
  node.setupContentDecoder = (encoding) => {
    if (/base64|quoted-printable/i.test(encoding)) setup.call(node, encoding);
    else node.contentDecoder = new LineBuffer();
  };
}

class LineBuffer implements ContentDecoder {
  #bytes = new Uint8Array(512);
  #used = 0;

  update(line: Uint8Array): void {
    const needed = this.#used + line.length + 1;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = larger;
    }
    this.#bytes.set(line, this.#used);
    this.#bytes[needed - 1] = 0x0a;
    this.#used = needed;
  }

  async finalize(): Promise<ArrayBuffer> {
    const all = this.#bytes.buffer.slice(0, this.#used);
    this.#bytes = new Uint8Array(0);
    return all;
  }
}

/** The message up to its `limit`th line. */
function boundLines(raw: Uint8Array, limit: number): Uint8Array {
  if (raw.length <= limit) return raw;
  let lines = 0;
  for (let at = raw.indexOf(0x0a); at >= 0; at = raw.indexOf(0x0a, at + 1)) {
    if (++lines >= limit) return raw.subarray(0, at + 1);
  }
  return raw;
}
