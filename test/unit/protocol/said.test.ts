import { expect, test } from 'vitest';
import { type CommandResult, document, EMPTY, ProtocolFailure } from '../../../lib/protocol/command.ts';
import { failureSaid, saidOf } from '../../../lib/protocol/said.ts';

test.each<[string, CommandResult<unknown>]>([
  ['1', document({ Status: 1, SyncKey: 'secret' })],
  ['1 3', document({ Collections: { Collection: [{ Status: 1, CollectionId: 'a' }, { Status: 3 }] } })],
  ['4 12', document({ Status: 4, Collections: { Collection: [{ Status: 12 }] } })],
  ['', document({ Status: 'a subject', Collections: {} })],
  ['empty', EMPTY],
])('a log says "%s" of an answer, which is its statuses and nothing else', (said, result) => {
  expect(saidOf(result)).toBe(said);
});

test('a log says the label of a failure, and no word of its message', () => {
  expect(failureSaid(new ProtocolFailure(111, 'secret'))).toBe('server-error-retry-later');
});
