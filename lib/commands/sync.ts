import { SyncRequest, SyncResponse } from '../documents/sync.ts';
import { accessOf } from '../identity/access.ts';
import { deviceOf } from '../identity/device-rows.ts';
import { isWipePending } from '../identity/policy-gate.ts';
import type { ItemClass, MailboxState } from '../mailbox/types.ts';
import type { FolderId } from '../ops/ids.ts';
import {
  type Command,
  type CommandContext,
  type CommandResult,
  document,
  EMPTY,
  ProtocolFailure,
} from '../protocol/command.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import type { Outcome, Sight } from '../push/types.ts';
import type { Table } from '../store/ports.ts';
import { keys } from '../store/schema.ts';
import type { Conversations } from '../sync/beside.ts';
import { KeyedLock } from '../sync/lock.ts';
import type { SyncStates } from '../sync/states.ts';
import type { News } from '../sync/types.ts';
import { CachedRequests } from './sync/cached.ts';
import type { SyncItemClass } from './sync/item-class.ts';
import { isWhole, PLAN_LIMITS, type PlanLimits, planSync, type SyncPlan, without } from './sync/plan.ts';
import { SyncSession } from './sync/session.ts';
import { SyncStatus } from './sync/status.ts';

export interface SyncOptionsInput {
  /** Bytes of items in one response, by lane: an answer through an ALB to a Lambda is limited to 1 MB of JSON. */
  readonly bytes?: { readonly lambda: number; readonly task: number };
  readonly limits?: PlanLimits;
}

export interface SyncDeps {
  readonly table: Table;
  readonly states: SyncStates;
  readonly news: News;
  /** By class of folder: a folder of another class is not synchronised. SMS has none of its own. */
  readonly classes: readonly SyncItemClass[];
  /** Needed for ConversationMode, which without it does nothing. */
  readonly conversations?: Conversations;
  readonly options?: SyncOptionsInput;
}

type Result = CommandResult<SyncResponse>;

interface Looked {
  readonly answer: Exclude<Result, { kind: 'held' }>;
  /** There was nothing to say. */
  readonly silent: boolean;
  /** Collections that were refused; absent where nothing of the request was done. */
  readonly refused?: ReadonlySet<string>;
}

const BYTES = { lambda: 700_000, task: 4_000_000 };

/** Empty requests and answers came with 12.1, and Wait and Partial with them (MS-ASWBXML 2.1.2.1.1). */
const FIRST_WITH_EMPTY: ProtocolVersion = 121;
/** Mail for Exchange of Nokia takes an empty answer for a failure in every version. */
const NEVER_EMPTY = /meego|nokia|mailforexchange/i;
const neverEmpty = ({ version, userAgent }: Pick<CommandContext, 'version' | 'userAgent'>): boolean =>
  version < FIRST_WITH_EMPTY || NEVER_EMPTY.test(userAgent ?? '');
const NO_BODY = 101;
const { Protocol: PROTOCOL_ERROR } = SyncStatus;

/** MS-ASCMD 2.2.1.21. */
export function createSyncCommand(deps: SyncDeps): Command<SyncRequest, SyncResponse> {
  const sync = new SyncCommand(deps);
  return {
    name: 'Sync',
    code: 0,
    request: SyncRequest,
    response: SyncResponse,
    body: 'optional',
    needsPolicy: true,
    run: (context, request) => sync.run(context, request),
    // What is no document of this command breaks the rules of the request: status 4 (R4545).
    failure: (status) => ({ Status: status >= 101 && status <= 104 ? PROTOCOL_ERROR : status }),
  };
}

class SyncCommand {
  readonly #deps: SyncDeps;
  readonly #bytes: { readonly lambda: number; readonly task: number };
  readonly #limits: PlanLimits;
  readonly #classes: ReadonlyMap<ItemClass, SyncItemClass>;
  readonly #cached: CachedRequests;
  readonly #lock = new KeyedLock();

