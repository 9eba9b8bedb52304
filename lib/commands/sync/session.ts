import type { SyncResponse } from '../../documents/sync.ts';
import { formatServerId, parseFolderId } from '../../mailbox/server-id.ts';
import { type Folder, FolderType, type ItemClass, type MailboxState } from '../../mailbox/types.ts';
import type { FolderId } from '../../ops/ids.ts';
import type { CommandContext } from '../../protocol/command.ts';
import type { Table } from '../../store/ports.ts';
import { besideOf, type Conversations } from '../../sync/beside.ts';
import { beginCollection, type CollectionStep, syncCollection } from '../../sync/collection.ts';
import { Emitter } from '../../sync/emit.ts';
import { Ledger } from '../../sync/ledger.ts';
import { DEFAULT_OPTIONS, mergeOptions, type SyncOptions } from '../../sync/options.ts';
import type { LoadedState, SyncStates } from '../../sync/states.ts';
import { globalWindow, type Room, windowSize } from '../../sync/window.ts';
import { applyCommands, type ClassInUse, type CommandResponse } from './apply.ts';
import { besideInput } from './beside-input.ts';
import type { SyncItemClass } from './item-class.ts';
import { type SyncFailure, type SyncPlan, wholeRefusal } from './plan.ts';
import { SyncStatus } from './status.ts';

type RequestCollection = SyncPlan['collections'][number];
export type ResponseCollection = NonNullable<SyncResponse['Collections']>['Collection'][number];

export interface SessionDeps {
  readonly table: Table;
  readonly states: SyncStates;
  readonly classes: ReadonlyMap<ItemClass, SyncItemClass>;
  /** Needed for ConversationMode, which without it does nothing. */
  readonly conversations?: Conversations;
  /** Bytes of items in one response. */
  readonly bytes: number;
  /** Collections that have nothing to say are answered, too. */
  readonly everyOne: boolean;
}

const { InvalidKey: INVALID_KEY, Protocol: PROTOCOL_ERROR, FolderSync: FOLDER_SYNC, Retry: RETRY } = SyncStatus;

const MINUTE_MS = 60_000;
const NO_OPTIONS: SyncOptions = { own: DEFAULT_OPTIONS };

/** One collection of a request with what it stands for. */
interface Planned {
  readonly request: RequestCollection;
  readonly folder: Folder | undefined;
  readonly itemClass: SyncItemClass | undefined;
  readonly loaded: LoadedState | undefined;
  readonly options: SyncOptions;
  /** It asks for what cannot be: this status is all that it gets, and its state stays as it is. */
  readonly refused: number | undefined;
}

export interface SessionAnswer {
  /** The collections that have something to say, and with `everyOne` the others; none is an empty response. */
  readonly answers: readonly ResponseCollection[];
  /** There was nothing to say. */
  readonly silent: boolean;
  /** Ids of the collections among them that were refused. */
  readonly refused: ReadonlySet<string>;
}

/** What is left for the collections that follow. */
interface Left {
  items: number;
  bytes: number;
  empty: boolean;
  fetched: boolean;
}

const crowded = (left: Left): boolean => left.items <= 0 || (left.bytes <= 0 && !left.empty);

/** One run over the collections of a plan, from reading heads and states to writing the states. */
export class SyncSession {
  readonly #deps: SessionDeps;
  readonly #context: CommandContext;
  readonly #plan: SyncPlan;
  #state!: MailboxState;
  #trash: Promise<Folder | undefined> | undefined;
  /** Collections that are answered without having anything to say. */
  #nothings = 0;

  constructor(deps: SessionDeps, context: CommandContext, plan: SyncPlan) {
    this.#deps = deps;
    this.#context = context;
    this.#plan = plan;
  }

