import { type FolderId, randomToken } from '../ops/ids.ts';
import { type Row, StoreUnavailable, type Write } from '../store/ports.ts';
import { keys, mailboxPartition, SCHEMA_VERSION } from '../store/schema.ts';
import type { MailboxContext } from './context.ts';
import { folderOf, type StoredFolder } from './rows.ts';
import { type MailboxState, NoMailbox } from './types.ts';

/** The `STATE` row with what only the hierarchy's code looks at. */
export interface StoredState extends MailboxState {
  /** Place of the last row of the hierarchy's last change. */
  readonly tail: number;
  /** Folders that are there, and the sum of their `hseq`: what a reader must find to have seen all of them as of now. */
  readonly folders: number;
  readonly sum: number;
}

export function stateOf(row: Row): StoredState {
  return {
    incarnation: row.incarnation as string,
    hierarchy: row.hierarchy as number,
    policyEpoch: row.policyEpoch as number,
    wipeEpoch: row.wipeEpoch as number,
    tail: row.tail as number,
    folders: row.folders as number,
    sum: row.sum as number,
  };
}

/** Strong. @throws NoMailbox */
export async function readState({ table, id }: MailboxContext): Promise<StoredState> {
  const row = await table.get(keys.state(id), 'strong');
  if (!row) throw new NoMailbox();
  return stateOf(row);
}

/** All folders as of one hierarchy sequence. */
export interface Hierarchy {
  readonly state: StoredState;
  readonly folders: ReadonlyMap<FolderId, StoredFolder>;
  /** Folders that are being deleted. */
  readonly hidden: readonly StoredFolder[];
}

const LOOKS = 8;

/**
 * Reads `STATE`, then the folders. A query can see a part of a transaction, so the folders must add up to what `STATE`
 * says; where they do not, somebody is writing and all is read again. @throws NoMailbox, StoreUnavailable
 */
export async function readHierarchy(context: MailboxContext): Promise<Hierarchy> {
  for (let look = 1; look <= LOOKS; look++) {
    const state = await readState(context);
    const rows = await context.table.query({
      table: 'mailboxes',
      pk: mailboxPartition(context.id),
      prefix: 'F#',
      consistency: 'strong',
    });
    const all = rows.map(folderOf);
    const visible = all.filter(({ hidden }) => !hidden);
    const sum = visible.reduce((total, { hseq }) => total + hseq, 0);
    if (visible.length === state.folders && sum === state.sum) {
      const folders = new Map(visible.map((folder) => [folder.id, folder]));
      return { state, folders, hidden: all.filter(({ hidden }) => hidden) };
    }
    await context.pause(look);
  }
  throw new StoreUnavailable('the folders do not add up');
}

/** A new mailbox's `STATE` with hierarchy sequence 0 and no folders. */
export function newState(): StoredState {
  return { incarnation: randomToken(9), hierarchy: 0, policyEpoch: 0, wipeEpoch: 0, tail: 0, folders: 0, sum: 0 };
}

/** What a change of the hierarchy does to `STATE`. */
export interface StateChange {
  /** How many log rows the change has. */
  readonly rows: number;
  readonly folders: number;
  readonly sum: number;
}

/** On condition that the hierarchy is as it was read. Epochs may have been raised meanwhile: they stay. */
export function stateWrite({ id }: MailboxContext, state: StoredState, by: StateChange): Write {
  return {
    op: 'update',
    key: keys.state(id),
    set: {
      hierarchy: state.hierarchy + 1,
      tail: by.rows - 1,
      folders: state.folders + by.folders,
      sum: state.sum + by.sum,
    },
    when: { equals: { hierarchy: state.hierarchy } },
  };
}

export function firstStateWrite({ id }: MailboxContext, state: StoredState, by: StateChange): Write {
  const { pk, sk } = keys.state(id);
  const counts = { hierarchy: 1, tail: by.rows - 1, folders: by.folders, sum: by.sum };
  const row = { pk, sk, schema: SCHEMA_VERSION, ...state, ...counts };
  return { op: 'put', table: 'mailboxes', row, when: { row: 'absent' } };
}
