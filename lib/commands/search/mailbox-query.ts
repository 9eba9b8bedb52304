import { MailboxQuery } from '../../documents/search.ts';
import { parseFolderId } from '../../mailbox/server-id.ts';
import { type Folder, ROOT } from '../../mailbox/types.ts';
import type { FolderId } from '../../ops/ids.ts';
import type { ProtocolVersion } from '../../protocol/versions.ts';
import { parseQuery } from '../../search/kql.ts';
import type { SearchQuery } from '../../search/types.ts';
import { decodeElement, type WbxmlElement, WbxmlError } from '../../wbxml/index.ts';
import { SearchFailed, Status } from './status.ts';

/** MS-ASCMD R920. Items of the others are found once there are some. */
const CLASSES: ReadonlySet<string> = new Set(['Email', 'Calendar', 'Contacts', 'Tasks', 'Notes', 'SMS']);
type Wanted = NonNullable<SearchQuery['classes']>[number];

/** What a `Query` of a mailbox search says. @throws SearchFailed */
export function mailboxQuery(
  element: WbxmlElement,
  version: ProtocolVersion,
  folders: readonly Folder[],
  deep: boolean,
): SearchQuery {
  refuseComplex(element);
  const { And: asked } = decoded(element, version);
  if (!asked) throw new SearchFailed(Status.Invalid);
  const text = parseQuery(asked.FreeText ?? '');
  const classes = asked.Class && [...new Set(asked.Class)];
  if (classes?.some((name) => !CLASSES.has(name))) throw new SearchFailed(Status.Invalid);
  const query = {
    ...text,
    after: latest(text.after, asked.GreaterThan?.Value),
    before: earliest(text.before, asked.LessThan?.Value),
    conversations: asked.ConversationId && [Buffer.from(asked.ConversationId).toString('hex')],
  };
  const says = query.clauses.length > 0 || query.conversations !== undefined;
  const dated = query.after !== undefined || query.before !== undefined;
  // Nothing to search for is no search (R4329): a client that lists a folder has Sync.
  if (!says && !dated && query.attachments === undefined) throw new SearchFailed(Status.Invalid);
  const named = asked.CollectionId;
  return {
    ...query,
    ...(classes && { classes: classes as readonly Wanted[] }),
    ...(named && { folders: foldersOf(named, folders, deep) }),
  };
}

/** One And with all the rest in it; everything else is too much (R772, R923, R2032, R2086, R3105, R3143, R3220). */
function refuseComplex(element: WbxmlElement): void {
  const [and, ...more] = element.children;
  if (!and) throw new SearchFailed(Status.Invalid);
  const nested = and.children.some(({ tag }) => tag === 'And' || tag === 'Or' || tag === 'EqualTo');
  if (more.length > 0 || and.tag !== 'And' || nested) throw new SearchFailed(Status.TooComplex);
  // R5815: which of two would be meant?
  if (and.children.filter(({ tag }) => tag === 'ConversationId').length > 1) throw new SearchFailed(Status.Invalid);
}

function decoded(element: WbxmlElement, version: ProtocolVersion): MailboxQuery {
  try {
    return decodeElement(MailboxQuery, element, version);
  } catch (error) {
    if (error instanceof WbxmlError) throw new SearchFailed(Status.Invalid);
    throw error;
  }
}

/**
 * The folders that are named, with those below them where that is asked for. The root stands for all: some clients name
 * it to search everywhere. `undefined` is everywhere. @throws SearchFailed 11 for a folder that is not there
 */
export function foldersOf(
  named: readonly string[],
  folders: readonly Folder[],
  deep: boolean,
): readonly FolderId[] | undefined {
  if (named.includes(ROOT)) return undefined;
  const there = new Set(folders.map(({ id }) => id));
  const wanted = new Set<FolderId>();
  for (const name of named) {
    const id = parseFolderId(name);
    if (!there.has(id!)) throw new SearchFailed(Status.FolderSync);
    wanted.add(id!);
  }
  // Parents come before their children.
  if (deep) for (const { id, parent } of folders) if (wanted.has(parent)) wanted.add(id);
  return [...wanted];
}

const latest = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
const earliest = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
