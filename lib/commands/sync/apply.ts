import type { SyncRequest, SyncResponse } from '../../documents/sync.ts';
import { formatServerId, parseServerId } from '../../mailbox/server-id.ts';
import { type Folder, type Item, ItemChanged, type Mailbox, NoItem, type Watermark } from '../../mailbox/types.ts';
import { type DeviceId, type ItemId, isSms, ulidFor } from '../../ops/ids.ts';
import type { CommandContext } from '../../protocol/command.ts';
import { StoreUnavailable, type Table } from '../../store/ports.ts';
import { type Applied, logMoved } from '../../sync/collection.ts';
import { conflicts, readTouched } from '../../sync/conflict.ts';
import type { View } from '../../sync/item-class.ts';
import { contentHash, type Ledger, ledgerId } from '../../sync/ledger.ts';
import { untruncated } from '../../sync/options.ts';
import { type Room, takeFetched } from '../../sync/window.ts';
import type { Fragment, WbxmlElement } from '../../wbxml/index.ts';
import { SENT_ITEMS } from '../compose/submit.ts';
import { AddedDrafts } from './added-drafts.ts';
import type { Changed, ClientSend, SyncItemClass } from './item-class.ts';
import { noSpace, orNothing, Refused, readable } from './outcomes.ts';
import { Repeats } from './repeats.ts';
import { SyncStatus } from './status.ts';

type RequestCollection = NonNullable<SyncRequest['Collections']>['Collection'][number];
export type ClientCommand = NonNullable<RequestCollection['Commands']>[number];
type ResponseCollection = NonNullable<SyncResponse['Collections']>['Collection'][number];
export type CommandResponse = NonNullable<ResponseCollection['Responses']>[number];
type Of<Tag extends ClientCommand['tag']> = Extract<ClientCommand, { tag: Tag }>['value'];

const { Success: OK, Conversion: CONVERSION, Conflict: CONFLICT, NotFound: NOT_FOUND, NoSpace: NO_SPACE } = SyncStatus;
const { Retry: RETRY } = SyncStatus;

/** Bytes that a byte of a body may become in an answer. */
const ENCODED = 4;
/** How many times a draft is made anew that others change meanwhile. */
const TRIES = 3;

/** A class of items, and how the device wants them. */
export interface ClassInUse {
  readonly itemClass: SyncItemClass;
  readonly view: View;
}

export interface ApplyInput {
  readonly context: CommandContext;
  readonly mailbox: Mailbox;
  readonly device: DeviceId;
  readonly folder: Folder;
  /** The key under which the commands came. */
  readonly key: string;
  readonly commands: readonly ClientCommand[];
  /** The request brought no options: those of before hold. */
  readonly oldOptions: boolean;
  /** The collection's own class. */
  readonly own: ClassInUse;
  /** Text messages; absent where the folder takes none. */
  readonly sms?: ClassInUse;
  readonly ledger: Ledger;
  /** For what is remembered beyond the key. */
  readonly table: Table;
  /** Where the device stood in the log when it made its changes. */
  readonly since: Watermark;
  /** Where deleted items go; absent: they are removed for good. */
  readonly trash: Folder | undefined;
  /** Of the response: what is fetched takes from it. */
  readonly room: Room;
  readonly now: number;
}

/** The client's commands of one collection, in their order, each exactly once however often they come. */
export async function applyCommands(input: ApplyInput): Promise<Applied<CommandResponse>> {
  const repeats = new Repeats(input);
  await repeats.read(input.commands);
  const applier = new Applier(input, repeats, await AddedDrafts.read(input, input.commands));
  const responses: CommandResponse[] = [];
  for (const command of input.commands) {
    const response = await applier.apply(command);
    if (response) responses.push(response);
  }
  return { responses, confirmed: repeats.confirmed, added: applier.added };
}

class Applier {
  readonly added: ItemId[] = [];
  readonly #input: ApplyInput;
  readonly #repeats: Repeats;
  readonly #drafts: AddedDrafts | undefined;
  /** ServerIds: who asks twice is answered once. */
  readonly #fetched = new Set<string>();
  /** What others changed since the device last knew, read when the first Change needs it. */
  #touched: ReturnType<typeof readTouched> | undefined;

