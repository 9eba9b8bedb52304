/** Walks the parts of a parsed message: which are its body, which are attachments. */
import { decodeWords } from 'postal-mime';
import { decodeText, htmlCharset } from './charset.ts';
import { codePageOf } from './code-page.ts';
import { declareUtf8, htmlToPlain, plainToHtml } from './html.ts';
import type { MailLimits } from './limits.ts';
import type { ClassPart } from './message-class.ts';
import { attachmentName } from './names.ts';
import { cleanLine, cleanText, cutUtf8 } from './text.ts';

/** The part of postal-mime's tree that is read here; a test holds the installed version to it. */
export interface PartNode {
  readonly childNodes: readonly PartNode[];
  readonly contentType: {
    readonly parsed: { readonly value: string; readonly params: Readonly<Record<string, string>> };
    readonly multipart: string | false;
  };
  readonly contentDisposition: {
    readonly parsed: { readonly value: string; readonly params: Readonly<Record<string, string>> };
  };
  readonly contentId?: string | undefined;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
  readonly content: ArrayBuffer | null;
  decodeFlowedText(text: string, delSp: boolean): string;
}

export interface ParsedAttachment {
  readonly name: string;
  readonly contentType: string;
  readonly content: Uint8Array;
  /** MS-ASAIRS R225, R2299. */
  readonly method: 1 | 5;
  readonly contentId?: string;
  readonly contentLocation?: string;
  /** Shown inside the HTML body, which names it by Content-ID or Content-Location. */
  readonly inline: boolean;
}

export interface ParsedBody {
  readonly text: string;
  readonly html?: string;
  /** Of what was written in: the first HTML, or the first text where there is none. */
  readonly codePage?: number;
  readonly attachments: readonly ParsedAttachment[];
  readonly leaves: readonly Leaf[];
}

export interface Leaf extends ClassPart {
  /** All of it. */
  readonly text: () => string;
}

/** One piece of the body: both forms of a multipart/alternative, or a text part that stands alone. */
interface Section {
  plain?: string;
  html?: string;
}

interface Walk {
  readonly sections: Section[];
  readonly files: PartNode[];
  readonly leaves: Leaf[];
  readonly codePages: { plain?: number; html?: number };
  readonly limits: MailLimits;
}

export function collectParts(root: PartNode, limits: MailLimits): ParsedBody {
  const walk: Walk = { sections: [], files: [], leaves: [], codePages: {}, limits };
  visit(root, undefined, walk);
  const html = htmlOf(walk.sections);
  const text = textOf(walk.sections, limits).trimEnd();
  const shown = shownIn(html ?? '');
  const attachments = walk.files.slice(0, limits.attachments).map((node) => toAttachment(node, shown));
  const codePage = walk.codePages.html ?? walk.codePages.plain;
  return { text, html, codePage, attachments, leaves: walk.leaves };
}

function visit(node: PartNode, alternative: Section | undefined, walk: Walk): void {
  const { multipart } = node.contentType;
  if (multipart && node.childNodes.length > 0) {
    const section = multipart === 'alternative' ? addSection(walk) : alternative;
    for (const child of node.childNodes) visit(child, section, walk);
    return;
  }
  const type = node.contentType.parsed.value.toLowerCase();
  walk.leaves.push(leafOf(node, type));
  // A multipart without parts: its boundary is missing or never appears. What it holds is shown rather than lost.
  if (multipart) addText(node, 'plain', alternative, walk);
  else if (isBody(node, type, walk)) addText(node, type === 'text/html' ? 'html' : 'plain', alternative, walk);
  else if (node.content) walk.files.push(node);
}

function addSection(walk: Walk): Section {
  const section: Section = {};
  walk.sections.push(section);
  return section;
}

/** Inline text is body. A named text after the body began is a file that Apple Mail marked as inline. */
function isBody(node: PartNode, type: string, walk: Walk): boolean {
  if (type !== 'text/plain' && type !== 'text/html' && type !== 'text') return false;
  const { value, params } = node.contentDisposition.parsed;
  if (value.toLowerCase() === 'attachment') return false;
  const named = params.filename || node.contentType.parsed.params.name;
  return !named || !walk.sections.some(({ plain, html }) => plain ?? html);
}

function addText(node: PartNode, kind: 'plain' | 'html', alternative: Section | undefined, walk: Walk): void {
  const { text, codePage } = textContent(node, kind);
  const blank = text.trim() === '';
  // Some mailers write an empty HTML form beside the text: shown, it would hide what there is to read.
  if (kind === 'html' && blank) return;
  const section = alternative ?? addSection(walk);
  if (!blank) walk.codePages[kind] ??= codePage;
  section[kind] = section[kind] === undefined ? text : `${section[kind]}\n${text}`;
}

