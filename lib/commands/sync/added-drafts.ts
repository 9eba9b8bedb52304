/** Drafts that come again under the next key. */
import { type Folder, FolderType, type Mailbox } from '../../mailbox/types.ts';
import type { DeviceId, ItemId } from '../../ops/ids.ts';
import type { Table, Write } from '../../store/ports.ts';
import { Ledger, type LedgerEntry, ledgerId } from '../../sync/ledger.ts';
import type { ClientCommand } from './apply.ts';
import { SyncStatus } from './status.ts';

export interface AddedDraftsInput {
  readonly table: Table;
  readonly mailbox: Mailbox;
  readonly device: DeviceId;
  readonly folder: Folder;
  readonly now: number;
}

const DAY_S = 86_400;

/**
 * A repetition is known by its key (`Repeats`). Gmail was seen to add one draft under each new key, some times a second,
 * until there were 400,000 of it: the same ClientId with the same content within a day is the draft that it made, as
 * long as that lies in the folder as it was made. What was changed since is another one, and stays.
 */
export class AddedDrafts {
  readonly #input: AddedDraftsInput;
  readonly #ledger: Ledger;
  #entries = new Map<string, LedgerEntry>();

  private constructor(input: AddedDraftsInput) {
    this.#input = input;
    const { table, mailbox, device, folder } = input;
    const place = { mailbox: mailbox.id, device, folder: folder.id, syncKey: 'drafts', ttlS: DAY_S };
    this.#ledger = new Ledger(table, place);
  }

  /** Nothing, and nothing is read, for commands that add no draft. @throws StoreUnavailable */
  static async read(input: AddedDraftsInput, commands: readonly ClientCommand[]): Promise<AddedDrafts | undefined> {
    if (input.folder.type !== FolderType.Drafts) return undefined;
    const ids = commands.flatMap((command) =>
      command.tag === 'Add' && !command.value.Send ? [ledgerId('Add', command.value.ClientId)] : [],
    );
    if (ids.length === 0) return undefined;
    const drafts = new AddedDrafts(input);
    drafts.#entries = await drafts.#ledger.read(ids);
    return drafts;
  }

  async find(id: string, hash: string): Promise<LedgerEntry['result'] | undefined> {
    const { mailbox, folder, now } = this.#input;
    const entry = this.#entries.get(id);
    if (entry?.hash !== hash) return undefined;
    const item = (await mailbox.items(folder.id, [entry.result.item])).get(entry.result.item);
    const same = item && item.seq === item.addedSeq && now - item.addedAt < DAY_S * 1000;
    return same ? entry.result : undefined;
  }

  /** Commits with the draft. */
  write(id: string, hash: string, item: ItemId): Write {
    const entry: LedgerEntry = { hash, result: { status: SyncStatus.Success, item } };
    const write = this.#ledger.write(id, entry, this.#entries.get(id), this.#input.now);
    this.#entries.set(id, entry);
    return write;
  }
}
