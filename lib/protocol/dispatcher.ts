import type { EasRequest, EasResponse, Handler, Held } from '../http/types.ts';
import type { Authenticator } from '../identity/types.ts';
import { newId } from '../ops/ids.ts';
import { errorFields } from '../ops/log.ts';
import { type Span, type Tracer, traced } from '../ops/tracer.ts';
import { ProtocolFailure } from './command.ts';
import { authFailure, classify, failureAnswer } from './failures.ts';
import type { CheckedLimits } from './limits.ts';
import { expiryHeaders, type PasswordOptions } from './password-age.ts';
import type { Registry } from './registry.ts';
import { checkDevice, parseHead, type RequestHead } from './request-head.ts';
import { ALLOWED, requestMethod } from './request-line.ts';
import { acceptsGzip, type Encoding, Responder } from './responder.ts';
import { type RunDeps, runCommand } from './run-command.ts';
import { isSameUser } from './user.ts';
import { hasVersion } from './versions.ts';

export interface DispatcherDeps extends RunDeps {
  readonly registry: Registry;
  readonly authenticator: Authenticator;
  readonly limits: CheckedLimits;
  /** Of the Basic challenge. */
  readonly realm: string;
  readonly passwords: PasswordOptions;
  /** Absent: no spans. */
  readonly tracer?: Tracer;
}

/** What a request has shown of itself so far; the answer to a failure and the log line are made from it. */
interface Progress {
  head?: RequestHead;
  encoding?: Encoding;
  account?: string;
}

/**
 * The pipeline from a request to its answer: method and path, login, query and version, user, device, policy, body,
 * command. It never rejects: every failure has an answer.
 */
export function createDispatcher(deps: DispatcherDeps): Handler {
  const responder = new Responder(deps.registry, deps.limits.gzipFromBytes);
  const dispatcher = new Dispatcher(deps, responder);
  return (request, signal) => dispatcher.handle(request, signal);
}

class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #responder: Responder;

  constructor(deps: DispatcherDeps, responder: Responder) {
    this.#deps = deps;
    this.#responder = responder;
  }

  handle(request: EasRequest, signal: AbortSignal): Promise<EasResponse | Held> {
    return traced(this.#deps.tracer, 'request', (span) => this.#handle(request, signal, span));
  }

  async #handle(request: EasRequest, signal: AbortSignal, span: Span): Promise<EasResponse | Held> {
    const { clock, log } = this.#deps;
    const started = clock.now();
    const requestId = newId(started);
    const progress: Progress = {};
    let status: number | string = 'held';
    let label: string | undefined;
    try {
      const answer = await this.#answer(request, signal, requestId, progress);
      if (!('kind' in answer)) status = answer.status;
      return answer;
    } catch (error) {
      const classified = classify(error);
      label = signal.aborted ? 'client-gone' : classified.label;
      if (classified.unexpected && !signal.aborted) log.error('unexpected', { requestId, ...errorFields(error) });
      const answer = failureAnswer(
        classified.failure,
        { encoding: progress.encoding, hasPolicyKey: progress.head?.policyKey !== undefined },
        this.#responder,
      );
      status = answer.status;
      return answer;
    } finally {
      const fields = {
        requestId,
        method: request.method,
        command: progress.encoding?.command.name,
        version: progress.head?.version,
        account: progress.account,
        status,
        failure: label,
        ms: clock.now() - started,
      };
      log.info('request', fields);
      span.set(fields);
    }
  }

  async #answer(
    request: EasRequest,
    signal: AbortSignal,
    requestId: string,
    progress: Progress,
  ): Promise<EasResponse | Held> {
    const { registry, authenticator, realm, passwords } = this.#deps;
    const method = requestMethod(request);
    const { authorization } = request.headers;
    const auth = await authenticator.authenticate({ authorization, source: request.source, signal });
    const refused = auth.ok ? undefined : authFailure(auth, realm, passwords.url);
    // Wrong credentials end here; who is known but may not sync is told so in the version that it speaks.
    if (refused && !(refused instanceof ProtocolFailure)) throw refused;
    const headers = auth.ok ? expiryHeaders(auth.account, this.#deps.clock.now(), passwords) : undefined;
    if (method === 'OPTIONS') {
      if (refused) throw refused;
      return this.#responder.empty(200, { Allow: ALLOWED, Public: ALLOWED, ...registry.advertisement, ...headers });
    }

    const head = parseHead(request, registry);
    progress.head = head;
    const command = registry.find(head.query.command);
    // No document could carry status 137 for a command that this server does not know.
    if (!command) throw new ProtocolFailure(137, 'the command is not registered');
    progress.encoding = { command, version: head.version, gzip: acceptsGzip(request), headers };
    if (!auth.ok) throw refused;
    // Advertised for another version: not 501, which is for what no version has (MS-ASCMD R4897, R7559).
    if (!hasVersion(command.versions ?? {}, head.version)) {
      throw new ProtocolFailure(138, 'the version does not have the command');
    }
    progress.account = auth.account.id;
    const { user } = head.query;
    if (user !== undefined && !isSameUser(user, auth.account, authorization)) {
      throw new ProtocolFailure(130, 'the user of the query is not who logged in');
    }
    checkDevice(head.query);
    const { account } = auth;
    return await runCommand(
      this.#deps,
      this.#responder,
      { request, requestId, head, account, encoding: progress.encoding },
      signal,
    );
  }
}
