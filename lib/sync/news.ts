import type { Folder, LogRow, Mailbox } from '../mailbox/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { DeviceId, FolderId } from '../ops/ids.ts';
import { StoreConflict, StoreUnavailable } from '../store/ports.ts';
import type { Own } from './collapse.ts';
import { logMoved, usable } from './collection.ts';
import { type Position, unfinished } from './position.ts';
import { RowFolder } from './rows.ts';
import { moveOn, ownRows } from './state.ts';
import type { LoadedState, SyncStates } from './states.ts';
import type { Heads, News, NewsKind } from './types.ts';

/** Rows that one look reads; more than these without news are news. */
const LOOK_ROWS = 512;

/** What rows alone say to a device that waits: additions count at once, other changes later (MS-ASCMD R5641, R5598). */
export function newsOfRows(position: Position, rows: readonly LogRow[], own: (row: LogRow) => Own): NewsKind {
  const folder = new RowFolder(position, own);
  for (const [index, row] of rows.entries()) folder.add(row, index);
  const folds = folder.tellable();
  // That the answer to a device's own move was lost is seldom: it is no reason to wake it.
  if (folds.some((fold) => !fold.had && !fold.perhaps && !fold.gone)) return 'now';
  return folds.length > 0 ? 'later' : 'none';
}

/** The look of Ping and of a hanging Sync. */
export class SyncNews implements News {
  readonly #states: SyncStates;
  readonly #clock: Clock;

  constructor(states: SyncStates, clock: Clock) {
    this.#states = states;
    this.#clock = clock;
  }

  async look(
    mailbox: Mailbox,
    device: DeviceId,
    folders: readonly FolderId[],
    known?: Heads | Promise<Heads>,
  ): Promise<ReadonlyMap<FolderId, NewsKind>> {
    const [{ heads, state }, loaded] = await Promise.all([
      known ?? mailbox.heads(folders),
      this.#states.load(mailbox.id, device, folders),
    ]);
    const found = new Map<FolderId, NewsKind>();
    for (const [place, id] of folders.entries()) {
      const folder = heads.get(id);
      const synced = loaded[place];
      if (!folder) found.set(id, 'gone');
      else if (!synced) found.set(id, 'unsynced');
      // A Sync says status 3 then, and the device begins again.
      else if (!usable(synced.state, folder, state, this.#clock.now())) found.set(id, 'now');
      else found.set(id, await this.#folder(mailbox, device, folder, synced));
    }
    return found;
  }

  async #folder(mailbox: Mailbox, device: DeviceId, folder: Folder, { state, rev }: LoadedState): Promise<NewsKind> {
    // Key 0 alone: iOS lists such folders in Ping and never fetches them.
    if (state.counter === 1 && state.next.held.length === 0) return 'unsynced';
    if (unfinished(state.next)) return 'now';
    // The last answer may have been lost, but every phone Pings after every Sync: told at once, each mail would cost a
    // Ping and a Sync more. A device that has it finds nothing at its next Sync, which acknowledges.
    const quiet = state.base !== undefined && state.content ? 'later' : 'none';
    if (!logMoved(state.next.log, folder)) return quiet;
    const page = await mailbox.log(folder.id, state.next.log, LOOK_ROWS);
    if (page.gone) return 'now';
    const kind = newsOfRows(state.next, page.rows, ownRows(state, device));
    if (kind === 'none' && page.rows.length > 0) {
      const next = { ...state.next, log: { seq: page.upTo.seq, n: page.upTo.n } };
      await this.#save(mailbox, device, folder.id, moveOn(state, next, this.#clock.now()), rev);
      return page.more ? 'now' : quiet;
    }
    return kind === 'later' && page.more ? 'now' : kind;
  }

  /** What is not written now is found again by the next look. */
  async #save(
    mailbox: Mailbox,
    device: DeviceId,
    folder: FolderId,
    state: LoadedState['state'],
    rev: string,
  ): Promise<void> {
    try {
      await this.#states.save(mailbox.id, device, folder, state, rev);
    } catch (error) {
      if (!(error instanceof StoreUnavailable || error instanceof StoreConflict)) throw error;
    }
  }
}
