import { type Domains, domainOf, movedAddress } from '../identity/domains.ts';
import type { Account, Authenticator, AuthFailure, Directory } from '../identity/types.ts';
import { daysLeft, expiryHeaders, type PasswordOptions } from '../protocol/password-age.ts';
import { answerXml, errorXml, readRequest, redirectXml, troubleXml } from './autodiscover-xml.ts';
import type { EasRequest, EasResponse, Handler } from './types.ts';

export interface AutodiscoverDeps {
  readonly authenticator: Authenticator;
  readonly directory: Pick<Directory, 'byAddress'>;
  readonly domains: Pick<Domains, 'redirect'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** `https://mail.example.com`, where it is known; otherwise the name by which the client came here. */
  readonly origin?: string;
  readonly realm?: string;
  readonly passwords?: PasswordOptions;
}

const PATH = /^\/autodiscover\/autodiscover\.(xml|json)(?:\/|$)/i;
const ENDPOINT = '/Microsoft-Server-ActiveSync';
const XML_PATH = '/autodiscover/autodiscover.xml';
/** A client that was sent on so often is told something in the end. */
const MOST_REDIRECTS = 10;
/** A request is a few hundred bytes. */
const MAX_BODY = 16 * 1024;

export const isAutodiscover = (path: string) => PATH.test(path);

/** Serves Autodiscover beside the commands. */
export function withAutodiscover(handler: Handler, deps: AutodiscoverDeps): Handler {
  const autodiscover = createAutodiscover(deps);
  return (request, signal) => (isAutodiscover(request.path) ? autodiscover : handler)(request, signal);
}

/**
 * Tells a phone where its server is: the XML of MS-ASCMD 2.2.1.1, which wants a login, and the JSON that Outlook mobile
 * and Nine ask for, which says the same to everybody. Never rejects.
 */
export function createAutodiscover(deps: AutodiscoverDeps): Handler {
  return async (request, signal) => {
    const kind = PATH.exec(request.path)?.[1]?.toLowerCase();
    if (kind === 'json') return await answerJson(deps, request);
    if (kind !== 'xml') return answer(404);
    if (request.method !== 'POST' && request.method !== 'GET') return answer(405, { Allow: 'GET, POST' });
    return (await elsewhere(deps, request)) ?? (await answerPost(deps, request, signal));
  };
}

const originOf = ({ origin }: AutodiscoverDeps, request: EasRequest) => origin ?? request.origin;

/**
 * Before anybody says who he is: a name that belongs to another server leads there, and so does the probe by which a
 * client that found no https at its domain asks plain HTTP for the way (MS-OXDISCO 3.1.5.4). A login is never asked for
 * where it would not be encrypted.
 */
async function elsewhere(deps: AutodiscoverDeps, request: EasRequest): Promise<EasResponse | undefined> {
  const host = URL.canParse(request.origin) ? new URL(request.origin).hostname : '';
  const found = await deps.domains.redirect(host.replace(/^autodiscover\./, '')).catch(() => undefined);
  if (found?.kind === 'server') return redirect(found.origin + XML_PATH);
  const probe = request.method === 'GET' && request.headers.authorization === undefined;
  const plain = deps.origin?.startsWith('https:') === true && request.origin.startsWith('http:');
  return probe && plain ? redirect(deps.origin + XML_PATH) : undefined;
}

async function answerPost(deps: AutodiscoverDeps, request: EasRequest, signal: AbortSignal): Promise<EasResponse> {
  const { authorization } = request.headers;
  const auth = await deps.authenticator.authenticate({ authorization, source: request.source, signal });
  // Whose mailbox is on another server is told which.
  if (!auth.ok && auth.reason !== 'elsewhere') return refusal(auth, deps);
  const body = await textOf(request.body);
  if (body === undefined) return answer(413, { Connection: 'close' });
  const wanted = readRequest(body);
  const failed = (code: 500 | 600 | 601) => xml(errorXml(code, deps.now()));
  // GET has no body, so it is answered as Exchange does: with the error of an invalid request.
  if (wanted === undefined) return failed(600);
  if (!wanted.mobileSync) return failed(601);
  const { account } = auth;
  const told = (text: string) => xml(text, expiry(deps, account));
  try {
    const moved = await movedTo(deps, wanted.address);
    if (moved?.kind === 'server') return redirect(moved.origin + XML_PATH);
    if (moved) return told(redirectXml(account, movedAddress(wanted.address, moved.domain)));
  } catch {
    return xml(troubleXml(account));
  }
  const own = [account.address, ...account.aliases].includes(wanted.address.toLowerCase());
  return own ? told(answerXml(account, endpointOf(account, originOf(deps, request)))) : failed(500);
}

