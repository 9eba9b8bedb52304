import type { DeviceId, FolderId, MailboxId } from '../ops/ids.ts';
import { randomToken } from '../ops/ids.ts';
import {
  type Condition,
  ConditionFailed,
  OutcomeUnknown,
  type Row,
  StoreConflict,
  StoreUnavailable,
  type Table,
} from '../store/ports.ts';
import { readOnce } from '../store/rows.ts';
import { keys, LOG_TTL_S } from '../store/schema.ts';
import type { SyncOptions } from './options.ts';
import type { CollectionState } from './state.ts';

export type SyncState = CollectionState<SyncOptions>;

export interface LoadedState {
  readonly state: SyncState;
  /** Differs after every write; a write that was decided from an older one is refused. */
  readonly rev: string;
}

const TRIES = 6;
/** A device that comes back after the log's end starts again anyway. */
const STATE_TTL_S = 2 * LOG_TTL_S;

/** The rows `S#<device>#<folder>`. */
export class SyncStates {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Strong, in the order of the folders; `undefined` where the device never synchronised. @throws StoreUnavailable */
  async load(mailbox: MailboxId, device: DeviceId, folders: readonly FolderId[]): Promise<(LoadedState | undefined)[]> {
    if (folders.length === 0) return [];
    const rows = await this.#table.batchGet(
      folders.map((folder) => keys.syncState(mailbox, device, folder)),
      'strong',
    );
    return rows.map(readState);
  }

  /**
   * Writes on condition that nobody wrote since `rev` (`undefined`: that there is none). The new `rev`, or `undefined`
   * when another request of the device was faster: then nothing was written. @throws StoreUnavailable
   */
  async save(
    mailbox: MailboxId,
    device: DeviceId,
    folder: FolderId,
    state: SyncState,
    rev: string | undefined,
  ): Promise<string | undefined> {
    const key = keys.syncState(mailbox, device, folder);
    const mine = randomToken(9);
    const row = {
      pk: key.pk,
      sk: key.sk,
      rev: mine,
      state: JSON.stringify(state),
      ttl: Math.floor(state.touched / 1000) + STATE_TTL_S,
    };
    const when: Condition = rev === undefined ? { row: 'absent' } : { equals: { rev } };
    for (let attempt = 0; attempt < TRIES; attempt++) {
      try {
        await this.#table.transact([{ op: 'put', table: 'devices', row, when }]);
        return mine;
      } catch (error) {
        if (error instanceof ConditionFailed) {
          // A first try whose answer was lost may have written it.
          const now = attempt > 0 ? await this.#table.get(key, 'strong') : undefined;
          return now?.rev === mine ? mine : undefined;
        }
        if (!(error instanceof StoreConflict || error instanceof OutcomeUnknown)) throw error;
      }
    }
    throw new StoreUnavailable('the sync state could not be written');
  }
}

const loadedOf = readOnce(
  (row: Row): LoadedState => ({ state: JSON.parse(row.state as string) as SyncState, rev: row.rev as string }),
);

function readState(row: Row | undefined): LoadedState | undefined {
  if (!row || typeof row.state !== 'string' || typeof row.rev !== 'string') return undefined;
  return loadedOf(row);
}
