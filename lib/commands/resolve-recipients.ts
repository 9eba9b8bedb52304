import { ResolveRecipientsRequest, ResolveRecipientsResponse } from '../documents/resolve-recipients.ts';
import type { AddressBook, Entry } from '../identity/address-book.ts';
import type { Account } from '../identity/types.ts';
import { type Command, type CommandContext, document } from '../protocol/command.ts';
import { fold } from '../search/tokens.ts';
import { type FreeBusy, type Interval, NO_DATA, parseInterval } from './resolve-recipients/availability.ts';

export interface ResolveRecipientsDeps {
  readonly addressBook: AddressBook;
  /** Of an account; no data where absent. */
  readonly freeBusy?: (account: Account) => FreeBusy;
}

type Options = NonNullable<ResolveRecipientsRequest['Options']>;
type Response = NonNullable<ResolveRecipientsResponse['Response']>[number];
type Recipient = NonNullable<Response['Recipient']>[number];

/** MS-ASCMD 2.2.3.177.12. */
const Status = { Success: 1, Protocol: 5, Server: 6 } as const;
const ResponseStatus = { Resolved: 1, Ambiguous: 2, AmbiguousPartial: 3, Unresolved: 4 } as const;
const NO_CERTIFICATES = 7;
const NO_PICTURE = 173;
/** A GAL entry (R4686). */
const GAL = 1;
/** R5656, R5873. */
const MAX_TO = 100;
const MAX_TO_LENGTH = 256;
/** Suggestions for an ambiguous name where the client does not say how many it wants. */
const SUGGESTIONS = 20;
const MAX_SUGGESTIONS = 100;
const UNREADABLE: ReadonlySet<number> = new Set([103, 104]);

/** How the answer is to be, checked. */
interface Wish {
  readonly certificates: boolean;
  readonly suggestions: number;
  readonly interval?: Interval;
  readonly picture: boolean;
}

/** MS-ASCMD 2.2.1.15: names and addresses against the address list. It has neither certificates nor pictures. */
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
  const Response: Response[] = [];
  // In the order of the request, each To with its own answer (R4620).
  for (const name of To) Response.push(await resolve(deps, context.account, name, wish));
  return { Status: Status.Success, Response };
}

/** `undefined` for options that mean nothing. */
function wishOf({ version }: CommandContext, options: Options): Wish | undefined {
  const { CertificateRetrieval = 1, MaxCertificates = 0, MaxAmbiguousRecipients = SUGGESTIONS, Availability } = options;
  const sound =
    within(CertificateRetrieval, 1, 3) && within(MaxCertificates, 0, 9999) && within(MaxAmbiguousRecipients, 0, 9999);
  if (!sound) return undefined;
  const wish = {
    certificates: CertificateRetrieval > 1,
    suggestions: Math.min(MaxAmbiguousRecipients, MAX_SUGGESTIONS),
    picture: options.Picture !== undefined && version >= 141,
  };
  if (!Availability || version < 140) return wish;
  const interval = parseInterval(Availability.StartTime, Availability.EndTime);
  return interval && { ...wish, interval };
}

const within = (value: number, low: number, high: number) => value >= low && value <= high;

async function resolve(deps: ResolveRecipientsDeps, owner: Account, To: string, wish: Wish): Promise<Response> {
  const found = await candidates(deps.addressBook, owner, To);
  const [only] = found;
  if (!only) return { To, Status: ResponseStatus.Unresolved, RecipientCount: 0 };
  if (found.length === 1) {
    const interval = wish.interval && (await (deps.freeBusy?.(only.account) ?? NO_DATA)(wish.interval));
    const Availability = interval === undefined ? undefined : { Status: Status.Success, MergedFreeBusy: interval };
    return {
      To,
      Status: ResponseStatus.Resolved,
      RecipientCount: 1,
      Recipient: [{ ...told(only, wish), Availability }],
    };
  }
  // Neither certificates nor free and busy times of people who may not be meant (R4279, R4617, R4623).
  const some = found.slice(0, wish.suggestions);
  const status = some.length < found.length ? ResponseStatus.AmbiguousPartial : ResponseStatus.Ambiguous;
  const Recipient = some.map((entry) => told(entry, { ...wish, certificates: false }));
  return { To, Status: status, RecipientCount: some.length, Recipient };
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

function told({ displayName: DisplayName, address: EmailAddress }: Entry, { certificates, picture }: Wish): Recipient {
  return {
    Type: GAL,
    DisplayName,
    EmailAddress,
    Certificates: certificates ? { Status: NO_CERTIFICATES, CertificateCount: 0, RecipientCount: 1 } : undefined,
    Picture: picture ? [{ Status: NO_PICTURE }] : undefined,
  };
}
