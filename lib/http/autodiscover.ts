import type { Authenticator, AuthFailure } from '../identity/types.ts';
import { answerXml, errorXml, readRequest } from './autodiscover-xml.ts';
import type { EasRequest, EasResponse, Handler } from './types.ts';

export interface AutodiscoverDeps {
  readonly authenticator: Authenticator;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** `https://mail.example.com`, where it is known; otherwise the name by which the client came here. */
  readonly origin?: string;
  readonly realm?: string;
}

const PATH = /^\/autodiscover\/autodiscover\.(xml|json)(?:\/|$)/i;
const ENDPOINT = '/Microsoft-Server-ActiveSync';
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
  return async (request) => {
    const kind = PATH.exec(request.path)?.[1]?.toLowerCase();
    if (kind === 'json') return answerJson(request, originOf(deps, request));
    if (kind !== 'xml') return answer(404);
    if (request.method !== 'POST' && request.method !== 'GET') return answer(405, { Allow: 'GET, POST' });
    const { authorization } = request.headers;
    const auth = await deps.authenticator.authenticate({ authorization, source: request.source });
    if (!auth.ok) return refusal(auth, deps.realm ?? 'Direct Push');
    const body = await textOf(request.body);
    if (body === undefined) return answer(413, { Connection: 'close' });
    const wanted = readRequest(body);
    const failed = (code: 500 | 600 | 601) => xml(errorXml(code, deps.now()));
    // GET has no body, so it is answered as Exchange does: with the error of an invalid request.
    if (wanted === undefined) return failed(600);
    if (!wanted.mobileSync) return failed(601);
    const { account } = auth;
    const own = [account.address, ...account.aliases].includes(wanted.address.toLowerCase());
    if (!own) return failed(500);
    return xml(answerXml(account.name, account.address, originOf(deps, request) + ENDPOINT));
  };
}

const originOf = ({ origin }: AutodiscoverDeps, request: EasRequest) => origin ?? request.origin;

/** `?Email=...&Protocol=ActiveSync`, or the address as the end of the path. It is the same for every address. */
function answerJson(request: EasRequest, origin: string): EasResponse {
  if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, { Allow: 'GET' });
  const parameters = new URLSearchParams(request.query);
  const named = [...parameters].find(([name]) => name.toLowerCase() === 'protocol')?.[1].toLowerCase();
  switch (named) {
    case 'activesync':
      return json(200, { Protocol: 'ActiveSync', Url: origin + ENDPOINT });
    case 'autodiscoverv1':
      return json(200, { Protocol: 'AutodiscoverV1', Url: `${origin}/autodiscover/autodiscover.xml` });
    case undefined:
      return json(400, { ErrorCode: 'MandatoryParameterMissing', ErrorMessage: 'Protocol is missing.' });
    default:
      return json(400, { ErrorCode: 'ProtocolNotSupported', ErrorMessage: 'This server speaks ActiveSync.' });
  }
}

function refusal(auth: AuthFailure, realm: string): EasResponse {
  switch (auth.reason) {
    case 'missing':
    case 'invalid':
      return answer(401, { 'WWW-Authenticate': `Basic realm="${realm}", charset="UTF-8"` });
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

const xml = (text: string) => answer(200, { 'Content-Type': 'text/xml; charset=utf-8' }, text);
const json = (status: number, value: object) =>
  answer(status, { 'Content-Type': 'application/json; charset=utf-8' }, JSON.stringify(value));
