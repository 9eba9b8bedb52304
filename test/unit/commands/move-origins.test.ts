/** What a move says of itself in the log, and what becomes of moves that meet others. */
import { describe, expect, test } from 'vitest';
import { createMoveItems } from '../../../lib/commands/move-items.ts';
import { QuotaExceeded } from '../../../lib/mailbox/quota.ts';
import { formatServerId } from '../../../lib/mailbox/server-id.ts';
import { type Mailbox, NoFolder } from '../../../lib/mailbox/types.ts';
import type { DeviceId, FolderId } from '../../../lib/ops/ids.ts';
import type { CommandContext } from '../../../lib/protocol/command.ts';
import { DEFAULT_OPTIONS } from '../../../lib/sync/options.ts';
import { startingPosition } from '../../../lib/sync/position.ts';
import type { SyncState } from '../../../lib/sync/states.ts';
import { openFolderWorld } from '../../support/folder-world.ts';
import { ALICE, email, INBOX, idOf, TRASH } from '../../support/mailboxes.ts';
import { altered } from '../../support/query-world.ts';

const DRAFTS = 'drafts' as FolderId;
const PHONE = 'phone' as DeviceId;

async function open(device: Partial<Pick<CommandContext, 'userAgent'>> & { readonly type?: string } = {}) {
  const world = await openFolderWorld();
  await world.mailbox.append(INBOX, [email('a'), email('b'), email('c')]);
  for (const folder of [INBOX, TRASH, DRAFTS]) {
    const state = {
      ...{ generation: `of-${folder}`, counter: 2, incarnation: 'i', snapshot: 0, content: false, behind: false },
      ...{ own: [], options: { own: DEFAULT_OPTIONS }, touched: 0, next: startingPosition({ seq: 0, n: 0 }, '', 0) },
    } as SyncState;
    await world.syncStates.save(ALICE, PHONE, folder, state, undefined);
  }
  const move = async (moves: readonly [key: string, to: FolderId][], mailbox: Mailbox = world.mailbox) => {
    const Move = moves.map(([key, to]) => ({
      SrcMsgId: formatServerId(INBOX, idOf(key)),
      SrcFldId: INBOX as string,
      DstFldId: [to as string],
    }));
    const { userAgent, type } = device;
    const context = { mailbox, device: { id: PHONE, type }, userAgent } as unknown as CommandContext;
    const result = await createMoveItems(world.syncStates).run(context, { Move });
    if (result.kind !== 'document') throw new Error(result.kind);
    return result.document.Response!.map(({ Status }) => Status);
  };
  return { world, move };
}

describe('a move', () => {
  test('names the keys of its own two folders, read once for all moves between them', async () => {
    const { world, move } = await open();
    const loads: string[] = [];
    const load = world.syncStates.load.bind(world.syncStates);
    world.syncStates.load = (mailbox, device, folders) => {
      loads.push(folders.join(' '));
      return load(mailbox, device, folders);
    };
    expect(
      await move([
        ['a', TRASH],
        ['b', DRAFTS],
        ['c', TRASH],
      ]),
    ).toEqual([3, 3, 3]);
    expect(loads).toEqual([`${INBOX} ${TRASH}`, `${INBOX} ${DRAFTS}`]);
    const origins = async (folder: FolderId) =>
      (await world.mailbox.log(folder, { seq: 0, n: 0 }, 9)).rows.map(({ origin }) => origin?.syncKey);
    const [trash, drafts] = [`of-${INBOX}.2+of-${TRASH}.2`, `of-${INBOX}.2+of-${DRAFTS}.2`];
    expect(await origins(TRASH)).toEqual([trash, trash]);
    expect(await origins(DRAFTS)).toEqual([drafts]);
  });

  test.each([
    { type: 'WindowsOutlook15', userAgent: 'Outlook/16.0 (16.0.17328.20000; x64)' },
    { type: 'WindowsMail', userAgent: 'MSFT-WIN-4/10.0.19041' },
    { type: 'WP8', userAgent: 'MSFT-WP/8.10.14219' },
  ])('of a client that would show the message twice is not told by the target ($type)', async (device) => {
    const { world, move } = await open(device);
    expect(await move([['a', TRASH]])).toEqual([3]);
    const { rows } = await world.mailbox.log(TRASH, { seq: 0, n: 0 }, 9);
    expect(rows[0]!.origin?.syncKey).toBe(`of-${INBOX}.2+of-${TRASH}.2!`);
  });

  test.each([
    { type: 'iPhone', userAgent: 'Apple-iPhone15C2/2103.52' },
    { type: 'Outlook', userAgent: 'Outlook-iOS-Android/1.0' },
    { type: 'PocketPC', userAgent: 'MSFT-PPC/5.1.2301' },
    {},
  ])('of another client is told again ($type)', async (device) => {
    const { world, move } = await open(device);
    await move([['a', TRASH]]);
    const { rows } = await world.mailbox.log(TRASH, { seq: 0, n: 0 }, 9);
    expect(rows[0]!.origin?.syncKey).toBe(`of-${INBOX}.2+of-${TRASH}.2`);
  });

  test('into a folder that is full is status 5, and the others are answered as they went', async () => {
    const { world, move } = await open();
    const full = altered(world.mailbox, {
      move: async (...args: Parameters<Mailbox['move']>) => {
        if (args[1] === idOf('b')) throw new QuotaExceeded('folderItems');
        return world.mailbox.move(...args);
      },
    });
    const moves = ['a', 'b', 'c'].map((key) => [key, TRASH] as [string, FolderId]);
    expect(await move(moves, full)).toEqual([3, 5, 3]);
    expect(await world.mailbox.folder(TRASH)).toMatchObject({ count: 2 });
  });

  test('to a folder that goes meanwhile is status 2; a bug is none', async () => {
    const { world, move } = await open();
    const failing = (error: Error) => altered(world.mailbox, { move: () => Promise.reject(error) });
    expect(await move([['a', TRASH]], failing(new NoFolder()))).toEqual([2]);
    await expect(move([['a', TRASH]], failing(new TypeError('bug')))).rejects.toThrow(TypeError);
  });

  test('of an item that the server moved itself, or another device, is status 1', async () => {
    const { world, move } = await open();
    await world.mailbox.move(INBOX, idOf('a'), TRASH);
    expect(await move([['a', TRASH]])).toEqual([1]);
    const origin = { device: 'another' as DeviceId, syncKey: 'x' };
    await world.mailbox.move(INBOX, idOf('b'), TRASH, { origin });
    expect(await move([['b', TRASH]])).toEqual([1]);
  });
});
