import { isUtf8 } from 'node:buffer';
import { WbxmlError } from './error.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { Namespace } from './pages.ts';
import { WbxmlReader } from './reader.ts';
import { namespaceName, tagName, tagNamed } from './tags.ts';

/** One element of a document without a schema: children or content, never judged. */
export class WbxmlElement {
  readonly page: number;
  readonly token: number;
  readonly children: readonly WbxmlElement[];
  /** Text, bytes of an opaque value, or nothing. */
  content: string | Uint8Array | undefined;
  /** Where its tag is in the document; undefined for an element that was made here. */
  readonly offset: number | undefined;
  #parent: WbxmlElement | undefined;
  #children: WbxmlElement[] = [];

  constructor(page: number, token: number, offset?: number) {
    this.page = page;
    this.token = token;
    this.offset = offset;
    this.children = this.#children;
  }

  /** For tests and for items that are built without a schema. Throws TypeError for a tag that no code page has. */
  static of(namespace: Namespace, tag: string, content?: string | Uint8Array | readonly WbxmlElement[]): WbxmlElement {
    const info = tagNamed(namespace, tag);
    const element = new WbxmlElement(info.page, info.token);
    if (typeof content === 'string' || content instanceof Uint8Array) element.content = content;
    else for (const child of content ?? []) element.append(child);
    return element;
  }

  get tag(): string {
    return tagName(this.page, this.token);
  }

  get namespace(): string {
    return namespaceName(this.page);
  }

  append(child: WbxmlElement): void {
    child.#parent = this;
    this.#children.push(child);
  }

  /** The first child with this name. */
  child(namespace: Namespace, tag: string): WbxmlElement | undefined {
    const { page, token } = tagNamed(namespace, tag);
    return this.#children.find((child) => child.page === page && child.token === token);
  }

  /**
   * The content as text. Some clients send text as an opaque value: its NULs are left out, as no string can have any.
   * Throws WbxmlError where it is not UTF-8.
   */
  text(): string {
    if (typeof this.content === 'string') return this.content;
    if (this.content === undefined) return '';
    if (!isUtf8(this.content)) throw new WbxmlError('wbxml', 'A value is not UTF-8', this.path, this.offset);
    return Buffer.from(this.content.buffer, this.content.byteOffset, this.content.byteLength)
      .toString('utf8')
      .replaceAll('\0', '');
  }

  /** `Sync/Collections/Collection[2]/SyncKey`: a number where siblings share the name. */
  get path(): string {
    const parent = this.#parent;
    if (parent === undefined) return this.tag;
    const twins = parent.#children.filter((child) => child.page === this.page && child.token === this.token);
    const index = twins.length > 1 ? `[${twins.indexOf(this) + 1}]` : '';
    return `${parent.path}/${this.tag}${index}`;
  }
}

/** Reads a document as a tree. Throws WbxmlError for everything that is not one. */
export function parseDocument(document: Uint8Array, limits: Limits = DEFAULT_LIMITS): WbxmlElement {
  const reader = new WbxmlReader(document, limits);
  const open: WbxmlElement[] = [];
  let root: WbxmlElement | undefined;
  try {
    for (;;) {
      const event = reader.next();
      const parent = open.at(-1);
      if (event === 'start') {
        const element = new WbxmlElement(reader.page, reader.token, reader.offset);
        parent?.append(element);
        root ??= element;
        open.push(element);
      } else if (event === 'end') {
        open.pop();
      } else if (event === 'eof') {
        return root!;
      } else {
        addContent(parent!, event === 'text' ? reader.string : reader.bytes);
      }
    }
  } catch (error) {
    if (!(error instanceof WbxmlError)) throw error;
    // The reader knows the names of what is open, the tree also knows which of several twins.
    const path = open.at(-1)?.path ?? error.path;
    throw new WbxmlError(error.reason, error.problem, path, error.offset);
  }
}

/** Clients may cut text into several strings and entities; an opaque value comes whole. */
function addContent(element: WbxmlElement, piece: string | Uint8Array): void {
  const before = element.content;
  if (before === undefined) element.content = piece;
  else if (typeof before === 'string' && typeof piece === 'string') element.content = before + piece;
  else throw new WbxmlError('wbxml', 'An opaque value is not alone in its element', element.path, element.offset);
}
