import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeviceId, FolderId, MailboxId } from '../../../lib/ops/ids.ts';
import { packMessage, unpackMessage } from '../../../lib/push/task-message.ts';
import type { Supersede, TaskMessage, Wake } from '../../../lib/push/types.ts';

const count = fc.maxSafeNat();
const wakes: fc.Arbitrary<Wake> = fc.record(
  {
    mailbox: fc.string() as fc.Arbitrary<MailboxId>,
    folder: fc.string() as fc.Arbitrary<FolderId>,
    seq: count,
    added: count,
    at: count,
  },
  { requiredKeys: ['mailbox'] },
);
const supersedes: fc.Arbitrary<Supersede> = fc.record({
  mailbox: fc.string() as fc.Arbitrary<MailboxId>,
  device: fc.string() as fc.Arbitrary<DeviceId>,
  kind: fc.constantFrom('ping' as const, 'sync' as const),
  folders: fc.array(fc.string() as fc.Arbitrary<FolderId>, { maxLength: 4 }),
  by: fc.string(),
  at: count,
});
const messages: fc.Arbitrary<TaskMessage> = fc.record(
  {
    wakes: fc.array(wakes),
    supersedes: fc.array(supersedes),
    cause: fc.constantFrom('feed' as const, 'fast-path' as const),
  },
  { requiredKeys: ['wakes', 'supersedes'] },
);

describe('a message to a task', () => {
  it('comes out of its pieces as it went in, in order, whatever the limit (property)', () => {
    fc.assert(
      fc.property(messages, fc.integer({ min: 100, max: 5000 }), (message, limit) => {
        const pieces = packMessage(message, limit).map((piece) => unpackMessage(piece)!);
        expect(pieces.flatMap((piece) => piece.wakes)).toEqual(message.wakes);
        expect(pieces.flatMap((piece) => piece.supersedes)).toEqual(message.supersedes);
        for (const piece of pieces) expect(piece.cause).toBe(message.cause);
      }),
    );
  });

  it('is cut so that no piece is over the limit, unless one entry alone is (property)', () => {
    fc.assert(
      fc.property(messages, fc.integer({ min: 100, max: 5000 }), (message, limit) => {
        for (const piece of packMessage(message, limit)) {
          const { wakes, supersedes } = unpackMessage(piece)!;
          if (wakes.length + supersedes!.length > 1) expect(piece.length).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['what a gateway says to a ping', '{"message":"Forbidden","connectionId":"x","requestId":"y"}'],
    ['another version', '{"v":2,"w":[]}'],
    ['a list', '[1]'],
    ['null', 'null'],
    ['wakes that are none', '{"v":1,"w":{}}'],
    ['half a message', '{"v":1,"w":[{"mail'],
  ])('is not made of %s', (_, text) => {
    expect(unpackMessage(text)).toBeUndefined();
  });

  it('leaves out entries that make no sense and keeps the others', () => {
    const text = JSON.stringify({
      v: 1,
      w: [{ mailbox: 'm', seq: '5', added: 1.5, folder: 7 }, { folder: 'f' }, null, 'x'],
      s: [{ mailbox: 'm', device: 'd', kind: 'other', folders: [], by: 'b', at: 1 }, 5],
      c: 'rumour',
    });
    expect(unpackMessage(text)).toEqual({ wakes: [{ mailbox: 'm' }], supersedes: [] });
  });

  it('is read from any bytes without an error (property)', () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from)), (bytes) => void unpackMessage(bytes)));
  });
});