function textContent(node: PartNode, kind: 'plain' | 'html') {
  const bytes = bytesOf(node);
  const { charset, format, delsp } = node.contentType.parsed.params;
  const label = charset ?? (kind === 'html' ? htmlCharset(bytes) : undefined);
  const codePage = codePageOf(bytes, label);
  const text = cleanText(decodeText(bytes, label));
  if (kind === 'html') return { text: declareUtf8(text), codePage };
  const flowed = format?.toLowerCase() === 'flowed';
  return { text: flowed ? node.decodeFlowedText(text, delsp?.toLowerCase() === 'yes') : text, codePage };
}

const bytesOf = (node: PartNode) => new Uint8Array(node.content ?? new ArrayBuffer(0));

/** HTML only where the sender wrote some: what was written as plain text stays so (NativeBodyType). */
function htmlOf(sections: readonly Section[]): string | undefined {
  if (!sections.some(({ html }) => html)) return undefined;
  return sections.map(({ html, plain }) => html ?? (plain ? plainToHtml(plain) : '')).join('\n');
}

/** The converter is slow: all sections share what one long one may cost, for a message may have two thousand. */
function textOf(sections: readonly Section[], limits: MailLimits): string {
  let left = limits.htmlChars;
  const texts = sections.map(({ plain, html }) => {
    if (plain?.trim() || !html) return plain ?? '';
    const text = htmlToPlain(html, left);
    left = Math.max(0, left - html.length);
    return text;
  });
  return texts.join('\n');
}

function leafOf(node: PartNode, contentType: string): Leaf {
  return {
    contentType,
    name: node.contentDisposition.parsed.params.filename ?? node.contentType.parsed.params.name ?? '',
    method: node.contentType.parsed.params.method,
    head: () => decodeText(bytesOf(node).subarray(0, 65_536), undefined),
    text: () => decodeText(bytesOf(node), node.contentType.parsed.params.charset),
  };
}

/** What an HTML body shows. */
interface Shown {
  /** Named by `cid:`, in lower case. */
  readonly ids: ReadonlySet<string>;
  /** Values of attributes, and what stands in `url()`. */
  readonly places: ReadonlySet<string>;
}

const MAX_SHOWN = 10_000;
const ID = /\bcid:([^"'\s)<>]{1,500})/gi;
const VALUE = /=\s{0,8}(?:"([^"]{1,500})"|'([^']{1,500})'|([^\s"'<>]{1,500}))/g;
const URL_VALUE = /\burl\(\s{0,8}["']?([^"'<>()]{1,500})/gi;

/** Read once: to look for each of 250 names in 20 MB of HTML takes a minute where the HTML is made for it. */
function shownIn(html: string): Shown {
  const [ids, places] = [new Set<string>(), new Set<string>()];
  for (const [, id] of html.matchAll(ID)) {
    ids.add(safeDecode(id!).toLowerCase());
    if (ids.size >= MAX_SHOWN) break;
  }
  for (const pattern of [VALUE, URL_VALUE]) {
    for (const [, double, single, bare] of html.matchAll(pattern)) {
      places.add((double ?? single ?? bare)!.trim());
      if (places.size >= MAX_SHOWN) break;
    }
  }
  return { ids, places };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function toAttachment(node: PartNode, shown: Shown): ParsedAttachment {
  const contentType =
    cleanLine(node.contentType.parsed.value.toLowerCase()).slice(0, 200) || 'application/octet-stream';
  const content = bytesOf(node);
  const contentId = bounded(node.contentId?.replace(/^\s*<|>\s*$/g, ''));
  const contentLocation = bounded(node.headers.find(({ key }) => key === 'content-location')?.value);
  const given = node.contentDisposition.parsed.params.filename || node.contentType.parsed.params.name;
  const inline =
    (contentId !== undefined && shown.ids.has(contentId.toLowerCase())) ||
    (contentLocation !== undefined && shown.places.has(contentLocation));
  return {
    name: attachmentName(given ? decodeWords(given) : '', contentType, content),
    contentType,
    content,
    method: contentType === 'message/rfc822' ? 5 : 1,
    contentId,
    contentLocation,
    inline,
  };
}

function bounded(value: string | undefined): string | undefined {
  return value ? cutUtf8(cleanLine(decodeWords(value)), 500) || undefined : undefined;
}
