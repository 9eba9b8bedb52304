import { FindProperties, FindRequest, FindResponse } from '../documents/find.ts';
import type { AddressBook } from '../identity/address-book.ts';
import { NO_PHOTOS, type Photos } from '../identity/photos.ts';
import { previewOf } from '../mail/text.ts';
import { formatServerId } from '../mailbox/server-id.ts';
import type { Item } from '../mailbox/types.ts';
import { type Command, type CommandContext, document } from '../protocol/command.ts';
import { parseQuery } from '../search/kql.ts';
import type { MailSearch } from '../search/mail-search.ts';
import { encodeFragment } from '../wbxml/index.ts';
import { galResults } from './search/gal.ts';
import { foldersOf } from './search/mailbox-query.ts';
import { parseRange, type Range, toldRange } from './search/range.ts';
import { SearchFailed, Status as SearchStatus } from './search/status.ts';

export interface FindDeps {
  readonly mail: Pick<MailSearch, 'search'>;
  readonly addressBook: AddressBook;
  /** No photos where absent. */
  readonly photos?: Pick<Photos, 'each'>;
}

type Response = NonNullable<FindResponse['Response']>;
type Result = NonNullable<Response['Result']>[number];
type MailCriterion = NonNullable<FindRequest['ExecuteSearch']['MailBoxSearchCriterion']>;
type GalCriterion = NonNullable<FindRequest['ExecuteSearch']['GalSearchCriterion']>;

/** MS-ASCMD 2.2.3.177.2. */
export const Status = { Success: 1, Invalid: 2, FolderSync: 3, Range: 4 } as const;
const DEFAULT_RANGE: Range = { from: 0, to: 99 };
const PREVIEW_CHARACTERS = 255;
const UNREADABLE: ReadonlySet<number> = new Set([103, 104]);

/** MS-ASCMD 2.2.1.2. */
export function createFind(deps: FindDeps): Command<FindRequest, FindResponse> {
  return {
    name: 'Find',
    code: 23,
    request: FindRequest,
    response: FindResponse,
    body: 'required',
    needsPolicy: true,
    versions: { since: 161 },
    run: async (context, request) => document(await run(deps, context, request!.ExecuteSearch)),
    failure: (status) => ({ Status: UNREADABLE.has(status) ? Status.Invalid : status }),
  };
}

async function run(
  deps: FindDeps,
  context: CommandContext,
  asked: FindRequest['ExecuteSearch'],
): Promise<FindResponse> {
  const { MailBoxSearchCriterion: mail, GalSearchCriterion: gal } = asked;
  if ((mail === undefined) === (gal === undefined)) return { Status: Status.Invalid };
  const text = (mail ?? gal)!.Options?.Range;
  const range = text === undefined ? DEFAULT_RANGE : parseRange(text);
  // As many results as three digits say.
  if (!range) return failed(Status.Invalid);
  // R72172518: every request asks from the beginning.
  if (range.from !== 0) return failed(Status.Range);
  try {
    const found = mail ? await mails(deps, context, mail, range) : await addresses(deps, context, gal!, range);
    return { Status: Status.Success, Response: { Store: 'Mailbox', Status: Status.Success, ...found } };
  } catch (error) {
    if (!(error instanceof SearchFailed)) throw error;
    return error.status === SearchStatus.FolderSync ? { Status: Status.FolderSync } : failed(Status.Invalid);
  }
}

const failed = (status: number): FindResponse => ({
  Status: Status.Success,
  Response: { Store: 'Mailbox', Status: status },
});

type Found = Pick<Response, 'Result' | 'Range' | 'Total'>;

async function mails(deps: FindDeps, context: CommandContext, asked: MailCriterion, range: Range): Promise<Found> {
  const { mailbox, version } = context;
  const { FreeText = '', CollectionId, Class } = asked.Query;
  const query = parseQuery(FreeText);
  const { clauses, after, before, attachments } = query;
  if (clauses.length === 0 && after === undefined && before === undefined && attachments === undefined) {
    throw new SearchFailed(SearchStatus.Invalid);
  }
  const folders =
    CollectionId === undefined
      ? undefined
      : foldersOf([CollectionId], await mailbox.folders(), asked.Options?.DeepTraversal === true);
  // Find is for mail; of other classes nothing is found.
  if (Class !== undefined && Class !== 'Email') return { Total: 0 };
  const { items, total } = await deps.mail.search(mailbox, { ...query, ...(folders && { folders }) }, range);
  const Result = items.map((item): Result => {
    const properties = encodeFragment(FindProperties, mailProperties(item), version);
    const ServerId = formatServerId(item.folder, item.id);
    return { Class: item.class, ServerId, CollectionId: item.folder, Properties: properties };
  });
  return { Result, Range: toldRange(range, Result.length), Total: total };
}

function mailProperties({ content }: Item): FindProperties {
  const { subject, received, displayTo, cc, bcc, importance, read, isDraft, text, attachments, from } = content;
  return {
    Subject: subject,
    DateReceived: received,
    DisplayTo: displayTo || undefined,
    DisplayCc: cc || undefined,
    DisplayBcc: bcc || undefined,
    Importance: importance,
    Read: read,
    IsDraft: isDraft ?? false,
    Preview: previewOf(text.prefix, PREVIEW_CHARACTERS) || undefined,
    HasAttachments: attachments.some(({ inline }) => !inline),
    From: from || undefined,
  };
}

async function addresses(deps: FindDeps, context: CommandContext, asked: GalCriterion, range: Range): Promise<Found> {
  const { account, version } = context;
  const found = await deps.addressBook.find(account, asked.Query);
  const entries = found.slice(range.from, range.to + 1);
  const told = await galResults(entries, version, asked.Options?.Picture, deps.photos ?? NO_PHOTOS);
  const Result = told.map((entry): Result => ({ Properties: encodeFragment(FindProperties, entry, version) }));
  return { Result, Range: toldRange(range, entries.length), Total: found.length };
}
