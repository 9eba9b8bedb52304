import { expect, it } from 'vitest';
import { isThrottled, readError, writeError } from '../../../../lib/store/dynamo/errors.ts';
import type { ConditionFailed } from '../../../../lib/store/ports.ts';

const named = (name: string, rest: object = {}) => Object.assign(new Error('said by the server'), { name, ...rest });
const refused = (name: string, rest: object = {}) =>
  named(name, { $fault: 'client', $metadata: { httpStatusCode: 400, attempts: 1 }, ...rest });
const cancelled = (...codes: string[]) =>
  refused('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) });

const WRITES: readonly (readonly [string, Error, string])[] = [
  ['a condition that did not hold', refused('ConditionalCheckFailedException'), 'ConditionFailed'],
  ['another transaction', refused('TransactionConflictException'), 'StoreConflict'],
  ['the same transaction still under way', refused('TransactionInProgressException'), 'StoreConflict'],
  ['throughput', refused('ProvisionedThroughputExceededException'), 'StoreConflict'],
  ['throttling', refused('ThrottlingException'), 'StoreConflict'],
  ['the account limit', refused('RequestLimitExceeded'), 'StoreConflict'],
  ['cancelled by a condition', cancelled('None', 'ConditionalCheckFailed'), 'ConditionFailed'],
  ['cancelled by both', cancelled('TransactionConflict', 'ConditionalCheckFailed'), 'ConditionFailed'],
  ['cancelled by a conflict', cancelled('None', 'TransactionConflict'), 'StoreConflict'],
  ['cancelled by throttling', cancelled('ThrottlingError', 'None'), 'StoreConflict'],
  ['cancelled by throughput', cancelled('ProvisionedThroughputExceeded'), 'StoreConflict'],
  ['cancelled without a reason', refused('TransactionCanceledException'), 'StoreConflict'],
  ['cancelled as invalid', cancelled('None', 'ValidationError'), 'TypeError'],
  ['an invalid request', refused('ValidationException'), 'TypeError'],
  ['no such table', refused('ResourceNotFoundException'), 'StoreUnavailable'],
  ['no permission', refused('AccessDeniedException'), 'StoreUnavailable'],
  ['nobody listening', named('Error', { code: 'ECONNREFUSED', $metadata: { attempts: 1 } }), 'StoreUnavailable'],
  ['nobody listening any more', named('Error', { code: 'ECONNREFUSED', $metadata: { attempts: 3 } }), 'OutcomeUnknown'],
  ['a broken connection', named('Error', { code: 'ECONNRESET' }), 'OutcomeUnknown'],
  ['a late answer', named('TimeoutError', { $metadata: { attempts: 1 } }), 'OutcomeUnknown'],
  [
    'a server error',
    named('InternalServerError', { $fault: 'server', $metadata: { httpStatusCode: 500 } }),
    'OutcomeUnknown',
  ],
  ['a gateway error', named('Unknown', { $metadata: { httpStatusCode: 503 } }), 'OutcomeUnknown'],
  ['an answer that is no JSON', named('SyntaxError'), 'OutcomeUnknown'],
];

it.each(WRITES)('takes %s for what it means to a writer', (_, error, name) => {
  const mapped = writeError(error, true) as Error;
  expect(mapped.name).toBe(name);
  expect(mapped.cause).toBe(error);
  // What the server says may quote a row.
  expect(mapped.message).not.toContain('said by the server');
});

it('names every condition that did not hold', () => {
  const codes = ['ConditionalCheckFailed', 'None', 'TransactionConflict', 'ConditionalCheckFailed'];
  expect((writeError(cancelled(...codes), true) as ConditionFailed).indexes).toEqual([0, 3]);
});

it('does not trust a failed condition after an attempt whose answer was lost', () => {
  const $metadata = { httpStatusCode: 400, attempts: 2 };
  const error = refused('ConditionalCheckFailedException', { $metadata });
  expect((writeError(error, false) as Error).name).toBe('OutcomeUnknown');
  expect((writeError(error, true) as Error).name).toBe('ConditionFailed');
});

it('tells a size from other mistakes', () => {
  const large = Object.assign(refused('ValidationException'), { message: 'Item size has exceeded the maximum' });
  expect(writeError(large, true)).toBeInstanceOf(RangeError);
  const reason = { CancellationReasons: [{ Code: 'ValidationError', Message: 'Item size to update has exceeded' }] };
  expect(writeError(refused('TransactionCanceledException', reason), true)).toBeInstanceOf(RangeError);
});

it.each([
  named('TimeoutError'),
  refused('ThrottlingException'),
  refused('ResourceNotFoundException'),
  named('Error', { code: 'ECONNRESET' }),
])('takes %s for a store that cannot be read', (error) => {
  expect((readError(error) as Error).name).toBe('StoreUnavailable');
});

it.each([
  ['throughput', refused('ProvisionedThroughputExceededException'), true],
  ['throttling', refused('ThrottlingException'), true],
  ['cancelled by both kinds', cancelled('ThrottlingError', 'None', 'ProvisionedThroughputExceeded'), true],
  ['cancelled by a conflict besides', cancelled('ThrottlingError', 'TransactionConflict'), false],
  ['cancelled without a reason', refused('TransactionCanceledException'), false],
  ['another transaction', refused('TransactionConflictException'), false],
  ['not the first attempt', refused('ThrottlingException', { $metadata: { attempts: 2 } }), false],
])('a write refused for %s may be sent again as it is: %#', (_, error, expected) => {
  expect(isThrottled(error)).toBe(expected);
});
