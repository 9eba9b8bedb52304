import { Gal } from '../documents/items/gal.ts';
import { SearchRequest, SearchResponse } from '../documents/search.ts';
import type { AddressBook } from '../identity/address-book.ts';
import { NO_PHOTOS, type Photos } from '../identity/photos.ts';
import { formatServerId } from '../mailbox/server-id.ts';
import type { Item } from '../mailbox/types.ts';
import { errorFields } from '../ops/log.ts';
import { type Command, type CommandContext, document } from '../protocol/command.ts';
import type { MailSearch } from '../search/mail-search.ts';
import { StoreUnavailable } from '../store/ports.ts';
import { encodeFragment } from '../wbxml/index.ts';
import { galResults } from './search/gal.ts';
import { mailboxQuery } from './search/mailbox-query.ts';
import { parseRange, type Range, toldRange } from './search/range.ts';
import { SearchFailed, Status } from './search/status.ts';
import { type ShownClass, type ShownClasses, shownClasses, type Wish } from './show/item.ts';

export interface SearchDeps {
  readonly mail: Pick<MailSearch, 'search'>;
  readonly addressBook: AddressBook;
  /** No photos where absent. */
  readonly photos?: Pick<Photos, 'each'>;
  readonly classes: readonly ShownClass[];
  /** Bytes of bodies in one answer; results past it are told without. Default 16 MB. */
  readonly bytes?: number;
}

type Services = Omit<SearchDeps, 'classes' | 'bytes'> & { readonly classes: ShownClasses; readonly bytes: number };
type Asked = SearchRequest['Store'];
type Store = NonNullable<SearchResponse['Response']>['Store'];
type Result = NonNullable<Store['Result']>[number];

/** Results that can be had (MS-ASCMD R3733, R3735). */
const MAX_RESULTS = 100;
const ALL: Range = { from: 0, to: MAX_RESULTS - 1 };
const DEFAULT_BYTES = 16 * 1024 * 1024;
/** A document that cannot be read (common statuses); the command has a status of its own for what failed (R4329). */
const UNREADABLE: ReadonlySet<number> = new Set([103, 104]);

const FIRST_WITH_MAILBOX = 120;

/** MS-ASCMD 2.2.1.16. */
export function createSearch(deps: SearchDeps): Command<SearchRequest, SearchResponse> {
  const bytes = deps.bytes ?? DEFAULT_BYTES;
  if (!Number.isSafeInteger(bytes) || bytes <= 0) throw new RangeError('bytes of Search must be a positive integer');
  const services = { ...deps, classes: shownClasses(deps.classes), bytes };
  return {
    name: 'Search',
    code: 16,
    request: SearchRequest,
    response: SearchResponse,
    body: 'required',
    needsPolicy: true,
    run: async (context, request) => document(await run(services, context, request!.Store)),
    failure: (status) => (UNREADABLE.has(status) ? answer({ Status: Status.Invalid }) : { Status: status }),
  };
}

const answer = (Store: Store): SearchResponse => ({ Status: Status.Success, Response: { Store } });

async function run(services: Services, context: CommandContext, asked: Asked): Promise<SearchResponse> {
  try {
    return answer(await searched(services, context, asked));
  } catch (error) {
    if (error instanceof SearchFailed) return answer({ Status: error.status });
    throw error;
  }
}

async function searched(services: Services, context: CommandContext, asked: Asked): Promise<Store> {
  const range = rangeOf(asked.Options?.Range);
  switch (asked.Name.trim().toLowerCase()) {
    case 'gal':
      return await addresses(services, context, asked, range);
    case 'mailbox':
      // 2.5 has the address list and nothing else (R6091): its query is text.
      if (context.version < FIRST_WITH_MAILBOX) throw new SearchFailed(Status.Invalid);
      return await mails(services, context, asked, range);
    case 'documentlibrary':
      throw new SearchFailed(Status.NotFound);
    default:
      throw new SearchFailed(Status.Invalid);
  }
}

/** @throws SearchFailed 2 for what is none, 12 for more than can be had (R3736) */
function rangeOf(text: string | undefined): Range {
  if (text === undefined) return ALL;
  const range = parseRange(text);
  if (!range) throw new SearchFailed(Status.Invalid);
  if (range.to >= MAX_RESULTS) throw new SearchFailed(Status.Range);
  return range;
}

async function addresses(
  { addressBook, photos }: Services,
  context: CommandContext,
  asked: Asked,
  range: Range,
): Promise<Store> {
  const { version, account } = context;
  if (asked.Query.children.length > 0) throw new SearchFailed(Status.Invalid);
  const found = await addressBook.find(account, asked.Query.text());
  const entries = found.slice(range.from, range.to + 1);
  const told = await galResults(entries, version, asked.Options?.Picture, photos ?? NO_PHOTOS);
  const Result = told.map((entry): Result => ({ Properties: encodeFragment(Gal, entry, version) }));
  // R3847: no Result where nothing was found.
  return { Status: Status.Success, Result, Range: toldRange(range, entries.length), Total: found.length };
}

async function mails(services: Services, context: CommandContext, asked: Asked, range: Range): Promise<Store> {
  const { mailbox, version } = context;
  const { Options: options, Query } = asked;
  const query = mailboxQuery(Query, version, await mailbox.folders(), options?.DeepTraversal === true);
  const wish = wishOf(context, options);
  const { items, total } = await services.mail.search(mailbox, query, range);
  const Result = await results(services, context, items, wish);
  // R3850: an empty one where nothing was found.
  return {
    Status: Status.Success,
    Result: Result.length > 0 ? Result : [{}],
    Range: toldRange(range, Result.length),
    Total: total,
  };
}

function wishOf({ version }: CommandContext, options: Asked['Options']): Wish {
  const { MIMESupport: mimeSupport = 0, BodyPartPreference: part, BodyPreference } = options ?? {};
  if (mimeSupport < 0 || mimeSupport > 2) throw new SearchFailed(Status.Invalid);
  if (part && part.Type !== 2) throw new SearchFailed(Status.BodyPartType);
  const bodyPreferences = BodyPreference ?? [];
  return { version, bodyPreferences, bodyPartPreference: part, mimeSupport, withoutPreference: 'size' };
}

async function results(
  services: Services,
  context: CommandContext,
  items: readonly Item[],
  wish: Wish,
): Promise<Result[]> {
  const { log, requestId } = context;
  let left = services.bytes;
  const told: Result[] = [];
  for (const item of items) {
    const handler = services.classes.get(item.class);
    if (!handler) continue;
    const cost = handler.cost(item, wish);
    const bare = cost > left;
    left -= bare ? 0 : cost;
    try {
      const shown = await handler.show(
        item,
        bare ? { ...wish, bodyPreferences: [], bodyPartPreference: undefined } : wish,
      );
      const LongId = formatServerId(item.folder, item.id);
      told.push({ Class: item.class, LongId, CollectionId: item.folder, Properties: shown.properties });
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      // One message that cannot be shown does not hide the others.
      log.warn('item cannot be shown', { requestId, item: item.id, ...errorFields(error) });
    }
  }
  return told;
}
