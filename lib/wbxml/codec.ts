import type { ProtocolVersion } from '../protocol/versions.ts';
import { compile } from './compile.ts';
import { parseDocument, type WbxmlElement } from './element.ts';
import { WbxmlError } from './error.ts';
import type { Limits } from './limits.ts';
import type { Schema } from './schema.ts';
import { tagNamed } from './tags.ts';
import { type Fragment, WbxmlWriter } from './writer.ts';

/** A buffer above this is not kept for the next document. */
const KEEP = 1024 * 1024;
let spare: WbxmlWriter | undefined;

/** Reads a document. Throws WbxmlError, and nothing else, whatever the bytes are. */
export function decode<T>(schema: Schema<T>, bytes: Uint8Array, version: ProtocolVersion, limits?: Limits): T {
  return decodeElement(schema, parseDocument(bytes, limits), version, true);
}

/**
 * Reads an element, usually an `ApplicationData` with the schema of its class. The element's own tag is not compared, so
 * that an item's schema also reads `Properties` of ItemOperations; `strict` compares it. Throws WbxmlError.
 */
export function decodeElement<T>(
  schema: Schema<T>,
  element: WbxmlElement,
  version: ProtocolVersion,
  strict = false,
): T {
  const { page, token } = tagNamed(schema.namespace, schema.tag);
  if (strict && (element.page !== page || element.token !== token)) {
    throw new WbxmlError('xml', `Expected ${schema.namespace}:${schema.tag}`, element.path, element.offset);
  }
  return compile(schema.shape, version).read(element) as T;
}

/** Writes a document. Throws WbxmlError `value` where the value does not fit the schema. */
export function encode<T>(schema: Schema<T>, value: T, version: ProtocolVersion): Uint8Array {
  const { page, token } = tagNamed(schema.namespace, schema.tag);
  return borrow((writer) => {
    writer.beginDocument();
    compile(schema.shape, version).write(writer, page, token, value);
    return writer.toDocument();
  });
}

/** Writes what an item holds, without the element around it, to be embedded in any document. Throws as `encode`. */
export function encodeFragment<T>(schema: Schema<T>, value: T, version: ProtocolVersion): Fragment {
  const { page, token } = tagNamed(schema.namespace, schema.tag);
  const { content } = compile(schema.shape, version);
  if (content === undefined) throw new TypeError(`${schema.tag} is no container`);
  return borrow((writer) => {
    writer.beginFragment();
    content(writer, page, token, value);
    return writer.toFragment();
  });
}

/** Lends the one writer that is kept; a getter that encodes inside of an encode gets one of its own. */
function borrow<R>(use: (writer: WbxmlWriter) => R): R {
  const writer = spare ?? new WbxmlWriter();
  spare = undefined;
  try {
    return use(writer);
  } finally {
    if (writer.capacity <= KEEP) spare = writer;
  }
}
