import type { Mailbox } from '../../mailbox/types.ts';
import type { DeviceId, ItemId } from '../../ops/ids.ts';
import { ConditionFailed, StoreUnavailable } from '../../store/ports.ts';
import { type Ledger, type LedgerEntry, ledgerId } from '../../sync/ledger.ts';
import type { ClientCommand } from './apply.ts';
import { SyncStatus } from './status.ts';

/** Commits one command's effect together with its ledger row. */
type Effect = (write: Parameters<Mailbox['remove']>[2]) => Promise<void>;

export interface RepeatsInput {
  readonly ledger: Ledger;
  readonly device: DeviceId;
  /** The key under which the commands came. */
  readonly key: string;
  readonly now: number;
}

/** What of a request's commands was done before, and how each is done once however often it comes. */
export class Repeats {
  /** Items that the answer tells the device of. */
  readonly confirmed: ItemId[] = [];
  readonly #input: RepeatsInput;
  #ledger: Map<string, LedgerEntry> = new Map();

  constructor(input: RepeatsInput) {
    this.#input = input;
  }

  async read(commands: readonly ClientCommand[]): Promise<void> {
    const ids = commands.flatMap((command) => {
      if (command.tag === 'Fetch') return [];
      return [ledgerId(command.tag, command.tag === 'Add' ? command.value.ClientId : command.value.ServerId)];
    });
    this.#ledger = await this.#input.ledger.read(ids);
  }

  /** What the ledger says of a command of this name, whatever its content was; the device is told, so it knows. */
  named(id: string): LedgerEntry['result'] | undefined {
    const result = this.#ledger.get(id)?.result;
    if (result) this.confirmed.push(result.item);
    return result;
  }

  /** The same of the very same command. */
  known(id: string, hash: string): LedgerEntry['result'] | undefined {
    return this.#ledger.get(id)?.hash === hash ? this.named(id) : undefined;
  }

  /** Commits the effect and the ledger row together. Another request that was faster has the say. */
  async once(id: string, hash: string, item: ItemId, effect: Effect): Promise<LedgerEntry['result']> {
    const { ledger, device, key, now } = this.#input;
    let entry: LedgerEntry = { hash, result: { status: SyncStatus.Success, item } };
    try {
      const row = ledger.write(id, entry, this.#ledger.get(id), now);
      await effect({ origin: { device, syncKey: key }, with: [row] });
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      const other = (await ledger.read([id])).get(id);
      if (other?.hash !== hash) throw new StoreUnavailable('two requests of a device at once', { cause: error });
      entry = other;
    }
    this.#ledger.set(id, entry);
    this.confirmed.push(item);
    return entry.result;
  }
}
