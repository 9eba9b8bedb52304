/** Changes of the folder hierarchy. They contend with each other, never with changes of items. */
import { type FolderId, type ItemId, newId, randomToken } from '../ops/ids.ts';
import type { Write } from '../store/ports.ts';
import { HIERARCHY, keys } from '../store/schema.ts';
import { commit } from './commit.ts';
import type { MailboxContext } from './context.ts';
import { classOf, DEFAULT_FOLDERS, FIRST_FOLDERS, isDefault } from './defaults.ts';
import { folderName, nameKey } from './names.ts';
import { type Change, type Entry, type FolderShape, logWrites } from './rows.ts';
import { firstStateWrite, type Hierarchy, newState, readHierarchy, readState, stateWrite } from './state.ts';
import { checkName, checkParent, depth, MAX_DEPTH, subtree, type Tree } from './tree.ts';
import {
  type ChangeOptions,
  type Folder,
  FolderFixed,
  FolderInvalid,
  FolderLimit,
  NoFolder,
  NoMailbox,
  type Origin,
  ROOT,
} from './types.ts';

/** MS-ASCMD R4932: a mailbox holds no more unless it is told otherwise. */
export const MAX_FOLDERS = 1000;
/** Folders of one transaction: two rows each, `STATE`, and room for the caller's. */
const MAX_AT_ONCE = 45;

const newTx = () => randomToken(9);

function nextChange(context: MailboxContext, { state }: Pick<Hierarchy, 'state'>, tx: string, origin?: Origin): Change {
  const { hierarchy: prev, tail: prevTail } = state;
  return { tx, at: context.clock.now(), seq: prev + 1, prev, prevTail, origin };
}

/** A folder's id as an item of the hierarchy's log. */
const asItem = (id: FolderId) => id as string as ItemId;

function logOf(context: MailboxContext, change: Change, entries: readonly Entry[]): Write[] {
  return logWrites(context.id, HIERARCHY, change, entries);
}

function creation(context: MailboxContext, id: FolderId, shape: FolderShape, hseq: number): Write {
  const { pk, sk } = keys.folder(context.id, id);
  const counts = { seq: 0, added: 0, tail: 0, count: 0, unread: 0, bytes: 0 };
  return { op: 'put', table: 'mailboxes', row: { pk, sk, ...shape, ...counts, hseq }, when: { row: 'absent' } };
}

/** A folder in which nothing has happened. */
export const blank = (id: FolderId, shape: FolderShape): Folder => {
  return { id, ...shape, class: classOf(shape.type), seq: 0, added: 0, tail: 0, count: 0, unread: 0 };
};

/** Short, without what a URL or a row key would have to escape; 50 random bits, and the put is conditional. */
export const newFolderId = (now: number): FolderId => newId(now).slice(-10).toLowerCase() as FolderId;

export async function createFolder(
  context: MailboxContext,
  given: FolderShape & { readonly id?: FolderId },
  options: ChangeOptions = {},
): Promise<Folder> {
  const shape: FolderShape = { name: folderName(given.name), parent: given.parent, type: given.type };
  const tx = newTx();
  const id = given.id ?? newFolderId(context.clock.now());
  return commit(context, tx, options.with ?? [], async () => {
    const tree = await readHierarchy(context);
    checkParent(tree.folders, shape.parent);
    checkName(tree.folders, shape.name, shape.parent);
    if (tree.folders.size >= MAX_FOLDERS) throw new FolderLimit();
    if (depth(tree.folders, shape.parent) >= MAX_DEPTH) throw new FolderInvalid('too deep');
    const change = nextChange(context, tree, tx, options.origin);
    const writes = [
      stateWrite(context, tree.state, { rows: 1, folders: 1, sum: change.seq }),
      creation(context, id, shape, change.seq),
      ...logOf(context, change, [{ item: asItem(id), kind: 'add', as: shape }]),
    ];
    return { writes, proof: keys.log(context.id, HIERARCHY, change.seq, 0), result: blank(id, shape) };
  });
}

export async function changeFolder(
  context: MailboxContext,
  id: FolderId,
  to: { readonly name: string; readonly parent: FolderId },
  options: ChangeOptions = {},
): Promise<Folder> {
  const tx = newTx();
  return commit(context, tx, options.with ?? [], async () => {
    const tree = await readHierarchy(context);
    const current = tree.folders.get(id);
    if (!current) throw new NoFolder();
    if (isDefault(id)) throw new FolderFixed();
    const shape: FolderShape = { name: folderName(to.name), parent: to.parent, type: current.type };
    checkParent(tree.folders, shape.parent);
    const below = subtree(tree.folders, id);
    if (below.some((folder) => folder.id === shape.parent)) throw new FolderInvalid('below itself');
    checkName(tree.folders, shape.name, shape.parent, id);
    if (shape.name === current.name && shape.parent === current.parent) return { result: current };
    const own = depth(tree.folders, id);
    const height = Math.max(...below.map((folder) => depth(tree.folders, folder.id))) - own + 1;
    if (depth(tree.folders, shape.parent) + height > MAX_DEPTH) throw new FolderInvalid('too deep');
    const change = nextChange(context, tree, tx, options.origin);
    const { name, parent } = shape;
    const writes: Write[] = [
      stateWrite(context, tree.state, { rows: 1, folders: 0, sum: change.seq - current.hseq }),
      {
        op: 'update',
        key: keys.folder(context.id, id),
        set: { name, parent, hseq: change.seq },
        when: { equals: { hseq: current.hseq } },
      },
      ...logOf(context, change, [{ item: asItem(id), kind: 'change', as: shape }]),
    ];
    return { writes, proof: keys.log(context.id, HIERARCHY, change.seq, 0), result: { ...current, name, parent } };
  });
}

