import { ResolveRecipientsRequest, ResolveRecipientsResponse } from '../documents/resolve-recipients.ts';
import type { AddressBook, Entry } from '../identity/address-book.ts';
import type { Certificates } from '../identity/certificates.ts';
import type { Groups } from '../identity/groups.ts';
import { NO_PHOTOS, type Photos } from '../identity/photos.ts';
import type { Account } from '../identity/types.ts';
import { type Command, type CommandContext, document } from '../protocol/command.ts';
import { fold } from '../search/tokens.ts';
import {
  availabilityOf,
  type FreeBusy,
  type Interval,
  NO_DATA,
  parseInterval,
} from './resolve-recipients/availability.ts';
import { CertificateBudget, certificatesOf, NO_CERTIFICATES, Retrieval } from './resolve-recipients/certificates.ts';
import { type Picture, type PictureWish, pictures, wantsPictures } from './search/pictures.ts';

export interface ResolveRecipientsDeps {
  readonly addressBook: AddressBook;
  /** Groups have members only where somebody says which; nobody has photos or certificates where these are absent. */
  readonly groups?: Pick<Groups, 'expand'>;
  readonly photos?: Pick<Photos, 'each'>;
  readonly certificates?: Pick<Certificates, 'valid'>;
  /** Of an account; no data where absent. */
  readonly freeBusy?: (account: Account) => FreeBusy;
}

type Options = NonNullable<ResolveRecipientsRequest['Options']>;
type Response = NonNullable<ResolveRecipientsResponse['Response']>[number];
type Recipient = NonNullable<Response['Recipient']>[number];

/** MS-ASCMD 2.2.3.177.12. */
export const Status = { Success: 1, Protocol: 5, Server: 6 } as const;
export const ResponseStatus = { Resolved: 1, Ambiguous: 2, AmbiguousPartial: 3, Unresolved: 4 } as const;
/** A GAL entry (R4686). */
const GAL = 1;
/** R5656, R5873. */
const MAX_TO = 100;
const MAX_TO_LENGTH = 256;
/** Suggestions for an ambiguous name where the client does not say how many it wants. */
const SUGGESTIONS = 20;
const MAX_SUGGESTIONS = 100;
/** The most that MaxCertificates may be. */
const MAX_CERTIFICATES = 9999;
const UNREADABLE: ReadonlySet<number> = new Set([103, 104]);

/** How the answer is to be, checked. */
interface Wish {
  /** `CertificateRetrieval`, 1 for none. */
  readonly retrieval: number;
  readonly budget: CertificateBudget;
  readonly suggestions: number;
  readonly interval?: Interval;
  readonly picture?: PictureWish;
}

/** What is known of a To. */
interface Found {
  readonly To: string;
  readonly entries: readonly Entry[];
}

/** MS-ASCMD 2.2.1.15: names and addresses against the address list. */
export function createResolveRecipients(
  deps: ResolveRecipientsDeps,
): Command<ResolveRecipientsRequest, ResolveRecipientsResponse> {
  return {
    name: 'ResolveRecipients',
    code: 21,
    request: ResolveRecipientsRequest,
    response: ResolveRecipientsResponse,
    body: 'required',
    needsPolicy: true,
    run: async (context, request) => document(await run(deps, context, request!)),
    failure: (status) => ({ Status: UNREADABLE.has(status) ? Status.Protocol : status }),
  };
}

async function run(
  deps: ResolveRecipientsDeps,
  context: CommandContext,
  { To, Options: options }: ResolveRecipientsRequest,
): Promise<ResolveRecipientsResponse> {
  const wish = wishOf(context, options ?? {});
  const tooMany = To.length === 0 || To.length > MAX_TO || To.some((name) => name.length > MAX_TO_LENGTH);
  if (!wish || tooMany) return { Status: Status.Protocol };
  const found: Found[] = [];
  for (const name of To) found.push({ To: name, entries: await candidates(deps.addressBook, context.account, name) });
  const photos = wish.picture ? await photosOf(deps, found, wish.picture, wish.suggestions) : undefined;
  const Response: Response[] = [];
  // In the order of the request, each To with its own answer (R4620).
  for (const one of found) Response.push(await answer(deps, one, wish, { place: Response.length, photos }));
  return { Status: Status.Success, Response };
}