  constructor(deps: SyncDeps) {
    this.#deps = deps;
    this.#bytes = deps.options?.bytes ?? BYTES;
    this.#limits = deps.options?.limits ?? PLAN_LIMITS;
    for (const value of [...Object.values(this.#bytes), ...Object.values(this.#limits)]) {
      if (!(value > 0)) throw new RangeError('limits of Sync must be numbers above 0');
    }
    this.#classes = new Map(deps.classes.map((one) => [one.itemClass, one]));
    this.#cached = new CachedRequests(deps.table);
  }

  async run(context: CommandContext, request: SyncRequest | undefined): Promise<Result> {
    if (context.version < FIRST_WITH_EMPTY) return await this.#once(context, request);
    const { mailbox, device } = context;
    const cached = isWhole(request) ? undefined : this.#cached.of(device);
    const plan = planSync(request, cached, this.#limits);
    if ('Status' in plan) return document(plan);
    const before = plan.waitMs > 0 ? await this.#admittedAt(context) : undefined;
    const { answer, silent, refused } = await this.#look(context, plan);
    // What failed would fail again each time that an empty request repeats it, and end each wait at once.
    if (refused) await this.#cached.store(mailbox.id, device, without(plan.cache, refused));
    return silent && before ? this.#hold(context, plan, before) : answer;
  }

  /** 2.5 and 12.0: a request says all that it wants, nothing is remembered of it, and nothing waits. */
  async #once(context: CommandContext, request: SyncRequest | undefined): Promise<Result> {
    if (request === undefined) throw new ProtocolFailure(NO_BODY, 'an empty Sync came with 12.1');
    if (!request.Collections?.Collection.length) return document({ Status: PROTOCOL_ERROR });
    const plan = planSync(request, undefined, this.#limits);
    return 'Status' in plan ? document(plan) : (await this.#look(context, plan)).answer;
  }

  /**
   * What a wait compares with, read before the look. `undefined` where a wipe or a decision about the device came after it
   * was let in: it is not to wait, but to come again and hear of it.
   */
  async #admittedAt({ mailbox, device }: CommandContext): Promise<MailboxState | undefined> {
    const state = await mailbox.state();
    const row = await this.#deps.table.get(keys.device(mailbox.id, device.id), 'strong');
    const now = row && deviceOf(row);
    return now && (isWipePending(now) || accessOf(now) !== 'allow') ? undefined : state;
  }

  /** One request of a device at a time: the second finds the key that the first handed out, and is told the same. */
  async #look(context: CommandContext, plan: SyncPlan): Promise<Looked> {
    const { table, states, conversations } = this.#deps;
    const everyOne = neverEmpty(context);
    const bytes = this.#bytes[context.lane];
    const deps = { table, states, conversations, classes: this.#classes, bytes, everyOne };
    const name = `${context.mailbox.id} ${context.device.id}`;
    const said = await this.#lock.run(name, () => new SyncSession(deps, context, plan).run());
    if ('Status' in said) return { answer: { kind: 'document', document: said }, silent: false };
    const { answers, silent, refused } = said;
    if (answers.length === 0) return { answer: EMPTY, silent, refused };
    const Collections = { Collection: answers };
    return { answer: { kind: 'document', document: { Collections } }, silent, refused };
  }

  /** Nothing to say for now: waits as a Ping does (MS-ASCMD R5595, R5788), without the lock. */
  #hold(context: CommandContext, plan: SyncPlan, since: MailboxState): Result {
    const { mailbox, device, clock } = context;
    // Of collections that want no changes there is nothing to tell, however long they wait.
    const wanted = plan.collections.filter(({ GetChanges }) => GetChanges !== false);
    const folders = wanted.map(({ CollectionId }) => CollectionId as FolderId);
    const look = async (): Promise<Sight> => {
      const [state, news] = await Promise.all([mailbox.state(), this.#deps.news.look(mailbox, device.id, folders)]);
      const kinds = (kind: string) => folders.filter((id) => news.get(id) === kind);
      const moved = state.policyEpoch !== since.policyEpoch || state.wipeEpoch !== since.wipeEpoch;
      return {
        now: kinds('now'),
        later: kinds('later'),
        hierarchy: moved || state.incarnation !== since.incarnation || kinds('gone').length > 0,
      };
    };
    const answer = async (outcome: Outcome): Promise<Result> => {
      const says = outcome.kind === 'expired' ? outcome.folders.length > 0 : SPEAKING.has(outcome.kind);
      // Who is never given an empty answer hears its keys again.
      return says || neverEmpty(context) ? (await this.#look(context, plan)).answer : EMPTY;
    };
    const deadline = clock.now() + plan.waitMs;
    return {
      kind: 'held',
      hold: { kind: 'sync', mailbox: mailbox.id, device: device.id, deadline, folders, look, answer },
    };
  }
}

/** Outcomes that are worth another look at the collections; the others end the wait with nothing. */
const SPEAKING: ReadonlySet<Outcome['kind']> = new Set(['changes', 'hierarchy']);
