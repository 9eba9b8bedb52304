import { describe, expect, test } from 'vitest';
import { type EmptyFolder, emptyFolder } from '../../../../lib/commands/item-operations/empty-folder.ts';
import { OperationFailed } from '../../../../lib/commands/item-operations/status.ts';
import { FolderFixed, NoFolder } from '../../../../lib/mailbox/types.ts';
import type { FolderId } from '../../../../lib/ops/ids.ts';
import type { CommandContext } from '../../../../lib/protocol/command.ts';
import { INBOX, TRASH } from '../../../support/mailboxes.ts';
import { altered, openQueryWorld, type QueryWorld } from '../../../support/query-world.ts';

/** The status that emptying ends with; 1 where it does not. */
async function emptied(
  { context }: QueryWorld,
  CollectionId: string,
  Options?: EmptyFolder['Options'],
  over?: Partial<CommandContext>,
): Promise<number> {
  try {
    await emptyFolder(context(over), { CollectionId, Options });
    return 1;
  } catch (error) {
    if (error instanceof OperationFailed) return error.status;
    throw error;
  }
}

async function folder({ mailbox }: QueryWorld, name: string, parent: FolderId = INBOX) {
  return ((await mailbox.createFolder({ name, parent, type: 12 })) as { id: FolderId }).id;
}
const idsOf = async ({ mailbox }: QueryWorld) => (await mailbox.folders()).map(({ id }) => id);

describe('emptying a folder', () => {
  test('removes all its items, page after page, and nothing else', async () => {
    const world = await openQueryWorld();
    for (let n = 0; n < 47; n++) await world.put(`m${n}`);
    const below = await folder(world, 'Below');
    expect(await emptied(world, INBOX)).toBe(1);
    expect((await world.mailbox.folder(INBOX))?.count).toBe(0);
    expect(await idsOf(world)).toContain(below);
  });

  test('takes the folders below it where that is asked for, and those alone [MS-ASCMD R2167 R2244]', async () => {
    const world = await openQueryWorld();
    const below = await folder(world, 'Below');
    const deeper = await folder(world, 'Deeper', below);
    const apart = await folder(world, 'Apart', TRASH);
    expect(await emptied(world, INBOX, { DeleteSubFolders: true })).toBe(1);
    const left = await idsOf(world);
    expect(left).not.toContain(below);
    expect(left).not.toContain(deeper);
    expect(left).toEqual(expect.arrayContaining([INBOX, TRASH, apart]));
  });

  test.each<[string, string, EmptyFolder['Options'], number]>([
    ['that is not there', 'nowhere', {}, 6],
    ['whose name is none', 'a:b', {}, 6],
    ['that holds recipients', 'RI', {}, 105],
    ['with the option of a Fetch', INBOX, { Range: '0-1' }, 2],
    ['with the option of a Move', INBOX, { DeleteSubFolders: true, MoveAlways: true }, 2],
    ['with an option that is not said', INBOX, { Range: undefined, DeleteSubFolders: false }, 1],
  ])('%s is status %i', async (_, id, options, status) => {
    expect(await emptied(await openQueryWorld(), id, options)).toBe(status);
  });

  test('is done in part where somebody goes away meanwhile, or a folder below must stay', async () => {
    const world = await openQueryWorld();
    await world.put('m');
    expect(await emptied(world, INBOX, {}, { signal: AbortSignal.abort() })).toBe(17);
    expect((await world.mailbox.folder(INBOX))?.count).toBe(1);
    const [first] = [await folder(world, 'A'), await folder(world, 'B')];
    const deleted: FolderId[] = [];
    const mailbox = altered(world.mailbox, {
      deleteFolder: async (id) => {
        deleted.push(id);
        if (id === first) throw new FolderFixed(id);
      },
    });
    expect(await emptied(world, INBOX, { DeleteSubFolders: true }, { mailbox })).toBe(17);
    expect(deleted).toHaveLength(2);
  });

  test('is done where the folder, or one below, is gone meanwhile; fails where there is a bug', async () => {
    const world = await openQueryWorld();
    await world.put('m');
    await folder(world, 'A');
    const deep = { DeleteSubFolders: true };
    const gone = { remove: () => Promise.reject(new NoFolder()), deleteFolder: () => Promise.reject(new NoFolder()) };
    expect(await emptied(world, INBOX, deep, { mailbox: altered(world.mailbox, gone) })).toBe(1);
    const bug = () => Promise.reject(new TypeError('bug'));
    const below = altered(world.mailbox, { ...gone, deleteFolder: bug });
    await expect(emptied(world, INBOX, deep, { mailbox: below })).rejects.toThrow(TypeError);
    const here = altered(world.mailbox, { remove: bug });
    await expect(emptied(world, INBOX, {}, { mailbox: here })).rejects.toThrow(TypeError);
  });
});
