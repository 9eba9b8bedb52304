/** A query as an expression of FTS5. Words are letters and digits by then, so nothing in them is syntax. */
import type { FolderId } from '../../ops/ids.ts';
import { type Clause, FIELDS, type IndexedItem, type SearchQuery, type Term } from '../types.ts';

/** Every item has it, so that a query without words has something to match. */
const ANY = 'xany';
/** No item has it: a list of nothing matches nothing. */
const NONE = 'xnone';
const ATTACHMENTS = { true: 'xfiles', false: 'xnofiles' } as const;
/** Letters of either case and dashes mean something in a folder's id, and nothing to the tokenizer. */
const folderWord = (folder: FolderId) => `f${Buffer.from(folder).toString('hex')}`;
const classWord = (name: string) => `k${name.toLowerCase()}`;
const conversationWord = (id: string) => `c${id}`;

/** What is found by more than words, as words of a column of its own. */
export function placeWords({ folder, class: of, conversation, attachments }: IndexedItem): string {
  return [ANY, folderWord(folder), classWord(of), conversationWord(conversation), ATTACHMENTS[`${attachments}`]].join(
    ' ',
  );
}

export function expressionOf(query: SearchQuery): string {
  const all = [ANY].map(place);
  if (query.folders) all.push(anyOf(query.folders.map(folderWord)));
  if (query.classes) all.push(anyOf(query.classes.map(classWord)));
  if (query.conversations) all.push(anyOf(query.conversations.map((id) => conversationWord(hexOnly(id)))));
  if (query.attachments !== undefined) all.push(place(ATTACHMENTS[`${query.attachments}`]));
  const excluded: string[] = [];
  for (const clause of query.clauses) (clause.not ? excluded : all).push(clauseOf(clause));
  return [all.length > 1 ? all.slice(1).join(' AND ') : all[0]!, ...excluded].join(' NOT ');
}

const place = (word: string) => `(place : "${word}")`;
const anyOf = (words: readonly string[]) =>
  words.length === 0 ? place(NONE) : `(place : (${words.map((word) => `"${word}"`).join(' OR ')}))`;
const hexOnly = (text: string) => text.replace(/[^0-9a-f]/g, '');

const clauseOf = ({ any }: Clause): string => (any.length === 0 ? place(NONE) : `(${any.map(termOf).join(' OR ')})`);

function termOf({ words, prefix, fields = FIELDS }: Term): string {
  return `({${fields.join(' ')}} : "${words.join(' ')}"${prefix ? ' *' : ''})`;
}
