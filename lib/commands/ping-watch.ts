import type { PingResponse } from '../documents/ping.ts';
import type { Head, Mailboxes, MailboxState } from '../mailbox/types.ts';
import type { DeviceId, FolderId, MailboxId } from '../ops/ids.ts';
import { errorFields, type Log } from '../ops/log.ts';
import { type CommandResult, document } from '../protocol/command.ts';
import type { HierarchyView, HoldSpec, Outcome, Sight } from '../push/types.ts';
import type { Table } from '../store/ports.ts';
import type { Heads, News } from '../sync/types.ts';
import { type PingMemory, writePingMemory } from './ping-memory.ts';
import { PingStatus } from './ping-status.ts';

/** What all watches of a process share. */
export interface WatchDeps {
  readonly table: Table;
  readonly mailboxes: Pick<Mailboxes, 'open'>;
  readonly news: News;
  readonly hierarchy: HierarchyView;
  readonly log: Log;
  readonly strikes: number;
}

const NONE: readonly FolderId[] = [];
const NOTHING: Sight = { now: NONE, later: NONE, hierarchy: false };

/** One Ping that waits: what is left of the request. Thousands live at once, so it has methods and no closures. */
export class PingWatch implements HoldSpec<CommandResult<PingResponse>> {
  /** Its name alone: opened with an account it would keep all that is known of that for an hour. */
  readonly mailbox: MailboxId;
  readonly device: DeviceId;
  readonly deadline: number;
  readonly folders: readonly FolderId[];
  readonly #deps: WatchDeps;
  /** As it is stored, and as it has become since. */
  readonly #stored: PingMemory;
  #memory: PingMemory;
  /** The state that the last look saw, where the device was found to know its hierarchy. */
  #state: MailboxState | undefined = undefined;
  #upToDate = false;
  /** Additions that unsynchronised folders had when they were first looked at. */
  #unsynced: Map<FolderId, number> | undefined = undefined;
  #gone: readonly FolderId[] = NONE;
  /** What a look saw that found nothing: as long as it stays so there is nothing, and a sweep reads no more than heads. */
  #rest: string | undefined = undefined;

  constructor(deps: WatchDeps, mailbox: MailboxId, device: DeviceId, deadline: number, memory: PingMemory) {
    this.#deps = deps;
    this.mailbox = mailbox;
    this.device = device;
    this.deadline = deadline;
    this.#stored = memory;
    this.#memory = memory;
    this.folders = memory.folders ?? NONE;
  }

  get kind(): 'ping' {
    return 'ping';
  }

  async look(woken = false): Promise<Sight> {
    const mailbox = this.#deps.mailboxes.open(this.mailbox);
    const reading = mailbox.heads(this.folders);
    const judge = (at: Heads | Promise<Heads>) => this.#deps.news.look(mailbox, this.device, this.folders, at);
    // What the device has is asked for in the same moment where it will be needed: always, or after a wake nearly always.
    const judged = woken || this.#rest === undefined ? judge(reading) : undefined;
    judged?.catch(() => {});
    const at = await reading;
    const { state, heads } = at;
    const seen = placeOf(state, this.folders, heads);
    if (seen === this.#rest) return NOTHING;
    this.#rest = undefined;
    // What is committed from here on has its own wake: it is no matter that the heads are a moment older.
    const kinds = await (judged ?? judge(at));
    const of = (kind: string) => this.folders.filter((folder) => kinds.get(folder) === kind);
    const unsynced = of('unsynced');
    const fresh = unsynced.filter((folder) => this.#isNews(folder, heads.get(folder)?.added ?? 0));
    this.#forgive((folder) => kinds.get(folder) !== 'unsynced' && kinds.get(folder) !== 'gone');
    this.#gone = of('gone').filter((folder) => !this.#given(folder));
    const now =
      fresh.length === 0 ? of('now') : this.folders.filter((f) => kinds.get(f) === 'now' || fresh.includes(f));
    const later = of('later');
    const hierarchy = (await this.#mustFolderSync(state)) || this.#gone.length > 0;
    if (now.length + later.length === 0 && !hierarchy) this.#rest = seen;
    return { now, later, hierarchy };
  }

  answer(outcome: Outcome): CommandResult<PingResponse> | Promise<CommandResult<PingResponse>> {
    switch (outcome.kind) {
      case 'changes':
        return this.#changes(outcome.folders);
      case 'hierarchy':
        return this.#folderSync(this.#upToDate ? this.#gone : NONE);
      case 'expired':
        return this.#remembering(
          outcome.folders.length > 0 ? changed(outcome.folders) : document({ Status: PingStatus.Expired }),
        );
      case 'superseded':
      case 'draining':
        return document({ Status: PingStatus.Expired });
      case 'failed':
        return document({ Status: PingStatus.Server });
    }
  }

  /**
   * A folder that the device never synchronised: iOS lists such folders, and only what is added while it waits is news.
   * One that it was told of often enough is none of its business until it synchronises it.
   */
  #isNews(folder: FolderId, added: number): boolean {
    this.#unsynced ??= new Map();
    const before = this.#unsynced.get(folder);
    if (before === undefined) {
      this.#unsynced.set(folder, added);
      return false;
    }
    return added > before && !this.#given(folder);
  }

  /** Its hierarchy is old, or there is a policy or a wipe that it was not told of: a FolderSync tells it (R4257, R4258). */
  async #mustFolderSync(state: MailboxState): Promise<boolean> {
    const known = this.#state;
    const asked = known && known.hierarchy === state.hierarchy && known.incarnation === state.incarnation;
    if (!asked || !this.#upToDate) {
      this.#upToDate = await this.#deps.hierarchy.upToDate(this.mailbox, this.device, state);
    }
    this.#state = state;
    const { policyEpoch, wipeEpoch } = this.#memory;
    return !this.#upToDate || policyEpoch !== state.policyEpoch || wipeEpoch !== state.wipeEpoch;
  }

