import type { SyncRequest, SyncResponse } from '../../documents/sync.ts';
import { formatServerId, parseServerId } from '../../mailbox/server-id.ts';
import { type Folder, type Mailbox, NoItem, type Watermark } from '../../mailbox/types.ts';
import type { DeviceId, ItemId } from '../../ops/ids.ts';
import { ConditionFailed, StoreUnavailable } from '../../store/ports.ts';
import { type Applied, logMoved } from '../../sync/collection.ts';
import { conflicts, readTouched } from '../../sync/conflict.ts';
import type { View } from '../../sync/item-class.ts';
import { contentHash, type Ledger, type LedgerEntry, ledgerId } from '../../sync/ledger.ts';
import { WbxmlError } from '../../wbxml/index.ts';
import type { ClientChange, SyncItemClass } from './item-class.ts';

type RequestCollection = NonNullable<SyncRequest['Collections']>['Collection'][number];
export type ClientCommand = NonNullable<RequestCollection['Commands']>[number];
type ResponseCollection = NonNullable<SyncResponse['Collections']>['Collection'][number];
export type CommandResponse = NonNullable<ResponseCollection['Responses']>[number];
type Of<Tag extends ClientCommand['tag']> = Extract<ClientCommand, { tag: Tag }>['value'];

/** Statuses of single commands, MS-ASCMD 2.2.3.177.17. */
const OK = 1;
const CONVERSION = 6;
const CONFLICT = 7;
const NOT_FOUND = 8;

export interface ApplyInput {
  readonly mailbox: Mailbox;
  readonly device: DeviceId;
  readonly folder: Folder;
  /** The key under which the commands came. */
  readonly key: string;
  readonly commands: readonly ClientCommand[];
  readonly itemClass: SyncItemClass;
  readonly view: View;
  readonly ledger: Ledger;
  /** Where the device stood in the log when it made its changes. */
  readonly since: Watermark;
  /** Where deleted items go; absent: they are removed for good. */
  readonly trash: Folder | undefined;
  readonly now: number;
}

/** Commits one command's effect together with its ledger row. Gives the result that then stands in the ledger. */
type Effect = (write: Parameters<Mailbox['remove']>[2]) => Promise<void>;

/** The client's commands of one collection, in their order, each exactly once however often they come. */
export async function applyCommands(input: ApplyInput): Promise<Applied<CommandResponse>> {
  const applier = new Applier(input);
  await applier.prepare();
  const responses: CommandResponse[] = [];
  for (const command of input.commands) {
    const response = await applier.apply(command);
    if (response) responses.push(response);
  }
  return { responses, confirmed: applier.confirmed, added: applier.added };
}

class Applier {
  readonly confirmed: ItemId[] = [];
  readonly added: ItemId[] = [];
  readonly #input: ApplyInput;
  #ledger: Map<string, LedgerEntry> = new Map();
  /** What others changed since the device last knew, read when the first Change needs it. */
  #touched: ReturnType<typeof readTouched> | undefined;

  constructor(input: ApplyInput) {
    this.#input = input;
  }

