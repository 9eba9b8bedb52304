import { parseDocument, type WbxmlElement } from './element.ts';
import type { Limits } from './limits.ts';

const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const SPECIAL: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

/**
 * A document as XML, for people and for schema validators: the namespace of each code page is declared where it begins
 * (`<Sync xmlns="AirSync">`), opaque values are base64. Unknown tags are named `unknown-2B`. It holds everything that
 * the document holds, so it belongs into no log. Throws WbxmlError.
 */
export function toXml(document: Uint8Array, limits?: Limits): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${elementXml(parseDocument(document, limits), '')}`;
}

export function elementXml(element: WbxmlElement, outer: string): string {
  const name = element.tag.replace('#', 'unknown-');
  const namespace = element.namespace.replace('#', 'unknown-');
  const open = namespace === outer ? name : `${name} xmlns="${namespace}"`;
  const inner = contentXml(element) + element.children.map((child) => elementXml(child, namespace)).join('');
  return inner === '' ? `<${open}/>` : `<${open}>${inner}</${name}>`;
}

function contentXml({ content }: WbxmlElement): string {
  if (content === undefined) return '';
  if (typeof content !== 'string') return Buffer.from(content).toString('base64');
  // XML 1.0 has no way to write most control characters; the stand-in keeps their place visible.
  return content.replace(FORBIDDEN, '\ufffd').replace(/[&<>\r]/g, (character) => SPECIAL[character]!);
}
