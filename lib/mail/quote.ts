/** The text below a reply or forward: who wrote what to whom, and what it said. */
import { plainToHtml } from './html.ts';

export interface Original {
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly received: number;
  readonly text: string;
  readonly html?: string;
}

/** A new message and what it quotes, in the forms that the result will have. */
export interface Quoted {
  readonly text: string;
  readonly html?: string;
}

/** HTML where either has some: a forwarded newsletter would be a ruin as plain text. */
export function quote(written: { readonly text: string; readonly html?: string }, original: Original): Quoted {
  const text = `${written.text.trimEnd()}\r\n\r\n${plainHead(original)}\r\n\r\n${original.text}`;
  if (written.html === undefined && original.html === undefined) return { text };
  const above = written.html ?? plainToHtml(written.text);
  const { styles, inner } = bodyOf(original.html ?? plainToHtml(original.text));
  const below = `<br><hr><div>${htmlHead(original)}</div><br>${styles}<div>${inner}</div>`;
  return { text, html: insertBelow(above, below) };
}

function headLines({ from, to, cc, subject, received }: Original): readonly (readonly [string, string])[] {
  const lines: [string, string][] = [
    ['From', from],
    ['Sent', new Date(received).toUTCString()],
    ['To', to],
  ];
  if (cc) lines.push(['Cc', cc]);
  lines.push(['Subject', subject]);
  return lines;
}

function plainHead(original: Original): string {
  const lines = headLines(original).map(([name, value]) => `${name}: ${value}`);
  return ['-----Original Message-----', ...lines].join('\r\n');
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (character) => ESCAPES[character]!);

function htmlHead(original: Original): string {
  return headLines(original)
    .map(([name, value]) => `<b>${name}:</b> ${escapeHtml(value)}`)
    .join('<br>\r\n');
}

/** Before the last `</body>`; at the end where there is none. */
function insertBelow(html: string, below: string): string {
  const end = html.toLowerCase().lastIndexOf('</body');
  return end < 0 ? html + below : html.slice(0, end) + below + html.slice(end);
}

/** What is between the body tags, and the style sheets, which may stand in the head. Linear, whatever the HTML is. */
function bodyOf(html: string): { readonly styles: string; readonly inner: string } {
  const lower = html.toLowerCase();
  const open = lower.indexOf('<body');
  const start = open < 0 ? -1 : lower.indexOf('>', open);
  if (start < 0) return { styles: '', inner: html };
  const end = lower.lastIndexOf('</body');
  const inner = html.slice(start + 1, end > start ? end : undefined);
  let styles = '';
  for (let at = lower.indexOf('<style'); at >= 0 && at < open; ) {
    const close = lower.indexOf('</style>', at);
    if (close < 0 || close > open) break;
    styles += html.slice(at, close + 8);
    at = lower.indexOf('<style', close);
  }
  return { styles, inner };
}
