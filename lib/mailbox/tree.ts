/** The shape of the folder tree. Pure. */
import type { FolderId } from '../ops/ids.ts';
import { nameKey } from './names.ts';
import { type Folder, FolderExists, NoFolder, ROOT } from './types.ts';

/** Levels below the root. Clients draw the tree by recursion. */
export const MAX_DEPTH = 30;

export type Tree<F extends Folder = Folder> = ReadonlyMap<FolderId, F>;

/** Parents before children, siblings in the order of their names. */
export function inOrder<F extends Folder>(folders: Iterable<F>): F[] {
  const children = new Map<FolderId, F[]>();
  for (const folder of folders) children.set(folder.parent, [...(children.get(folder.parent) ?? []), folder]);
  const ordered: F[] = [];
  const add = (parent: FolderId) => {
    const under = children.get(parent) ?? [];
    children.delete(parent);
    under.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const folder of under) {
      ordered.push(folder);
      add(folder.id);
    }
  };
  add(ROOT);
  // A parent that is gone hides nothing: what is below it is listed all the same.
  for (const parent of [...children.keys()]) add(parent);
  return ordered;
}

/** The folder, what is below it, and what is below that. */
export function subtree<F extends Folder>(folders: Tree<F>, root: FolderId): F[] {
  const found = [folders.get(root)!];
  for (const folder of found) for (const other of folders.values()) if (other.parent === folder.id) found.push(other);
  return found;
}

/** Levels from the root to this folder. */
export function depth(folders: Tree, id: FolderId): number {
  let levels = 0;
  for (let at = folders.get(id); at; at = folders.get(at.parent)) levels++;
  return levels;
}

export function checkParent(folders: Tree, parent: FolderId): void {
  if (parent !== ROOT && !folders.has(parent)) throw new NoFolder('no such parent', 'parent');
}

export function checkName(folders: Tree, name: string, parent: FolderId, self?: FolderId): void {
  const wanted = nameKey(name);
  for (const other of folders.values()) {
    if (other.parent === parent && other.id !== self && nameKey(other.name) === wanted) throw new FolderExists();
  }
}