  async prepare(): Promise<void> {
    const ids = this.#input.commands.flatMap((command) => {
      if (command.tag === 'Fetch') return [];
      return [ledgerId(command.tag, command.tag === 'Add' ? command.value.ClientId : command.value.ServerId)];
    });
    this.#ledger = await this.#input.ledger.read(ids);
  }

  /** The answer to one command; none for a Change or Delete that succeeded (MS-ASCMD R7069, R5256). */
  async apply(command: ClientCommand): Promise<CommandResponse | undefined> {
    switch (command.tag) {
      case 'Add':
        return this.#add(command.value);
      case 'Change': {
        const { Class, ServerId } = command.value;
        const Status = await this.#change(command.value);
        return Status === OK ? undefined : { tag: 'Change', value: { Class, ServerId, Status } };
      }
      case 'Delete': {
        const { ServerId } = command.value;
        const Status = await this.#delete(command.value);
        return Status === OK ? undefined : { tag: 'Delete', value: { ServerId, Status } };
      }
      case 'Fetch':
        return this.#fetch(command.value);
    }
  }

  async #add(value: Of<'Add'>): Promise<CommandResponse> {
    const { itemClass, mailbox, folder, view, now, key } = this.#input;
    const answer = (Status: number, item?: ItemId): CommandResponse => {
      if (item) this.added.push(item);
      const ServerId = item && formatServerId(folder.id, item);
      return { tag: 'Add', value: { Class: value.Class, ClientId: value.ClientId, ServerId, Status } };
    };
    const hash = contentHash(value.Class, value.Send, value.ApplicationData);
    const id = ledgerId('Add', value.ClientId);
    const known = this.#known(id, hash);
    if (known) return answer(known.status, known.item);
    const seed = `${this.#input.device} ${folder.id} ${key} ${id} ${hash}`;
    const { ClientId: clientId, ApplicationData: data, Send: send = false } = value;
    const made = await this.#readable(() =>
      itemClass.create?.({ mailbox: mailbox.id, version: view.version, clientId, seed, data, send, now }),
    );
    if (made === undefined) return answer(CONVERSION);
    if ('status' in made) return answer(made.status);
    const result = await this.#once(id, hash, made.id, async (options) => {
      await mailbox.append(folder.id, [made], options);
    });
    return answer(result.status, result.item);
  }

  async #change(value: Of<'Change'>): Promise<number> {
    const { itemClass, mailbox, folder, view } = this.#input;
    const hash = contentHash(value.InstanceId, value.Send, value.ApplicationData);
    const id = ledgerId('Change', value.ServerId);
    const known = this.#known(id, hash);
    if (known) return known.status;
    const item = this.#item(value.ServerId);
    if (!item) return NOT_FOUND;
    const { ApplicationData: data } = value;
    const change = await this.#readable(async () => data && itemClass.readChange(data, view.version));
    if (!change) return CONVERSION;
    const touched = await this.#touchedOf(item);
    let refused: number | undefined;
    const result = await this.#once(id, hash, item, async (options) => {
      await mailbox.update(
        folder.id,
        item,
        (current) => {
          const decided = this.#decide(change, current, touched(current.seq));
          refused = 'status' in decided ? decided.status : undefined;
          if (refused !== undefined) throw new Refused();
          return 'content' in decided ? decided : undefined;
        },
        options,
      );
    }).catch((error: unknown) => {
      if (error instanceof Refused || error instanceof NoItem) return undefined;
      throw error;
    });
    return result?.status ?? refused ?? NOT_FOUND;
  }

  #decide(change: ClientChange, current: Parameters<ClientChange>[0], touched: string | undefined) {
    const decided = change(current);
    if (decided.result !== 'changed') return decided;
    // Conflict 1 (the default) keeps what the server has, and its change goes to the client (MS-ASCMD R2066, R2069).
    const serverWins = this.#input.view.options.conflict === 1;
    if (serverWins && conflicts(touched, decided.kind === 'flags' ? decided.parts : undefined)) {
      return { status: CONFLICT };
    }
    return decided;
  }

  async #delete(value: Of<'Delete'>): Promise<number> {
    const { mailbox, folder, trash } = this.#input;
    const hash = contentHash(value.InstanceId, trash?.id);
    const id = ledgerId('Delete', value.ServerId);
    // Gone is gone, by whichever of two Deletes.
    const known = this.#ledger.get(id);
    const item = this.#item(value.ServerId);
    if (known) return this.#known(id, known.hash)!.status;
    if (!item) return NOT_FOUND;
    const result = await this.#once(id, hash, item, async (options) => {
      if (trash) await mailbox.move(folder.id, item, trash.id, options);
      else if (!(await mailbox.items(folder.id, [item])).has(item)) throw new NoItem();
      else await mailbox.remove(folder.id, [item], options);
    }).catch((error: unknown) => {
      if (error instanceof NoItem) return undefined;
      throw error;
    });
    return result?.status ?? NOT_FOUND;
  }

  async #fetch({ ServerId }: Of<'Fetch'>): Promise<CommandResponse> {
    const { mailbox, folder, itemClass, view } = this.#input;
    const item = this.#item(ServerId);
    const found = item && (await mailbox.items(folder.id, [item])).get(item);
    if (!found) return { tag: 'Fetch', value: { ServerId, Status: NOT_FOUND } };
    try {
      const ApplicationData = await itemClass.render(found, { ...view, whole: true });
      return { tag: 'Fetch', value: { ServerId, Status: OK, ApplicationData } };
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      return { tag: 'Fetch', value: { ServerId, Status: CONVERSION } };
    }
  }

  /** The item of this collection that a ServerId names. */
  #item(serverId: string): ItemId | undefined {
    const ref = parseServerId(serverId);
    return ref?.folder === this.#input.folder.id ? ref.item : undefined;
  }

  /** What the ledger says of the same command; the device is told, so it knows. */
  #known(id: string, hash: string) {
    const entry = this.#ledger.get(id);
    if (entry?.hash !== hash) return undefined;
    this.confirmed.push(entry.result.item);
    return entry.result;
  }

  /** Commits the effect and the ledger row together. Another request that was faster has the say. */
  async #once(id: string, hash: string, item: ItemId, effect: Effect): Promise<LedgerEntry['result']> {
    const { ledger, device, key, now } = this.#input;
    const entry = { hash, result: { status: OK, item } };
    const before = this.#ledger.get(id);
    try {
      await effect({ origin: { device, syncKey: key }, with: [ledger.write(id, entry, before, now)] });
      this.#ledger.set(id, entry);
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      const other = (await ledger.read([id])).get(id);
      if (other?.hash !== hash) throw new StoreUnavailable('two requests of a device at once', { cause: error });
      this.#ledger.set(id, other);
    }
    this.confirmed.push(item);
    return this.#ledger.get(id)!.result;
  }

  /** What others touched of an item, by the item's sequence as it is read. */
  async #touchedOf(item: ItemId): Promise<(seq: number) => string | undefined> {
    const { mailbox, folder, since, view, device } = this.#input;
    if (view.options.conflict === 0 || !logMoved(since, folder)) return () => undefined;
    // What the device changed itself is no conflict, confirmed or not.
    this.#touched ??= readTouched(mailbox, folder.id, since, (row) => row.origin?.device === device);
    const { touched, from } = await this.#touched;
    return (seq) => (seq >= from ? 'everything' : touched.get(item));
  }

  /** `undefined` for data that the class cannot read: status 6 (MS-ASCMD R4440). */
  async #readable<T>(read: () => Promise<T> | T): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof WbxmlError) return undefined;
      throw error;
    }
  }
}

/** Ends an update without a change. */
class Refused extends Error {
  override readonly name = 'Refused';
}
