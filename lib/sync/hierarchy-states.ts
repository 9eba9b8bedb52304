import type { Mailboxes, MailboxState } from '../mailbox/types.ts';
import { type DeviceId, type MailboxId, randomToken } from '../ops/ids.ts';
import type { HierarchyView } from '../push/types.ts';
import {
  type Condition,
  ConditionFailed,
  OutcomeUnknown,
  StoreConflict,
  StoreUnavailable,
  type Table,
  type Write,
} from '../store/ports.ts';
import { HIERARCHY, keys } from '../store/schema.ts';
import { type HierarchyState, knownTo } from './hierarchy-state.ts';

export interface LoadedHierarchy {
  readonly state: HierarchyState;
  /** Differs after every write. */
  readonly rev: string;
}

const TRIES = 6;

/**
 * What each device knows of the folders: the rows `S#<device>#!hierarchy#`. They do not expire: a hierarchy may rest
 * for years, and they go with the partnership.
 */
export class HierarchyStates implements HierarchyView {
  readonly #table: Table;
  readonly #mailboxes: Pick<Mailboxes, 'open'>;

  constructor(table: Table, mailboxes: Pick<Mailboxes, 'open'>) {
    this.#table = table;
    this.#mailboxes = mailboxes;
  }

  /** Strong. `undefined` for a device that never had an answer to a FolderSync. */
  async load(mailbox: MailboxId, device: DeviceId): Promise<LoadedHierarchy | undefined> {
    const row = await this.#table.get(keys.syncState(mailbox, device, HIERARCHY), 'strong');
    if (typeof row?.state !== 'string' || typeof row.rev !== 'string') return undefined;
    return { state: JSON.parse(row.state) as HierarchyState, rev: row.rev };
  }

  /** The write that stores a state on condition that nobody stored one since `rev` (`undefined`: that there is none). */
  write(mailbox: MailboxId, device: DeviceId, state: HierarchyState, rev: string | undefined): Write {
    const { pk, sk } = keys.syncState(mailbox, device, HIERARCHY);
    const row = { pk, sk, rev: randomToken(9), state: JSON.stringify(state) };
    const when: Condition = rev === undefined ? { row: 'absent' } : { equals: { rev } };
    return { op: 'put', table: 'devices', row, when };
  }

  /** @returns `false` when another request of the device was faster. @throws StoreUnavailable */
  async save(mailbox: MailboxId, device: DeviceId, state: HierarchyState, rev: string | undefined): Promise<boolean> {
    const write = this.write(mailbox, device, state, rev);
    const mine = write.op === 'put' ? write.row.rev : undefined;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      try {
        await this.#table.transact([write]);
        return true;
      } catch (error) {
        // A try whose answer was lost may have written it.
        if (error instanceof ConditionFailed) return (await this.load(mailbox, device))?.rev === mine;
        if (!(error instanceof StoreConflict || error instanceof OutcomeUnknown)) throw error;
      }
    }
    throw new StoreUnavailable('the state of the hierarchy could not be written');
  }

  /** Compares with the last key returned, as Ping does for collections. Changes of the device's own are no news. */
  async upToDate(mailbox: MailboxId, device: DeviceId, now: MailboxState): Promise<boolean> {
    const loaded = await this.load(mailbox, device);
    if (!loaded || loaded.state.incarnation !== now.incarnation) return false;
    const { state } = loaded;
    if (state.last.to === now.hierarchy) return true;
    const known = knownTo(state, device, state.last);
    const since = await this.#mailboxes.open(mailbox).hierarchySince(state.last.to, { known });
    return !since.gone && since.added.length + since.changed.length + since.deleted.length === 0;
  }
}
