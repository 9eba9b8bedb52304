import { describe, expect, it } from 'vitest';
import { HttpFailure } from '../../../lib/http/failure.ts';
import { NoMailbox } from '../../../lib/mailbox/types.ts';
import { ProtocolFailure } from '../../../lib/protocol/command.ts';
import { classify } from '../../../lib/protocol/failures.ts';
import { ConditionFailed, OutcomeUnknown, StoreConflict, StoreUnavailable } from '../../../lib/store/ports.ts';
import { WbxmlError } from '../../../lib/wbxml/index.ts';

describe('an error', () => {
  const foreseen: [unknown, number, string][] = [
    [new ProtocolFailure(113, 'x'), 113, 'mailbox-quota-exceeded'],
    [new ProtocolFailure(199, 'x'), 199, 'status-199'],
    [new HttpFailure(415, 'x'), 415, 'http-415'],
    [new WbxmlError('wbxml', 'x'), 102, 'invalid-wbxml'],
    [new WbxmlError('xml', 'x'), 103, 'invalid-xml'],
    [new WbxmlError('dateTime', 'x'), 104, 'invalid-date-time'],
    [new WbxmlError('limit', 'x'), 101, 'invalid-content'],
    [new StoreUnavailable('x'), 111, 'store'],
    [new StoreConflict('x'), 111, 'store'],
    [new OutcomeUnknown('x'), 111, 'store'],
    [new ConditionFailed([0]), 111, 'store'],
    [new NoMailbox('x'), 123, 'user-has-no-mailbox'],
  ];
  it.each(foreseen)('%s is answered with %i and counted as %s', (error, status, label) => {
    const { failure, ...rest } = classify(error);
    expect(failure.status).toBe(status);
    expect(rest).toEqual({ label, unexpected: false });
  });

  it.each([new TypeError('x'), new WbxmlError('value', 'x'), 'text', undefined])(
    '%s is one that nobody foresaw',
    (error) => {
      const { failure, ...rest } = classify(error);
      expect(failure.status).toBe(111);
      expect(rest).toEqual({ label: 'unexpected', unexpected: true });
    },
  );

  it('stays the cause of the failure that stands for it', () => {
    for (const error of [new WbxmlError('xml', 'x'), new StoreConflict('x'), new NoMailbox('x'), new TypeError('x')]) {
      expect(classify(error).failure.cause).toBe(error);
    }
  });

  it('that is a failure has a name by which logs tell it', () => {
    expect([new ProtocolFailure(111, 'x').name, new HttpFailure(400, 'x').name]).toEqual([
      'ProtocolFailure',
      'HttpFailure',
    ]);
  });
});
