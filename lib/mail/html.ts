import { compile } from 'html-to-text';
import { Parser } from 'htmlparser2';
import { cleanText, cutUtf8 } from './text.ts';

/** A tag longer than this is no reason to throw away what stands before it. */
const MAX_TAG = 4096;
const MAX_OPEN = 500;

/** Compiled once: making the converter takes longer than converting a short message. */
const convert = compile({
  wordwrap: false,
  limits: { maxDepth: 100, maxChildNodes: 20_000, ellipsis: '...' },
  selectors: [
    { selector: 'img', format: 'skip' },
    { selector: 'a', options: { linkBrackets: ['<', '>'], hideLinkHrefIfSameAsText: true, noAnchorUrl: true } },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    { selector: 'table', options: { uppercaseHeaderCells: false } },
  ],
});

/**
 * Plain text of an HTML body: links after their words, no images, no wrapping. Time and memory grow with `maxChars`
 * only; what nests deeper than 100 elements is left out.
 */
export function htmlToPlain(html: string, maxChars: number): string {
  const source = html.slice(0, maxChars);
  try {
    return nestsDeeper(source, MAX_OPEN) ? stripTags(source) : cleanText(convert(source));
  } catch {
    return stripTags(source);
  }
}

/**
 * Whether more elements are open at one time: the converter's time grows with their square, and 100,000 unclosed tags
 * would take minutes. Its own parser decides what nests: `<li><dd>` does and `<li><li>` does not, `</x>` closes nothing,
 * and a `</div>` inside a comment or an attribute is no tag.
 */
function nestsDeeper(html: string, limit: number): boolean {
  let open = 0;
  const parser = new Parser(
    {
      onopentagname() {
        if (++open > limit) throw new TooDeep();
      },
      onclosetag() {
        open--;
      },
    },
    { decodeEntities: false },
  );
  try {
    parser.end(html);
    return false;
  } catch (error) {
    if (error instanceof TooDeep) return true;
    throw error;
  }
}

/** Ends the parsing: what follows would be the expensive part. */
class TooDeep extends Error {}

/** The plainest conversion there is, for HTML that the converter gave up on. */
function stripTags(html: string): string {
  let text = '';
  for (let at = 0; at < html.length; ) {
    const open = html.indexOf('<', at);
    text += `${html.slice(at, open < 0 ? undefined : open)} `;
    const close = open < 0 ? -1 : html.indexOf('>', open);
    if (close < 0) break;
    at = close + 1;
  }
  return cleanText(text.replace(/[ \t]+/g, ' ').trim());
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** HTML that shows `text` as it is, for clients that take nothing else. */
export function plainToHtml(text: string): string {
  const body = text.replace(/[&<>"]/g, (character) => ESCAPES[character]!).replace(/\r\n|\r|\n/g, '<br>\r\n');
  return `<html><head><meta charset="utf-8"></head><body>${body}</body></html>`;
}

/** What is sent is UTF-8: a document that claims something else would be decoded twice (seen on iOS and Android). */
export function declareUtf8(html: string): string {
  const head = html.slice(0, 16_384);
  // No pattern here may look at a character often: a message may have two thousand such heads.
  const fixed = head
    .replace(/(<meta\b[^<>]{0,300}?\bcharset\s{0,8}=\s{0,8}["']?\s{0,8})[\w.:-]{1,40}/gi, '$1utf-8')
    .replace(/^(\s*<\?xml[^>]{0,100}?encoding\s*=\s*["'])[\w.:-]{1,40}/i, '$1utf-8');
  return fixed === head ? html : fixed + html.slice(16_384);
}

/** `cutUtf8` that does not end inside a tag or an entity. */
export function cutHtml(html: string, bytes: number): string {
  const cut = cutUtf8(html, bytes);
  if (cut.length === html.length) return html;
  const open = cut.lastIndexOf('<');
  if (open >= 0 && cut.length - open < MAX_TAG && cut.indexOf('>', open) < 0) return cut.slice(0, open);
  const entity = cut.lastIndexOf('&');
  return entity >= 0 && cut.length - entity < 12 && cut.indexOf(';', entity) < 0 ? cut.slice(0, entity) : cut;
}
