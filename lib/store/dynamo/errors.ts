/** What DynamoDB's failures mean to a caller. */
import { ConditionFailed, OutcomeUnknown, StoreConflict, StoreUnavailable } from '../ports.ts';

/** The parts of an SDK error that decide. */
interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $fault?: 'client' | 'server';
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
  readonly CancellationReasons?: readonly { readonly Code?: string; readonly Message?: string }[];
}

/** Refused for want of throughput, before anything was written. The short names are reasons of a cancelled transaction. */
const THROTTLES = new Set([
  'ProvisionedThroughputExceeded',
  'ProvisionedThroughputExceededException',
  'ThrottlingError',
  'Throttling',
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
]);

/** Refused before anything was written; the same request may succeed later. */
const CONFLICTS = new Set([
  'TransactionConflict',
  'TransactionConflictException',
  'TransactionInProgressException',
  'ReplicatedWriteConflictException',
  ...THROTTLES,
]);

/** Whether a read was refused for want of throughput. */
export const isReadThrottled = (error: unknown): boolean => THROTTLES.has((error as SdkError).name ?? '');

/**
 * Whether a write was refused for want of throughput and nothing else, by its first attempt: the very same write may
 * then be sent again, since no other attempt of it can be on its way.
 */
export function isThrottled(error: unknown): boolean {
  const { name = '', $metadata, CancellationReasons = [] } = error as SdkError;
  if (($metadata?.attempts ?? 1) > 1) return false;
  if (name !== 'TransactionCanceledException') return THROTTLES.has(name);
  const codes = CancellationReasons.flatMap(({ Code = 'None' }) => (Code === 'None' ? [] : [Code]));
  return codes.length > 0 && codes.every((code) => THROTTLES.has(code));
}

/** Errors of a connection that never came about: nothing was sent. */
const UNSENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * The error to throw for a failed write.
 * @param repeatable whether a repeated attempt of the SDK is recognised by its token
 */
export function writeError(error: unknown, repeatable: boolean): unknown {
  const { name = '', code = '', $metadata, CancellationReasons } = error as SdkError;
  const options = { cause: error };
  if (name === 'ConditionalCheckFailedException') {
    // The condition may have failed on what an earlier attempt of this very write left behind.
    if (!repeatable && ($metadata?.attempts ?? 1) > 1) return new OutcomeUnknown('an attempt was lost', options);
    return new ConditionFailed([0], options);
  }
  if (name === 'TransactionCanceledException') return cancelled(CancellationReasons ?? [], error);
  if (CONFLICTS.has(name)) return new StoreConflict(name, options);
  if (name === 'ValidationException') return invalid(error);
  if (UNSENT.has(code) && ($metadata?.attempts ?? 1) <= 1) return new StoreUnavailable(code, options);
  if (isRefusal(error)) return new StoreUnavailable(name, options);
  return new OutcomeUnknown(name || 'the answer was lost', options);
}

/** The error to throw for a failed read. */
export function readError(error: unknown): unknown {
  const { name = '', code = '' } = error as SdkError;
  if (name === 'ValidationException') return invalid(error);
  return new StoreUnavailable(name || code || 'DynamoDB does not answer', { cause: error });
}

function cancelled(reasons: NonNullable<SdkError['CancellationReasons']>, error: unknown): unknown {
  const codes = reasons.map(({ Code }) => Code ?? 'None');
  const failed = codes.flatMap((code, index) => (code === 'ConditionalCheckFailed' ? [index] : []));
  // A condition that did not hold decides, whatever else was in the way.
  if (failed.length > 0) return new ConditionFailed(failed, { cause: error });
  const wrong = reasons.find(({ Code }) => Code === 'ValidationError');
  if (wrong) return invalid(error, wrong.Message);
  return new StoreConflict(codes.find((code) => code !== 'None') ?? 'cancelled', { cause: error });
}

/** A request that DynamoDB cannot take is a bug of the caller's. Its message may quote values, so it stays the cause. */
function invalid(error: unknown, message = (error as SdkError).message ?? ''): Error {
  const options = { cause: error };
  return /size|exceed/i.test(message)
    ? new RangeError('DynamoDB takes no row or transaction of this size', options)
    : new TypeError('DynamoDB does not take this request', options);
}

/** An answer of the 4xx kind: received, and refused as a whole (no such table, no permission, bad signature). */
function isRefusal(error: unknown): boolean {
  const { $fault, $metadata } = error as SdkError;
  const status = $metadata?.httpStatusCode ?? 0;
  return $fault === 'client' && status >= 400 && status < 500;
}
