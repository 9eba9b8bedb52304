import type { Folder, Mailbox, MailboxState, Watermark } from '../mailbox/types.ts';
import type { DeviceId, ItemId } from '../ops/ids.ts';
import { randomToken } from '../ops/ids.ts';
import { LOG_TTL_S } from '../store/schema.ts';
import { type Collected, collect, collectAgain } from './collect.ts';
import type { Emitter, ServerCommand } from './emit.ts';
import { cutOff, nextGoal } from './filter.ts';
import { recovered, repeated, told } from './loop.ts';
import type { SyncOptions } from './options.ts';
import { aim, type Beside, type Position, startingPosition, unfinished, wanted, withOwn } from './position.ts';
import { sameValue } from './same-value.ts';
import { acknowledge, advance, currentKey, forgetOwn, judge, moveOn, ownRows, repeat, rewound } from './state.ts';
import type { LoadedState, SyncState } from './states.ts';
import { formatKey } from './sync-key.ts';
import type { Room } from './window.ts';

/** What the client's commands of one collection came to. */
export interface Applied<Response> {
  readonly responses: readonly Response[];
  /** Items whose commands the responses (or their absence) confirm: the device knows. */
  readonly confirmed: readonly ItemId[];
  /** Those among them that the client added: the device has them. */
  readonly added: readonly ItemId[];
}

/** Applies the client's commands. `since` is where the device stood in the log when it made them. */
export type Apply<Response> = (since: Watermark) => Promise<Applied<Response>>;

export interface CollectionInput<Response> {
  readonly mailbox: Mailbox;
  readonly device: DeviceId;
  readonly folder: Folder;
  readonly mailboxState: MailboxState;
  readonly key: string;
  readonly options: SyncOptions;
  readonly getChanges: boolean;
  /** Absent where there are no commands. */
  readonly apply?: Apply<Response>;
  readonly room: Room;
  /** What belongs to the collection besides what lies above the cut-off; nothing where absent. */
  readonly beside?: (position: Position, goal: string) => Promise<Beside>;
  /** `everything`: the answer was cut before and is told again whole. `goal`: the cut-off it is made for. */
  readonly emitter: (everything: boolean, goal: string) => Emitter;
  readonly now: number;
}

/** What one collection has to say, and the state that goes with it. Nothing is written yet. */
export type CollectionStep<Response> =
  | { readonly kind: 'invalid' }
  /** `more`: there is something, and no room for it in this response. */
  | { readonly kind: 'nothing'; readonly more?: boolean; readonly save?: SyncState }
  | {
      readonly kind: 'answer';
      readonly key: string;
      readonly commands: readonly ServerCommand[];
      readonly responses: readonly Response[];
      readonly more: boolean;
      readonly save: SyncState;
    };

const DAY = 86_400_000;
/** Some rows of the log may be deleted a little before others. */
const RETENTION_MS = LOG_TTL_S * 1000 - DAY;

/** A state that can still be read on from: this incarnation's, not ahead of the head, not behind the log. */
export function usable(state: SyncState, folder: Folder, mailboxState: MailboxState, now: number): boolean {
  if (state.incarnation !== mailboxState.incarnation) return false;
  const { log } = state.next;
  if (log.seq > folder.seq) return false;
  return log.seq === folder.seq || now - state.touched < RETENTION_MS;
}

export function logMoved(log: Watermark, folder: Folder): boolean {
  return folder.seq > log.seq || (folder.seq === log.seq && (folder.tail ?? 0) > log.n);
}

/** Key 0: a new generation, no items (MS-ASCMD R648). One that was never used is handed out again. */
export async function beginCollection(
  input: Pick<CollectionInput<never>, 'mailbox' | 'folder' | 'mailboxState' | 'options' | 'now'>,
  loaded: LoadedState | undefined,
): Promise<{ readonly key: string; readonly save: SyncState }> {
  const { options, now, folder, mailboxState } = input;
  const { filterType } = options.own;
  const unused = loaded?.state.counter === 1 && usable(loaded.state, folder, mailboxState, now);
  const log = unused ? loaded.state.next.log : await snapshotBefore(input);
  const save: SyncState = {
    generation: unused ? loaded.state.generation : randomToken(9),
    counter: 1,
    incarnation: mailboxState.incarnation,
    next: startingPosition(log, cutOff(filterType, now), filterType),
    snapshot: 0,
    content: false,
    behind: false,
    own: [],
    options,
    touched: now,
  };
  return { key: formatKey(save), save };
}

/** Commits older than this can be seen whole by every read. */
const SETTLED_MS = 5000;
/** How many sequences before the head to look for one that old; the second where the log does not reach back so far. */
const STEPS_BACK = [32, 1];

/**
 * A watermark a few seconds back: a page read later sees all items up to it, and what came after it the log tells. With
 * more changes than that within seconds the furthest look is good enough.
 */
async function snapshotBefore({
  mailbox,
  folder,
  now,
}: Pick<CollectionInput<never>, 'mailbox' | 'folder' | 'now'>): Promise<Watermark> {
  for (const back of STEPS_BACK) {
    const start = folder.seq <= back ? { seq: 0, n: 0 } : { seq: folder.seq - back, n: MAX_N };
    if (folder.seq === 0) return start;
    const page = await mailbox.log(folder.id, start, 256);
    if (page.gone) continue;
    const young = page.rows.findIndex((row) => row.at > now - SETTLED_MS);
    const settled = young < 0 ? page.rows.at(-1) : page.rows[young - 1];
    return settled ? { seq: settled.seq, n: settled.n } : start;
  }
  return { seq: folder.seq, n: MAX_N };
}

