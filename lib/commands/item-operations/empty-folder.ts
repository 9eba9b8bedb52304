import type { ItemOperationsRequest } from '../../documents/item-operations.ts';
import { parseFolderId } from '../../mailbox/server-id.ts';
import { FolderFixed, type Mailbox, NoFolder } from '../../mailbox/types.ts';
import type { FolderId, ItemId } from '../../ops/ids.ts';
import type { CommandContext } from '../../protocol/command.ts';
import { RECIPIENT_CACHE } from '../folder-status.ts';
import { OperationFailed, Status } from './status.ts';

export type EmptyFolder = Extract<ItemOperationsRequest[number], { tag: 'EmptyFolderContents' }>['value'];

/** Items of one transaction; the mailbox takes no more. */
const PAGE = 45;

/**
 * Removes all items of a folder for good, a page in each transaction; what arrives meanwhile stays. The folders below
 * go with it only where that is asked for (R2167, R2244), and default folders never.
 * @throws OperationFailed 2, 6, 17 when a part of it could not be done
 */
export async function emptyFolder(
  { mailbox, signal }: CommandContext,
  { CollectionId, Options: options }: EmptyFolder,
): Promise<void> {
  // R3547: nothing but DeleteSubFolders is an option of this operation.
  if (Object.entries(options ?? {}).some(([name, value]) => name !== 'DeleteSubFolders' && value !== undefined)) {
    throw new OperationFailed(Status.Protocol);
  }
  if (CollectionId === RECIPIENT_CACHE) throw new OperationFailed(Status.InvalidCombination);
  const id = parseFolderId(CollectionId);
  if (id === undefined || !(await mailbox.folder(id))) throw new OperationFailed(Status.NotFound);
  const all = await removeItems(mailbox, id, signal);
  const below = options?.DeleteSubFolders ? await removeFolders(mailbox, id) : true;
  if (!all || !below) throw new OperationFailed(Status.Partial);
}

async function removeItems(mailbox: Mailbox, folder: FolderId, signal: AbortSignal): Promise<boolean> {
  let below: ItemId | undefined;
  try {
    for (;;) {
      const items = await mailbox.page(folder, { below, limit: PAGE });
      if (items.length === 0) return true;
      if (signal.aborted) return false;
      await mailbox.remove(
        folder,
        items.map(({ id }) => id),
      );
      below = items.at(-1)!.id;
    }
  } catch (error) {
    // Deleted meanwhile: it is empty.
    if (error instanceof NoFolder) return true;
    throw error;
  }
}

async function removeFolders(mailbox: Mailbox, parent: FolderId): Promise<boolean> {
  let all = true;
  for (const folder of await mailbox.folders()) {
    if (folder.parent !== parent) continue;
    try {
      await mailbox.deleteFolder(folder.id);
    } catch (error) {
      if (error instanceof FolderFixed) all = false;
      else if (!(error instanceof NoFolder)) throw error;
    }
  }
  return all;
}