  constructor(input: ApplyInput, repeats: Repeats, drafts: AddedDrafts | undefined) {
    this.#input = input;
    this.#repeats = repeats;
    this.#drafts = drafts;
  }

  /** The answer to one command; none for a Change or Delete that succeeded (MS-ASCMD R7069, R5256). */
  async apply(command: ClientCommand): Promise<CommandResponse | undefined> {
    switch (command.tag) {
      case 'Add':
        return this.#add(command.value);
      case 'Change': {
        const { Class, ServerId } = command.value;
        const { status: Status, data: ApplicationData } = await this.#change(command.value);
        if (Status === OK && !ApplicationData) return undefined;
        return { tag: 'Change', value: { Class, ServerId, Status, ApplicationData } };
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
    const { folder } = this.#input;
    const answer = (Status: number, item?: ItemId, ApplicationData?: Fragment): CommandResponse => {
      if (item) this.added.push(item);
      const ServerId = item && formatServerId(folder.id, item);
      return { tag: 'Add', value: { Class: value.Class, ClientId: value.ClientId, ServerId, Status, ApplicationData } };
    };
    const hash = contentHash(value.Class, value.Send, value.ApplicationData);
    const id = ledgerId('Add', value.ClientId);
    const known = this.#repeats.known(id, hash);
    const used = value.Class === 'SMS' ? this.#input.sms : this.#input.own;
    if (!used) return answer(CONVERSION);
    // What goes out at once is nowhere in this folder: there is no ServerId to tell.
    if (value.Send) return answer(known?.status ?? (await this.#send(used, id, hash, value.ApplicationData)));
    const made = known ?? (await this.#drafts?.find(id, hash)) ?? (await this.#create(used, value, id, hash));
    if (made.item === undefined) return answer(made.status);
    return answer(made.status, made.item, await this.#confirmed(used, made.item, 'Add', value.ApplicationData));
  }

  async #create(
    { itemClass, view }: ClassInUse,
    { ClientId: clientId, ApplicationData: data }: Of<'Add'>,
    id: string,
    hash: string,
  ): Promise<{ readonly status: number; readonly item?: ItemId }> {
    const { context, mailbox, folder, now } = this.#input;
    const add = { context, folder, mailbox: mailbox.id, version: view.version, clientId, data, now };
    const made = await readable(() => itemClass.create?.({ ...add, seed: this.#seed(id, hash) }));
    if (made === undefined) return { status: CONVERSION };
    if ('status' in made) return made;
    const result = await this.#repeats
      .once(id, hash, made.id, async ({ with: rows = [], ...options } = {}) => {
        const remembered = this.#drafts ? [this.#drafts.write(id, hash, made.id)] : [];
        await mailbox.append(folder.id, [made], { ...options, with: [...rows, ...remembered] });
      })
      .catch(noSpace);
    return result ?? { status: NO_SPACE };
  }

  /** Names a command: the same for a repetition, and for nothing else. */
  #seed(id: string, hash: string): string {
    const { device, folder, key } = this.#input;
    return `${device} ${folder.id} ${key} ${id} ${hash}`;
  }

  async #change(value: Of<'Change'>): Promise<{ readonly status: number; readonly data?: Fragment }> {
    const hash = contentHash(value.InstanceId, value.Send, value.ApplicationData);
    const id = ledgerId('Change', value.ServerId);
    const item = this.#item(value.ServerId);
    const used = item && this.#classOf(item);
    const known = this.#repeats.known(id, hash);
    const { ApplicationData: data } = value;
    if (!known && !used) return { status: NOT_FOUND };
    const change = { item: item!, id, hash, data };
    const status =
      known?.status ?? (value.Send ? await this.#sendDraft(used!, change) : await this.#changeItem(used!, change));
    if (status !== OK || !used || !data || value.Send) return { status };
    return { status, data: await this.#confirmed(used, item, 'Change', data) };
  }

  async #changeItem(used: ClassInUse, { item, id, hash, data }: ChangeCommand): Promise<number> {
    const { mailbox, folder } = this.#input;
    for (let attempt = 1; ; attempt++) {
      const change = data && (await readable(() => this.#prepareChange(used, item, data)));
      if (!change) return CONVERSION;
      const touched = await this.#touchedOf(item);
      let refused: number | undefined;
      const result = await this.#repeats
        .once(id, hash, item, async (options) => {
          await mailbox.update(
            folder.id,
            item,
            (current) => {
              const decided = this.#decide(change(current), touched(current.seq));
              refused = 'status' in decided ? decided.status : undefined;
              if (refused !== undefined) throw new Refused();
              return 'content' in decided ? decided : undefined;
            },
            options,
          );
        })
        .catch(orNothing);
      if (typeof result === 'number') return result;
      if (result !== 'again') return result?.status ?? refused ?? NOT_FOUND;
      if (attempt === TRIES) throw new StoreUnavailable('others change the item all the time');
    }
  }

  /** What the client says, as a change of the row; drafts are made first, for the row as it is then. */
  async #prepareChange({ itemClass, view }: ClassInUse, item: ItemId, data: WbxmlElement) {
    const { context, mailbox, folder, now } = this.#input;
    const current = itemClass.edit && (await mailbox.items(folder.id, [item])).get(item);
    const edited = current && (await itemClass.edit!({ context, folder, item: current, data, now }));
    if (!edited) return itemClass.readChange(data, view.version);
    return (found: Item): Changed => {
      if ('status' in edited) return { result: 'refused', status: edited.status };
      if (found.seq !== current.seq) throw new ItemChanged();
      return { result: 'changed', content: edited.content, kind: 'change' };
    };
  }

  #decide(decided: Changed, touched: string | undefined): Changed | { readonly status: number } {
    if (decided.result !== 'changed') return decided;
    return this.#conflicts(touched, decided.kind === 'flags' ? decided.parts : undefined)
      ? { status: CONFLICT }
      : decided;
  }

  /** Conflict 1 (the default) keeps what the server has, and its change goes to the client (MS-ASCMD R2066, R2069). */
  #conflicts(touched: string | undefined, parts: string | undefined): boolean {
    return this.#input.own.view.options.conflict === 1 && conflicts(touched, parts);
  }

  /** Sends a new message: nothing of it is ever in this folder. */
  async #send(used: ClassInUse, id: string, hash: string, data: WbxmlElement): Promise<number> {
    const { mailbox, now } = this.#input;
    const sent = ulidFor(now, this.#seed(id, hash));
    const status = await this.#sendOnce(used, { item: sent, id, hash, data }, undefined, async (copy, rows) => {
      await mailbox.append(SENT_ITEMS, [copy], { with: rows });
    }).catch(noSpace);
    return status ?? NO_SPACE;
  }

  /** Sends a draft. Its way to Sent Items has no origin: the device is told that it left this folder. */
  async #sendDraft(used: ClassInUse, command: ChangeCommand): Promise<number> {
    const { mailbox, folder } = this.#input;
    for (let attempt = 1; ; attempt++) {
      const draft = (await mailbox.items(folder.id, [command.item])).get(command.item);
      if (!draft) return NOT_FOUND;
      const touched = await this.#touchedOf(draft.id);
      if (this.#conflicts(touched(draft.seq), undefined)) return CONFLICT;
      const status = await this.#sendOnce(used, command, draft, async ({ id, content }, rows) => {
        await mailbox.move(folder.id, draft.id, SENT_ITEMS, { with: rows }, { id, content, seq: draft.seq });
      }).catch(orNothing);
      if (status === undefined) return NOT_FOUND;
      if (status !== 'again') return status;
      if (attempt === TRIES) throw new StoreUnavailable('others change the draft all the time');
    }
  }

  async #sendOnce(
    { itemClass }: ClassInUse,
    { item, id, hash, data }: ChangeCommand,
    draft: Item | undefined,
    file: ClientSend['commit'],
  ): Promise<number> {
    const { context, folder, now } = this.#input;
    let refused: number = CONVERSION;
    const result = await this.#repeats
      .once(id, hash, item, async ({ with: rows = [] } = {}) => {
        const commit: ClientSend['commit'] = (copy, more) => file(copy, [...rows, ...more]);
        const send = { context, folder, draft, data, seed: this.#seed(id, hash), now, commit };
        const status = await readable(() => itemClass.send?.(send));
        if (status === OK) return;
        refused = status ?? CONVERSION;
        throw new Refused();
      })
      .catch((error: unknown) => {
        if (error instanceof Refused) return undefined;
        throw error;
      });
    return result?.status ?? refused;
  }

  /** What the answer says of the item, also when the command comes again. */
  async #confirmed(
    { itemClass, view }: ClassInUse,
    id: ItemId,
    command: 'Add' | 'Change',
    data: WbxmlElement,
  ): Promise<Fragment | undefined> {
    if (!itemClass.confirm) return undefined;
    const item = (await this.#input.mailbox.items(this.#input.folder.id, [id])).get(id);
    return item && itemClass.confirm(item, data, command, view.version);
  }

  async #delete(value: Of<'Delete'>): Promise<number> {
    const { mailbox, folder, trash } = this.#input;
    const hash = contentHash(value.InstanceId, trash?.id);
    const id = ledgerId('Delete', value.ServerId);
    // Gone is gone, by whichever of two Deletes.
    const known = this.#repeats.named(id);
    const item = this.#item(value.ServerId);
    if (known) return known.status;
    if (!item) return NOT_FOUND;
    const result = await this.#repeats
      .once(id, hash, item, async (options) => {
        if (trash) await mailbox.move(folder.id, item, trash.id, options);
        else if (!(await mailbox.items(folder.id, [item])).has(item)) throw new NoItem();
        else await mailbox.remove(folder.id, [item], options);
      })
      .catch((error: unknown) => {
        if (error instanceof NoItem) return undefined;
        throw error;
      });
    return result?.status ?? NOT_FOUND;
  }

  /**
   * The first Fetch of a request is answered whole however large it is, so that whoever asks for one item gets on. The
   * others get what is left of the response: shorter bodies, and then the word to ask again.
   */
  async #fetch({ ServerId }: Of<'Fetch'>): Promise<CommandResponse | undefined> {
    if (this.#fetched.has(ServerId)) return undefined;
    this.#fetched.add(ServerId);
    const { mailbox, folder, room, oldOptions } = this.#input;
    const item = this.#item(ServerId);
    const used = item && this.#classOf(item);
    const found = used && (await mailbox.items(folder.id, [item])).get(item);
    if (!found) return { tag: 'Fetch', value: { ServerId, Status: NOT_FOUND } };
    if (room.fetched && room.bytes <= 0) return { tag: 'Fetch', value: { ServerId, Status: RETRY } };
    try {
      const { itemClass, view } = used;
      const atMost = room.fetched ? Math.floor(room.bytes / ENCODED) : undefined;
      const options = oldOptions ? untruncated(view.options) : view.options;
      const ApplicationData = await itemClass.render(found, { ...view, options, whole: true, atMost });
      takeFetched(room, ApplicationData.size);
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

  /** An item's class shows in its id: text messages have ids of their own. */
  #classOf(item: ItemId): ClassInUse | undefined {
    return isSms(item) ? this.#input.sms : this.#input.own;
  }

  /** What others touched of an item, by the item's sequence as it is read. */
  async #touchedOf(item: ItemId): Promise<(seq: number) => string | undefined> {
    const { mailbox, folder, since, own, device } = this.#input;
    if (own.view.options.conflict === 0 || !logMoved(since, folder)) return () => undefined;
    // What the device changed itself is no conflict, confirmed or not.
    this.#touched ??= readTouched(mailbox, folder.id, since, (row) => row.origin?.device === device);
    const { touched, from } = await this.#touched;
    return (seq) => (seq >= from ? 'everything' : touched.get(item));
  }
}

interface ChangeCommand {
  readonly item: ItemId;
  /** Of the ledger. */
  readonly id: string;
  readonly hash: string;
  readonly data: WbxmlElement | undefined;
}