/** After every row of a sequence. */
const MAX_N = 9999;

/** One collection of a request with a key that is not 0. */
export async function syncCollection<Response>(
  input: CollectionInput<Response>,
  loaded: LoadedState | undefined,
): Promise<CollectionStep<Response>> {
  if (!loaded || !usable(loaded.state, input.folder, input.mailboxState, input.now)) return { kind: 'invalid' };
  const verdict = judge(loaded.state, input.key);
  if (verdict === 'invalid') return { kind: 'invalid' };
  if (verdict === 'current') {
    return answerCurrent(input, { ...loaded.state, loop: recovered(loaded.state.loop) }, loaded.state);
  }
  const { loop, shrink, lost } = repeated(loaded.state.loop);
  const state = { ...loaded.state, loop };
  return shrink ? answerCurrent(input, rewound(state), loaded.state, lost) : answerRepeat(input, state);
}

/** `begin`: where the device is; `stored`: what is kept of it, which is something else where an answer is made anew. */
async function answerCurrent<Response>(
  input: CollectionInput<Response>,
  begin: SyncState,
  stored: SyncState,
  lost?: ItemId,
): Promise<CollectionStep<Response>> {
  const { options, now, device, room } = input;
  const state = forgetOwn(acknowledge(begin));
  const goal = nextGoal(state.next, options.own.filterType, now);
  const applied = await input.apply?.(state.next.log);
  const aimed = aim(state.next, goal, options.own.filterType, await input.beside?.(state.next, goal));
  // An addition outside of the filter is the device's own business: to hold it would be to take it away again.
  const from = withOwn(aimed, applied?.added.filter((id) => wanted(aimed, id)) ?? []);
  const confirmed = new Set(applied?.confirmed ?? []);
  const emitter = input.emitter(false, goal);
  emitter.limit(state.loop, lost);
  // Taken from this answer alone: the collections that follow have all the room.
  const cut = Math.max(0, room.items - (state.loop?.window ?? room.items));
  room.items -= cut;
  const collected = input.getChanges
    ? await collect({
        ...input,
        folder: input.folder.id,
        from,
        own: ownRows(state, device, { counter: state.counter, items: confirmed }),
        emitter,
        logMoved: logMoved(from.log, input.folder) || applied !== undefined,
      })
    : { next: from, snapshot: from.log.seq, gone: false };
  room.items += cut;
  if (collected.gone) return { kind: 'invalid' };
  const { next, snapshot } = collected;
  if (emitter.commands.length === 0 && !applied) {
    const settled = settle({ ...state, options, behind: state.behind && !input.getChanges }, stored, next, now);
    return input.getChanges && unfinished(next) ? { ...settled, more: true } : settled;
  }
  const step = { next, snapshot, content: true, behind: !input.getChanges, confirmed: [...confirmed], now };
  return answer(input, emitter, applied, advance({ ...state, options, loop: told(state.loop, emitter.told) }, step));
}

type Nothing = Extract<CollectionStep<never>, { readonly kind: 'nothing' }>;

/** Nothing to say: the key stays, the position may move on over what is no news. */
function settle(state: SyncState, stored: SyncState, next: Position, now: number): Nothing {
  const touch = now - stored.touched > DAY;
  const same = !touch && stored.base === undefined && !stored.content && sameValue(state.options, stored.options);
  if (same && sameValue(stored.next, next)) return { kind: 'nothing' };
  return { kind: 'nothing', save: moveOn(state, next, now) };
}

async function answerRepeat<Response>(
  input: CollectionInput<Response>,
  state: SyncState,
): Promise<CollectionStep<Response>> {
  const applied = await input.apply?.(state.base!.log);
  const base = withOwn(state.base!, applied?.added.filter((id) => wanted(state.next, id)) ?? []);
  const next = withOwn(state.next, applied?.added.filter((id) => wanted(state.next, id)) ?? []);
  const confirmed = new Set(applied?.confirmed ?? []);
  const emitter = input.emitter(true, state.next.goal);
  // What was short, or left out, must be so again: the phone dies of it.
  emitter.limit(state.loop, undefined);
  const again = { counter: state.counter - 1, items: confirmed };
  const collected: Collected = input.getChanges
    ? await collectAgain({
        ...input,
        folder: input.folder.id,
        from: base,
        base,
        next,
        snapshot: state.snapshot,
        own: ownRows(state, input.device, again),
        emitter,
      })
    : { next: base, snapshot: base.log.seq, gone: false };
  if (collected.gone) return { kind: 'invalid' };
  const shown = { next: collected.next, snapshot: collected.snapshot, options: input.options, touched: input.now };
  const loop = told(state.loop, emitter.told);
  const save = repeat({ ...state, ...shown, loop }, [...confirmed]);
  return answer(input, emitter, applied, save);
}

function answer<Response>(
  { getChanges }: Pick<CollectionInput<Response>, 'getChanges'>,
  emitter: Emitter,
  applied: Applied<Response> | undefined,
  save: SyncState,
): CollectionStep<Response> {
  const { commands } = emitter;
  return {
    kind: 'answer',
    key: currentKey(save),
    commands,
    responses: applied?.responses ?? [],
    more: getChanges && unfinished(save.next),
    save,
  };
}
