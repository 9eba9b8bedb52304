import type { Email } from '../documents/items/email.ts';
import { decideFlag } from './flag.ts';
import { cleanLine } from './text.ts';
import type { EmailContent } from './types.ts';

/** MS-ASEMAIL 2.2.2.16: as many categories as the codec lets through; each bounded, since the row holds them. */
const MAX_CATEGORY_CHARS = 255;

export type Applied =
  /** `parts` as in `LogRow`: which of `r` (read), `f` (follow-up flag), `c` (categories) differ. */
  | { readonly result: 'changed'; readonly content: EmailContent; readonly kind: 'flags'; readonly parts: string }
  | { readonly result: 'same' }
  /** Status 6 of Sync: the client sent what it may not change, or a flag that breaks a rule. */
  | { readonly result: 'refused'; readonly status: 6 };

const REFUSED: Applied = { result: 'refused', status: 6 };

/** A client's Change of a message that is no draft: read state, follow-up flag, categories. Elements left out stay. */
export function applyEmailChange(content: EmailContent, change: Email): Applied {
  // R347, R648, R723, R817, R835: the server's own, and a client that sends them is told so.
  const { ConversationId, ReceivedAsBcc, Sender, UmCallerID, UmUserNotes } = change;
  const own = [ConversationId, ReceivedAsBcc, Sender, UmCallerID, UmUserNotes];
  if (own.some((value) => value !== undefined)) return REFUSED;
  let next = content;
  if (change.Read !== undefined && change.Read !== content.read) next = { ...next, read: change.Read };
  if (change.Flag !== undefined) {
    const meeting = content.messageClass.startsWith('IPM.Schedule.Meeting');
    const decision = decideFlag(change.Flag, content.flag, { subject: content.subject, meeting });
    if (!decision.ok) return REFUSED;
    next = withField(next, 'flag', decision.flag);
  }
  if (change.Categories !== undefined) next = withField(next, 'categories', categoriesOf(change.Categories.Category));
  const parts = flagParts(content, next);
  return parts === '' ? { result: 'same' } : { result: 'changed', content: next, kind: 'flags', parts };
}

/** Which of read state, follow-up flag and categories differ, as `LogRow.parts` writes it. */
export function flagParts(before: EmailContent, after: EmailContent): string {
  const read = before.read === after.read ? '' : 'r';
  const flag = same(before.flag, after.flag) ? '' : 'f';
  return read + flag + (same(before.categories, after.categories) ? '' : 'c');
}

/** R319: an empty container removes them all. */
function categoriesOf(categories: readonly string[]): readonly string[] | undefined {
  const names = [...new Set(categories.map((name) => cleanLine(name).slice(0, MAX_CATEGORY_CHARS)).filter(Boolean))];
  return names.length > 0 ? names : undefined;
}

/** A copy with the field, or without it where there is none: rows hold no `undefined`. */
function withField<K extends 'flag' | 'categories'>(
  content: EmailContent,
  name: K,
  value: EmailContent[K],
): EmailContent {
  const { [name]: _old, ...rest } = content;
  return (value === undefined ? rest : { ...rest, [name]: value }) as EmailContent;
}

/** Equal whatever the order of their properties. */
function same(a: object | undefined, b: object | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return stable(a) === stable(b);
}

const stable = (value: object): string =>
  Array.isArray(value) ? JSON.stringify(value) : JSON.stringify(Object.entries(value).sort());
