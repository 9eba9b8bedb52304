/**
 * What people type: words and "phrases", of which all must be there; `subject:`, `from:` and their kin; OR, NOT and a
 * leading minus; dates of arrival. A part that means nothing is taken for words: a search never fails for its syntax.
 */
import { MAX_PHRASE, phraseOf } from './tokens.ts';
import { type Clause, FIELDS, type Field, type SearchQuery, type Term } from './types.ts';

const PEOPLE: readonly Field[] = ['sender', 'recipients'];
const PROPERTIES: Readonly<Record<string, readonly Field[]>> = {
  subject: ['subject'],
  title: ['subject'],
  body: ['body'],
  content: FIELDS,
  from: ['sender'],
  sender: ['sender'],
  author: ['sender'],
  to: ['recipients'],
  cc: ['recipients'],
  bcc: ['recipients'],
  recipients: ['recipients'],
  participants: PEOPLE,
  attachment: ['files'],
  attachments: ['files'],
  attachmentnames: ['files'],
  filename: ['files'],
};

/** Characters, words and tokens of a query; more would cost more than they say. What is past them is not looked for. */
const MAX_CHARACTERS = 1_024;
const MAX_PARTS = 32;
const MAX_TOKENS = 128;
const PART = /(-?)(?:([a-zA-Z]+)(:|>=|<=|>|<|=))?(?:"([^"]*)"?|([^\s"()]+))|([()])/g;
const DAY_MS = 86_400_000;

type Parsed = Pick<SearchQuery, 'clauses' | 'after' | 'before' | 'attachments'>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Part {
  readonly term: Term;
  readonly not: boolean;
  readonly property?: string;
}

export function parseQuery(text: string): Parsed {
  const parsed: Mutable<Parsed> = { clauses: [] };
  const clauses: { any: Term[]; not: boolean; property?: string }[] = [];
  let [negated, joined, parts, left] = [false, false, 0, MAX_TOKENS];
  for (const match of text.slice(0, MAX_CHARACTERS).matchAll(PART)) {
    const [whole, minus, name, operator, quoted, word, parenthesis] = match;
    if (parenthesis) continue;
    if (whole === 'AND' || whole === 'NOT' || whole === 'OR') {
      negated ||= whole === 'NOT';
      joined = whole === 'OR' && clauses.length > 0;
      continue;
    }
    if (++parts > MAX_PARTS) break;
    const property = name?.toLowerCase();
    const value = quoted ?? word ?? '';
    if (property && restrict(parsed, property, operator!, value)) continue;
    const part = partOf(property, value, whole, quoted === undefined, Boolean(minus) !== negated, left);
    if (part) add(clauses, part, joined);
    left -= part?.term.words.length ?? 0;
    [negated, joined] = [false, false];
  }
  parsed.clauses = clauses.map(({ any, not }): Clause => (not ? { any, not } : { any }));
  return parsed;
}

function partOf(
  property: string | undefined,
  value: string,
  whole: string,
  open: boolean,
  not: boolean,
  left: number,
): Part | undefined {
  const fields = property === undefined ? undefined : PROPERTIES[property];
  // "Re: lunch" has no property of this name: it is text as it stands.
  const phrase = phraseOf(property !== undefined && !fields ? whole : value, open, Math.min(left, MAX_PHRASE));
  return phrase && { term: fields ? { ...phrase, fields } : phrase, not, property: fields && property };
}

/** Two restrictions of one property are alternatives, as people mean who name two senders. */
function add(
  clauses: { any: Term[]; not: boolean; property?: string }[],
  { term, not, property }: Part,
  joined: boolean,
) {
  const last = clauses.at(-1);
  const same = property !== undefined && last?.property === property;
  if (last && !last.not && !not && (joined || same)) last.any.push(term);
  else clauses.push({ any: [term], not, property });
}

/** Restrictions that are no words. @returns whether it was one */
function restrict(parsed: Mutable<Parsed>, property: string, operator: string, value: string): boolean {
  if (property === 'kind') return true;
  if (property === 'hasattachment' || property === 'hasattachments') {
    parsed.attachments = /^(yes|true|1)$/i.test(value);
    return true;
  }
  if (property !== 'received' && property !== 'sent') return false;
  const [from, to] = value.includes('..') ? value.split('..') : [value, value];
  const [start, end] = [dayOf(from!), dayOf(to!)];
  if (start === undefined || end === undefined) return false;
  if (operator === '>') parsed.after = start + DAY_MS - 1;
  else if (operator === '>=') parsed.after = start - 1;
  else if (operator === '<') parsed.before = start;
  else if (operator === '<=') parsed.before = start + DAY_MS;
  else [parsed.after, parsed.before] = [start - 1, end + DAY_MS];
  return true;
}

/** The beginning of a day in UTC; 2026-01-31 or 1/31/2026. */
function dayOf(text: string): number | undefined {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})/.exec(text);
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  if (!iso && !american) return undefined;
  const [year, month, day] = iso ? iso.slice(1) : [american![3], american![1], american![2]];
  return Date.UTC(Number(year), Number(month) - 1, Number(day));
}
