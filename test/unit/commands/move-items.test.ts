import { describe, expect, test } from 'vitest';
import { formatServerId, parseServerId } from '../../../lib/mailbox/server-id.ts';
import { ProtocolFailure } from '../../../lib/protocol/command.ts';
import { StoreUnavailable, type Table } from '../../../lib/store/ports.ts';
import { openFolderWorld } from '../../support/folder-world.ts';
import { email, INBOX, idOf, TRASH } from '../../support/mailboxes.ts';

const A = formatServerId(INBOX, idOf('a'));
const move = (SrcMsgId = A, SrcFldId = 'inbox', ...DstFldId: string[]) => {
  return { SrcMsgId, SrcFldId, DstFldId: DstFldId.length > 0 ? DstFldId : ['trash'] };
};

async function filled(wrap?: (table: Table) => Table) {
  const world = await openFolderWorld({ wrap });
  await world.mailbox.append(INBOX, [email('a'), email('b')]);
  return { world, phone: world.phone() };
}

describe('MoveItems', () => {
  test('moves an item and gives its new id [MS-ASCMD R285 R290 R3977 R4217 R5870 R5882 R5879]', async () => {
    const { world, phone } = await filled();
    const { Status, Response } = await phone.move(move());
    expect(Status).toBeUndefined();
    expect(Response).toEqual([{ SrcMsgId: A, Status: 3, DstMsgId: expect.stringMatching(/^trash:/) }]);
    const target = parseServerId(Response![0]!.DstMsgId!)!;
    expect((await world.mailbox.items(TRASH, [target.item])).size).toBe(1);
    expect((await world.mailbox.items(INBOX, [idOf('a')])).size).toBe(0);
    // Both folders have something to Sync: a deletion and an addition.
    expect((await world.mailbox.log(INBOX, { seq: 1, n: 1 }, 5)).rows).toMatchObject([{ kind: 'delete' }]);
    expect((await world.mailbox.log(TRASH, { seq: 0, n: 0 }, 5)).rows).toMatchObject([{ kind: 'add' }]);
  });

  test.each([
    [1, 'of a folder that is not there [MS-ASCMD R4207 R4201]', move(`gone:${idOf('a')}`, 'gone')],
    [1, 'of an item that is not there [MS-ASCMD R4208]', move(formatServerId(INBOX, idOf('x')))],
    [1, 'of what is no item', move('nonsense')],
    [1, 'of an item that is in another folder than is said', move(A, 'drafts')],
    [2, 'to a folder that is not there [MS-ASCMD R4212]', move(A, 'inbox', 'gone')],
    [2, 'to what is no folder', move(A, 'inbox', 'a#b')],
    [4, 'to where the item is [MS-ASCMD R4219]', move(A, 'inbox', 'inbox')],
    [5, 'to two folders [MS-ASCMD R4222]', move(A, 'inbox', 'trash', 'drafts')],
  ])('says %d to a move %s', async (status, _what, request) => {
    const { world, phone } = await filled();
    expect(await phone.move(request)).toEqual({ Response: [{ SrcMsgId: request.SrcMsgId, Status: status }] });
    expect(await world.mailbox.folder(INBOX)).toMatchObject({ count: 2, seq: 1 });
  });

  test('answers every move by itself, in the order of the request', async () => {
    const { phone } = await filled();
    const { Response } = await phone.move(move('x'), move(), move(A), move(formatServerId(INBOX, idOf('b'))));
    expect(Response!.map(({ Status }) => Status)).toEqual([1, 3, 3, 3]);
    // The second move of the same item is a repetition of the first.
    expect(Response![2]!.DstMsgId).toBe(Response![1]!.DstMsgId);
  });

  test('that comes again after its answer was lost is answered as it was', async () => {
    const { world, phone } = await filled();
    const lost = await phone.move(move());
    expect(await phone.move(move())).toEqual(lost);
    expect(await world.mailbox.folder(TRASH)).toMatchObject({ count: 1 });
  });

  test('of an item that another device moved, or that went elsewhere, is status 1 [MS-ASCMD R4208]', async () => {
    const { world, phone } = await filled();
    await phone.move(move());
    expect(await phone.move(move(A, 'inbox', 'drafts'))).toMatchObject({ Response: [{ Status: 1 }] });
    expect(await world.phone('other').move(move())).toMatchObject({ Response: [{ Status: 1 }] });
  });

  test('of more than 1000 items, or none, is status 103 [MS-ASCMD R5653]', async () => {
    const { world, phone } = await filled();
    const invalid = (error: unknown) => error instanceof ProtocolFailure && error.status === 103;
    await expect(phone.move(...Array.from({ length: 1001 }, () => move()))).rejects.toSatisfy(invalid);
    await expect(phone.move()).rejects.toSatisfy(invalid);
    expect(await world.mailbox.folder(INBOX)).toMatchObject({ count: 2 });
    const { Response } = await phone.move(...Array.from({ length: 1000 }, () => move('x')));
    expect(Response).toHaveLength(1000);
  });

  test('says 7 for what may pass [MS-ASCMD R4225]', async () => {
    let down = false;
    const { phone } = await filled((table) => ({
      get: (key) => table.get(key),
      batchGet: (keys) => table.batchGet(keys),
      query: (query) => table.query(query),
      transact: async (writes) => {
        if (down) throw new StoreUnavailable('down');
        return table.transact(writes);
      },
    }));
    down = true;
    expect(await phone.move(move())).toEqual({ Response: [{ SrcMsgId: A, Status: 7 }] });
    down = false;
    expect(await phone.move(move())).toMatchObject({ Response: [{ Status: 3 }] });
  });

  test('names the keys of both folders as its origin', async () => {
    const { world, phone } = await filled();
    await phone.move(move());
    const { rows } = await world.mailbox.log(TRASH, { seq: 0, n: 0 }, 5);
    expect(rows[0]!.origin).toEqual({ device: 'phone', syncKey: '0+0' });
  });
});