/** Where the password is changed, once that is due soon (MS-ASHTTP R805). */
function expiry({ passwords, now }: AutodiscoverDeps, account: Account): Readonly<Record<string, string>> {
  if (passwords?.url === undefined || daysLeft(account, now(), passwords) === undefined) return {};
  return { 'X-MS-Credential-Service-Url': passwords.url, ...expiryHeaders(account, now(), passwords) };
}

async function movedTo({ domains }: AutodiscoverDeps, address: string) {
  const domain = domainOf(address);
  return domain === undefined ? undefined : await domains.redirect(domain);
}

/** Where the mailbox is: here, or where the account says. */
function endpointOf({ home }: Pick<Account, 'home'>, origin: string): string {
  if (home === undefined || !URL.canParse(home)) return origin + ENDPOINT;
  const url = new URL(home);
  return url.pathname === '/' ? url.origin + ENDPOINT : home;
}

/** `?Email=...&Protocol=ActiveSync`, or the address as the end of the path. It is the same for nearly every address. */
async function answerJson(deps: AutodiscoverDeps, request: EasRequest): Promise<EasResponse> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, { Allow: 'GET' });
  const parameters = new Map(
    [...new URLSearchParams(request.query)].map(([name, value]) => [name.toLowerCase(), value] as const),
  );
  const named = parameters.get('protocol');
  const origin = originOf(deps, request);
  const address = parameters.get('email') ?? /\/([^/]+@[^/]+)$/.exec(decoded(request.path))?.[1] ?? '';
  switch (named?.toLowerCase()) {
    case 'activesync':
    case 'autodiscoverv1':
      break;
    case undefined:
      return json(400, { ErrorCode: 'MandatoryParameterMissing', ErrorMessage: 'Protocol is missing.' });
    default:
      return json(400, { ErrorCode: 'ProtocolNotSupported', ErrorMessage: 'This server speaks ActiveSync.' });
  }
  try {
    const redirects = Number(parameters.get('redirectcount') ?? 0) || 0;
    const moved = redirects < MOST_REDIRECTS ? await movedTo(deps, address) : undefined;
    if (moved) {
      const there = moved.kind === 'server' ? moved.origin : `https://autodiscover.${moved.domain}`;
      const Email = moved.kind === 'server' ? address : movedAddress(address, moved.domain);
      const query = new URLSearchParams({ Email, Protocol: named, RedirectCount: `${redirects + 1}` });
      return redirect(`${there}/autodiscover/autodiscover.json?${query}`);
    }
    if (named.toLowerCase() === 'autodiscoverv1')
      return json(200, { Protocol: 'AutodiscoverV1', Url: origin + XML_PATH });
    const account = address === '' ? undefined : await deps.directory.byAddress(address);
    return json(200, { Protocol: 'ActiveSync', Url: endpointOf(account ?? {}, origin) });
  } catch {
    return answer(503, { 'Retry-After': '30' });
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}

const redirect = (to: string) => answer(302, { Location: to });

function refusal(auth: AuthFailure, { realm = 'Direct Push', passwords }: AutodiscoverDeps): EasResponse {
  const unauthorized = () => answer(401, { 'WWW-Authenticate': `Basic realm="${realm}", charset="UTF-8"` });
  switch (auth.reason) {
    case 'missing':
    case 'invalid':
      return unauthorized();
    case 'blocked':
      return answer(456);
    case 'expired':
      // MS-ASHTTP R806.
      return passwords?.url === undefined
        ? unauthorized()
        : answer(457, { 'X-MS-Credential-Service-Url': passwords.url });
    case 'elsewhere':
      throw new TypeError('who is elsewhere is told where');
    case 'locked':
      return answer(503, { 'Retry-After': `${Math.max(1, Math.ceil(auth.retryAfterS))}` });
    case 'unavailable':
      return answer(503, { 'Retry-After': '30' });
    case 'disabled':
    case 'not-enabled':
      return answer(403);
  }
}

/** `undefined` for a body that is too long. */
async function textOf(body: EasRequest['body']): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}

function answer(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): EasResponse {
  const bytes = Buffer.from(body);
  return {
    status,
    headers: { 'Cache-Control': 'private', ...headers, 'Content-Length': `${bytes.length}` },
    body: bytes,
  };
}

const xml = (text: string, headers: Readonly<Record<string, string>> = {}) =>
  answer(200, { 'Content-Type': 'text/xml; charset=utf-8', ...headers }, text);
const json = (status: number, value: object) =>
  answer(status, { 'Content-Type': 'application/json; charset=utf-8' }, JSON.stringify(value));
