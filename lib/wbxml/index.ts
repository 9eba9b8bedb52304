export { decode, decodeElement, encode, encodeFragment } from './codec.ts';
export { parseDocument, WbxmlElement } from './element.ts';
export { WbxmlError, type WbxmlErrorReason } from './error.ts';
export { DEFAULT_LIMITS, type Limits, limits } from './limits.ts';
export type { Namespace } from './pages.ts';
export { type WbxmlEvent, WbxmlReader } from './reader.ts';
export { redact } from './redact.ts';
export type { Infer, Ordered, Schema } from './schema.ts';
export { Fragment, WbxmlWriter } from './writer.ts';
