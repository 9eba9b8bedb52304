import { HttpFailure } from '../http/failure.ts';
import type { EasResponse } from '../http/types.ts';
import type { AuthFailure } from '../identity/types.ts';
import { QuotaExceeded } from '../mailbox/quota.ts';
import { NoMailbox } from '../mailbox/types.ts';
import { ConditionFailed, OutcomeUnknown, StoreConflict, StoreUnavailable } from '../store/ports.ts';
import { WbxmlError, type WbxmlErrorReason } from '../wbxml/index.ts';
import { ProtocolFailure } from './command.ts';
import type { Encoding, Responder } from './responder.ts';
import { httpStatusFor, labelFor } from './statuses.ts';
import { nearestVersion } from './versions.ts';

/** Seconds after which a client may come again; a storm of clients spreads by itself, as each adds its own delay. */
const RETRY_AFTER_S = 30;

/** What is known of a request when it fails. */
export interface FailurePoint {
  /** Absent until command and version are known. */
  readonly encoding?: Encoding;
  readonly hasPolicyKey: boolean;
}

export interface Classified {
  readonly failure: HttpFailure | ProtocolFailure;
  /** For logs and metrics. */
  readonly label: string;
  /** Nobody foresaw it: a bug, or a library's trouble. */
  readonly unexpected: boolean;
}

/** Trouble of the store that passes. A lost race that a command did not decide again is decided by the next request. */
const PASSING = [StoreUnavailable, StoreConflict, OutcomeUnknown, ConditionFailed];

/** What a document that cannot be read is called; `value` is a document of ours that cannot be written: a bug. */
const UNREADABLE: Readonly<Record<WbxmlErrorReason, number | undefined>> = {
  wbxml: 102,
  xml: 103,
  dateTime: 104,
  limit: 101,
  value: undefined,
};

export function classify(error: unknown): Classified {
  if (error instanceof ProtocolFailure) return { failure: error, label: labelFor(error.status), unexpected: false };
  if (error instanceof HttpFailure)
    return { failure: error, label: error.label ?? `http-${error.status}`, unexpected: false };
  const unreadable = error instanceof WbxmlError ? UNREADABLE[error.reason] : undefined;
  if (unreadable !== undefined) {
    const failure = new ProtocolFailure(unreadable, 'the body cannot be read', { cause: error });
    return { failure, label: labelFor(unreadable), unexpected: false };
  }
  if (PASSING.some((passing) => error instanceof passing)) {
    return { failure: new ProtocolFailure(111, 'store trouble', { cause: error }), label: 'store', unexpected: false };
  }
  if (error instanceof QuotaExceeded) {
    const failure = new ProtocolFailure(113, 'the mailbox is full', { cause: error });
    return { failure, label: labelFor(113), unexpected: false };
  }
  if (error instanceof NoMailbox) {
    return {
      failure: new ProtocolFailure(123, 'no mailbox', { cause: error }),
      label: labelFor(123),
      unexpected: false,
    };
  }
  // Whether an unforeseen error passes is unknown, so it is answered as one that does: the client keeps what it has.
  return { failure: new ProtocolFailure(111, 'unexpected', { cause: error }), label: 'unexpected', unexpected: true };
}

/**
 * The answer of a failure: from 14.0 on the command's own document with the code, before that, or where no command is
 * known, an HTTP status (MS-ASCMD R7461, R7462).
 */
export function failureAnswer(
  failure: HttpFailure | ProtocolFailure,
  at: FailurePoint,
  responder: Responder,
): EasResponse {
  if (failure instanceof HttpFailure) return httpAnswer(failure.status, failure.headers, responder);
  const { encoding } = at;
  const context = { command: encoding?.command.name, hasPolicyKey: at.hasPolicyKey };
  const http = () => httpAnswer(httpStatusFor(failure.status, context), failure.headers, responder);
  if (encoding && encoding.version >= 140) {
    try {
      const { command, version } = encoding;
      const document = command.failure(failure.status);
      // A version that does not have the command has no tags for its status either: the nearest that does lends them.
      const known = { ...encoding, version: nearestVersion(command.versions ?? {}, version) };
      return responder.resultNow(known, { kind: 'document', document, headers: failure.headers });
    } catch {
      // A command without a failure document, as GetAttachment, or one whose document cannot be written.
      return http();
    }
  }
  return http();
}

function httpAnswer(status: number, headers: Readonly<Record<string, string>>, responder: Responder): EasResponse {
  if (status !== 503) return responder.empty(status, headers);
  return responder.empty(status, { 'Retry-After': `${RETRY_AFTER_S}`, ...headers });
}

/**
 * The failure of a login. Without right credentials nothing but HTTP is said; with them, an account that may not sync
 * gets 131 or 126 in its own version.
 */
export function authFailure(auth: AuthFailure, realm: string, passwordUrl?: string): HttpFailure | ProtocolFailure {
  switch (auth.reason) {
    case 'missing':
    case 'invalid':
      return unauthorized(realm);
    case 'elsewhere':
      // OPTIONS and commands alike: the client asks everything of the other server from now on (MS-ASHTTP 3.1.5.2.2).
      return new HttpFailure(451, 'the mailbox is on another server', {
        headers: { 'X-MS-Location': auth.account.home! },
      });
    case 'blocked':
      return new HttpFailure(456, 'the account is blocked');
    case 'expired':
      if (passwordUrl === undefined) return unauthorized(realm);
      return new HttpFailure(457, 'the password has expired', {
        headers: { 'X-MS-Credential-Service-Url': passwordUrl },
      });
    case 'locked':
      return new HttpFailure(503, 'too many failed logins', {
        headers: { 'Retry-After': `${Math.max(1, Math.ceil(auth.retryAfterS))}` },
      });
    case 'unavailable':
      return new HttpFailure(503, 'credentials cannot be checked now');
    case 'disabled':
      return new ProtocolFailure(131, 'the account is disabled');
    case 'not-enabled':
      return new ProtocolFailure(126, 'the account is not enabled for ActiveSync');
  }
}

function unauthorized(realm: string): HttpFailure {
  return new HttpFailure(401, 'credentials are missing or wrong', {
    headers: { 'WWW-Authenticate': `Basic realm="${realm}", charset="UTF-8"` },
  });
}