/** `undefined` for options that mean nothing. */
function wishOf({ version }: CommandContext, options: Options): Wish | undefined {
  const { CertificateRetrieval = 1, MaxCertificates = 0, MaxAmbiguousRecipients = SUGGESTIONS, Availability } = options;
  const sound =
    within(CertificateRetrieval, 1, 3) && within(MaxCertificates, 0, 9999) && within(MaxAmbiguousRecipients, 0, 9999);
  if (!sound) return undefined;
  const wish = {
    retrieval: CertificateRetrieval,
    // Without a limit there is that of the element itself.
    budget: new CertificateBudget(options.MaxCertificates === undefined ? MAX_CERTIFICATES : MaxCertificates),
    suggestions: Math.min(MaxAmbiguousRecipients, MAX_SUGGESTIONS),
    picture: wantsPictures(options.Picture, version) ? options.Picture : undefined,
  };
  if (!Availability || version < 140) return wish;
  const interval = parseInterval(Availability.StartTime, Availability.EndTime);
  return interval && { ...wish, interval };
}

const within = (value: number, low: number, high: number) => value >= low && value <= high;

type Shown = { readonly place: number; readonly photos: ReadonlyMap<string, Picture> | undefined };

async function answer(
  deps: ResolveRecipientsDeps,
  { To, entries }: Found,
  wish: Wish,
  { place, photos }: Shown,
): Promise<Response> {
  const [only] = entries;
  if (!only) return { To, Status: ResponseStatus.Unresolved, RecipientCount: 0 };
  if (entries.length === 1) {
    const details = await detailsOf(deps, only, wish, place);
    const Recipient = [{ ...told(only, photos), ...details }];
    return { To, Status: ResponseStatus.Resolved, RecipientCount: 1, Recipient };
  }
  // Neither certificates nor free and busy times of people who may not be meant (R4279, R4617, R4623).
  const some = entries.slice(0, wish.suggestions);
  const status = some.length < entries.length ? ResponseStatus.AmbiguousPartial : ResponseStatus.Ambiguous;
  const Recipient = some.map((entry) => told(entry, photos));
  return { To, Status: status, RecipientCount: some.length, Recipient };
}

/** Certificates and times of who is meant: one person, or all in a group as if they were one. */
async function detailsOf(
  { groups, certificates = NO_CERTIFICATES, freeBusy = () => NO_DATA }: ResolveRecipientsDeps,
  { account, group }: Entry,
  { retrieval, budget, interval }: Wish,
  place: number,
): Promise<Pick<Recipient, 'Certificates' | 'Availability'>> {
  if (retrieval === Retrieval.None && !interval) return { Availability: undefined, Certificates: undefined };
  const people = (group && (await groups?.expand(group))) ?? { accounts: account ? [account] : [], outside: [] };
  const { accounts, outside } = people;
  const strangers = outside.length;
  return {
    Availability: interval && (await availabilityOf(freeBusy, { accounts, strangers }, interval, place)),
    Certificates:
      retrieval === Retrieval.None
        ? undefined
        : await certificatesOf(certificates, accounts, { retrieval, budget, recipients: accounts.length + strangers }),
  };
}

/** Over all of the request: the limit on pictures is one for the whole answer. */
async function photosOf(
  { photos = NO_PHOTOS }: ResolveRecipientsDeps,
  found: readonly Found[],
  wish: PictureWish,
  suggestions: number,
): Promise<ReadonlyMap<string, Picture>> {
  const shown = found.flatMap(({ entries }) => (entries.length > 1 ? entries.slice(0, suggestions) : entries));
  const once = [...new Map(shown.map((entry) => [entry.address, entry])).values()];
  const made = await pictures(photos, once, wish);
  return new Map(once.map(({ address }, n) => [address, made[n]!]));
}

/** Whom an address names, or the only one with exactly this name; otherwise all whose names begin so. */
async function candidates(addressBook: AddressBook, owner: Account, to: string): Promise<readonly Entry[]> {
  const address = /<([^<>]+)>\s*$/.exec(to)?.[1] ?? to;
  const exact = address.includes('@') ? await addressBook.byAddress(owner, address) : undefined;
  if (exact) return [exact];
  const found = await addressBook.find(owner, to);
  const name = fold(to.trim());
  const same = found.filter(({ displayName, alias }) => fold(displayName) === name || alias === name);
  return same.length === 1 ? same : found;
}

function told(entry: Entry, photos: Shown['photos']): Recipient {
  const { displayName: DisplayName, address: EmailAddress } = entry;
  const picture = photos?.get(EmailAddress);
  return { Type: GAL, DisplayName, EmailAddress, Picture: picture && [picture] };
}