  #changes(folders: readonly FolderId[]): CommandResult<PingResponse> | Promise<CommandResult<PingResponse>> {
    const unsynced = folders.filter((folder) => this.#unsynced?.has(folder));
    if (unsynced.length === 0) return this.#remembering(changed(folders));
    // Named again and again and never synchronised: perhaps the device does not know the folder.
    const vain =
      unsynced.length === folders.length && unsynced.every((folder) => this.#count(folder) >= this.#deps.strikes);
    return vain ? this.#folderSync(unsynced) : this.#told(unsynced).then(() => changed(folders));
  }

  /** With what was forgiven, where anything was: hardly ever. */
  #remembering(result: CommandResult<PingResponse>): typeof result | Promise<typeof result> {
    return this.#memory === this.#stored ? result : this.#told(NONE).then(() => result);
  }

  async #folderSync(inVain: readonly FolderId[]): Promise<CommandResult<PingResponse>> {
    await this.#told(inVain);
    return document({ Status: PingStatus.FolderSync });
  }

  #count(folder: FolderId): number {
    return this.#memory.strikes?.[folder] ?? 0;
  }

  #given(folder: FolderId): boolean {
    return this.#count(folder) > this.#deps.strikes;
  }

  #forgive(synced: (folder: FolderId) => boolean): void {
    const { strikes } = this.#memory;
    if (!strikes) return;
    const left = Object.entries(strikes).filter(([folder]) => !synced(folder as FolderId));
    if (left.length === Object.keys(strikes).length) return;
    this.#memory = { ...this.#memory, strikes: left.length > 0 ? Object.fromEntries(left) : undefined };
    for (const folder of this.#unsynced?.keys() ?? []) if (synced(folder)) this.#unsynced?.delete(folder);
  }

  /** Remembers what this answer says. An answer goes out also when it cannot be remembered: then it is given once more. */
  async #told(inVain: readonly FolderId[]): Promise<void> {
    const strikes: Record<FolderId, number> = { ...this.#memory.strikes };
    for (const folder of inVain) strikes[folder] = (strikes[folder] ?? 0) + 1;
    const { policyEpoch, wipeEpoch } = this.#state ?? this.#memory;
    this.#memory = { ...this.#memory, policyEpoch, wipeEpoch };
    if (Object.keys(strikes).length > 0) this.#memory = { ...this.#memory, strikes };
    try {
      await writePingMemory(this.#deps.table, this.mailbox, this.device, this.#stored, this.#memory);
    } catch (error) {
      this.#deps.log.warn('ping-memory', errorFields(error));
    }
  }
}

const changed = (folders: readonly FolderId[]): CommandResult<PingResponse> =>
  document({ Status: PingStatus.Changes, Folders: { Folder: [...folders] } });

/** Differs after every commit that a Ping could tell of. */
function placeOf(state: MailboxState, folders: readonly FolderId[], heads: ReadonlyMap<FolderId, Head>): string {
  const { incarnation, hierarchy, policyEpoch, wipeEpoch } = state;
  const places = folders.map((folder) => {
    const head = heads.get(folder);
    return head ? `${head.seq}.${head.tail ?? 0}` : '';
  });
  return [incarnation, hierarchy, policyEpoch, wipeEpoch, ...places].join(' ');
}