  async run(): Promise<SessionAnswer | SyncFailure> {
    const planned = await this.#read();
    const whole = wholeRefusal(planned.map(({ refused }) => refused));
    if (whole !== undefined) return { Status: whole };
    const left: Left = {
      items: globalWindow(this.#plan.windowSize),
      bytes: this.#deps.bytes,
      empty: true,
      fetched: false,
    };
    const answers: ResponseCollection[] = [];
    for (const one of planned) {
      const answer = await this.#collection(one, left);
      if (answer) answers.push(answer);
    }
    const refused = planned.filter((one) => one.refused !== undefined).map(({ request }) => request.CollectionId);
    return { answers, silent: answers.length === this.#nothings, refused: new Set(refused) };
  }

  /** What stands for a collection without news where it may not be left out: its key again. */
  #nothing({ request, folder }: Planned, more: boolean | undefined): ResponseCollection | undefined {
    if (!this.#deps.everyOne) return undefined;
    this.#nothings++;
    return { ...this.#status(request, 1, request.SyncKey, folder), MoreAvailable: more };
  }

  /** Reads heads and states, merges options, and finds the collections that break a rule. */
  async #read(): Promise<readonly Planned[]> {
    const { mailbox, device } = this.#context;
    const ids = this.#plan.collections.map(({ CollectionId }) => parseFolderId(CollectionId));
    const known = ids.filter((id): id is FolderId => id !== undefined);
    const [{ state, heads }, states] = await Promise.all([
      mailbox.heads(known),
      this.#deps.states.load(mailbox.id, device.id, known),
    ]);
    this.#state = state;
    const planned: Planned[] = [];
    for (const [place, request] of this.#plan.collections.entries()) {
      const id = ids[place];
      const folder = id && heads.get(id);
      const loaded = id && states[known.indexOf(id)];
      const before = loaded?.state.options;
      const fits = request.Class === undefined || !folder || request.Class === folder.class;
      const options = fits && mergeOptions(before, request, folder?.class ?? 'Email', request.SyncKey === '0');
      const refused = this.#plan.refused.get(request.CollectionId) ?? (options ? undefined : PROTOCOL_ERROR);
      const itemClass = folder && this.#deps.classes.get(folder.class);
      planned.push({ request, folder, itemClass, loaded, options: options || NO_OPTIONS, refused });
    }
    return planned;
  }

  async #collection(planned: Planned, left: Left): Promise<ResponseCollection | undefined> {
    const { request, folder, itemClass, refused } = planned;
    if (refused !== undefined) return this.#status(request, refused, request.SyncKey, folder);
    if (!folder || !itemClass) return this.#status(request, FOLDER_SYNC);
    if (request.SyncKey === '0') return this.#begin(planned, folder);
    // The global window is full: what follows is not looked at, apart from what the client wants done (R4782).
    const full = crowded(left);
    if (full && !request.Commands?.length) return this.#nothing(planned, true);
    const getChanges = (request.GetChanges ?? true) && !full;
    let { loaded } = planned;
    for (let attempt = 0; ; attempt++) {
      const room: Room = { ...left, items: Math.min(windowSize(request.WindowSize), left.items) };
      const before = room.items;
      const step = await this.#step(planned, folder, itemClass, loaded, getChanges, room);
      if (step.kind === 'invalid') return this.#status(request, INVALID_KEY, '0');
      if (await this.#save(folder.id, step, loaded)) {
        left.items -= before - room.items;
        left.bytes = room.bytes;
        left.empty = room.empty;
        left.fetched = room.fetched === true;
        return step.kind === 'answer' ? this.#answer(request, folder, step) : this.#nothing(planned, step.more);
      }
      // A Ping that moved the watermark on is no rival; another Sync that handed out the next key is.
      const [again] = await this.#deps.states.load(this.#context.mailbox.id, this.#context.device.id, [folder.id]);
      if (attempt > 0 || again?.state.counter !== loaded?.state.counter) return this.#status(request, RETRY);
      loaded = again;
    }
  }

  async #begin({ request, loaded, options }: Planned, folder: Folder): Promise<ResponseCollection> {
    const { mailbox, device, clock, log } = this.#context;
    const now = clock.now();
    const input = { mailbox, folder, mailboxState: this.#state, options, now };
    if (loaded && loaded.state.counter > 1 && now - loaded.state.touched < MINUTE_MS) {
      // iOS was seen to begin a folder anew while it was half way through: two such chains would end each other.
      const { counter } = loaded.state;
      log.info('sync.begun-again', { mailbox: mailbox.id, device: device.id, folder: folder.id, counter });
    }
    const { key, save } = await beginCollection(input, loaded);
    const saved = await this.#deps.states.save(mailbox.id, device.id, folder.id, save, loaded?.rev);
    return saved === undefined ? this.#status(request, RETRY) : this.#status(request, 1, key, folder);
  }

  #step(
    { request, options }: Planned,
    folder: Folder,
    itemClass: SyncItemClass,
    loaded: LoadedState | undefined,
    getChanges: boolean,
    room: Room,
  ): Promise<CollectionStep<CommandResponse>> {
    const { mailbox, device, version, clock, log } = this.#context;
    const own = { itemClass, view: { version, options: options.own } };
    const sms = this.#smsIn(folder, options);
    const { Commands: commands = [], SyncKey: key } = request;
    const now = clock.now();
    const place = { mailbox: mailbox.id, device: device.id, folder: folder.id, syncKey: key };
    return syncCollection<CommandResponse>(
      {
        mailbox,
        device: device.id,
        folder,
        mailboxState: this.#state,
        key,
        options,
        getChanges,
        room,
        now,
        beside: (position, goal) =>
          besideOf(
            besideInput(this.#context, folder, options, sms !== undefined, this.#deps.conversations),
            position,
            goal,
          ),
        emitter: (everything, goal) =>
          new Emitter({
            handler: itemClass,
            view: own.view,
            sms: sms && { handler: sms.itemClass, view: sms.view },
            goal: folder.class === 'Email' ? goal : undefined,
            room,
            itemClass: folder.class,
            serverId: (item) => formatServerId(folder.id, item),
            log,
            everything,
          }),
        apply:
          commands.length === 0
            ? undefined
            : async (since) => {
                const { table } = this.#deps;
                const ledger = new Ledger(table, place);
                const trash = await this.#trashFor(request, folder);
                const input = { context: this.#context, mailbox, device: device.id, folder, key, commands, ledger };
                const oldOptions = request.Options === undefined;
                return applyCommands({ ...input, table, oldOptions, own, sms, since, trash, room, now });
              },
      },
      loaded,
    );
  }

  /** Text messages of a mail folder; `options.sms` says whether the device wants to be told of them. */
  #smsIn(folder: Folder, options: SyncOptions): ClassInUse | undefined {
    const itemClass = folder.class === 'Email' ? this.#deps.classes.get('SMS') : undefined;
    const { version } = this.#context;
    return itemClass && { itemClass, view: { version, options: options.sms ?? DEFAULT_OPTIONS } };
  }

  /** Where Deletes move items: by default the Deleted Items, out of which they are gone (MS-ASCMD R2158, R2160). */
  async #trashFor(request: RequestCollection, folder: Folder): Promise<Folder | undefined> {
    if (request.DeletesAsMoves === false || folder.type === FolderType.DeletedItems) return undefined;
    if (!request.Commands?.some(({ tag }) => tag === 'Delete')) return undefined;
    this.#trash ??= this.#context.mailbox
      .folders()
      .then((folders) => folders.find(({ type }) => type === FolderType.DeletedItems));
    return this.#trash;
  }

  async #save(
    folder: FolderId,
    step: Exclude<CollectionStep<unknown>, { kind: 'invalid' }>,
    loaded: LoadedState | undefined,
  ): Promise<boolean> {
    if (step.save === undefined) return true;
    const { mailbox, device } = this.#context;
    return (await this.#deps.states.save(mailbox.id, device.id, folder, step.save, loaded?.rev)) !== undefined;
  }

  #answer(
    request: RequestCollection,
    folder: Folder,
    step: Extract<CollectionStep<CommandResponse>, { kind: 'answer' }>,
  ): ResponseCollection {
    return {
      ...this.#status(request, 1, step.key, folder),
      MoreAvailable: step.more || undefined,
      Commands: step.commands.length > 0 ? step.commands : undefined,
      Responses: step.responses.length > 0 ? step.responses : undefined,
    };
  }

  /** Up to 12.1 a collection says its class (MS-ASCMD R6319). */
  #status(request: RequestCollection, Status: number, SyncKey = request.SyncKey, folder?: Folder): ResponseCollection {
    const Class = this.#context.version <= 121 ? (folder?.class ?? request.Class) : undefined;
    return { Class, SyncKey, CollectionId: request.CollectionId, Status };
  }
}