/** Takes what is furthest from the root, at most `MAX_AT_ONCE`. @returns whether that was all */
async function deletePart(context: MailboxContext, id: FolderId, options: ChangeOptions): Promise<boolean> {
  const tx = newTx();
  return commit(context, tx, options.with ?? [], async () => {
    const tree = await readHierarchy(context);
    if (!tree.folders.has(id)) throw new NoFolder();
    const all = subtree(tree.folders, id);
    const last = all.length <= MAX_AT_ONCE;
    const going = all.slice(last ? 0 : -MAX_AT_ONCE);
    const change = nextChange(context, tree, tx, options.origin);
    const sum = going.reduce((total, { hseq }) => total + hseq, 0);
    const writes: Write[] = [
      stateWrite(context, tree.state, { rows: going.length, folders: -going.length, sum: -sum }),
      ...going.map((folder): Write => {
        return {
          op: 'update',
          key: keys.folder(context.id, folder.id),
          set: { hidden: true, hseq: change.seq },
          // Whoever is writing to the folder fails its condition and finds it gone.
          add: { seq: 1 },
          when: { equals: { hseq: folder.hseq } },
        };
      }),
      ...logOf(
        context,
        change,
        going.map(({ id: gone, name, parent, type }) => ({
          item: asItem(gone),
          kind: 'delete',
          as: { name, parent, type },
        })),
      ),
    ];
    return { writes, proof: keys.log(context.id, HIERARCHY, change.seq, 0), result: last, partial: !last };
  });
}

export async function deleteFolder(context: MailboxContext, id: FolderId, options: ChangeOptions = {}): Promise<void> {
  if (isDefault(id)) throw new FolderFixed();
  for (let part = 0; part <= MAX_FOLDERS; part++) if (await deletePart(context, id, options)) return;
}

/** Raises an epoch of `STATE`. Raising it twice does no harm; the caller's rows are written once. */
export async function raise(
  context: MailboxContext,
  epoch: 'policyEpoch' | 'wipeEpoch',
  options: ChangeOptions = {},
): Promise<void> {
  const tx = newTx();
  return commit(context, tx, options.with ?? [], async () => {
    const state = await readState(context);
    const key = keys.state(context.id);
    const set = { [epoch]: state[epoch] + 1, tx };
    const when = { equals: { [epoch]: state[epoch] } };
    return { writes: [{ op: 'update', key, set, when }], proof: key, result: undefined };
  });
}

/** Makes the mailbox, or adds the default folders that it lacks. Harmless to repeat, from several places at once too. */
export async function ensureDefaults(context: MailboxContext): Promise<void> {
  const tx = newTx();
  return commit(context, tx, [], async () => {
    const found = await readHierarchy(context).catch((error: unknown) => {
      if (error instanceof NoMailbox) return undefined;
      throw error;
    });
    const tree: Hierarchy = found ?? { state: newState(), folders: new Map(), hidden: [] };
    const missing = (found ? DEFAULT_FOLDERS : FIRST_FOLDERS).filter(({ id }) => !tree.folders.has(id));
    if (missing.length === 0) return { result: undefined };
    const change = nextChange(context, tree, tx);
    const shapes = missing.map(({ id, name, type }) => {
      return { id, shape: { name: freeName(tree.folders, name), parent: ROOT, type } };
    });
    const by = { rows: missing.length, folders: missing.length, sum: missing.length * change.seq };
    const writes = [
      found ? stateWrite(context, tree.state, by) : firstStateWrite(context, tree.state, by),
      ...shapes.map(({ id, shape }) => creation(context, id, shape, change.seq)),
      ...logOf(
        context,
        change,
        shapes.map(({ id, shape }) => ({ item: asItem(id), kind: 'add', as: shape })),
      ),
    ];
    return { writes, proof: keys.log(context.id, HIERARCHY, change.seq, 0), result: undefined };
  });
}

/** A user may have a folder of the name that a later release gives to a default one. */
function freeName(folders: Tree, name: string): string {
  const taken = new Set([...folders.values()].filter((f) => f.parent === ROOT).map((f) => nameKey(f.name)));
  if (!taken.has(nameKey(name))) return name;
  for (let n = 2; ; n++) if (!taken.has(nameKey(`${name} (${n})`))) return `${name} (${n})`;
}
