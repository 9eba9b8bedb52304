/** The SyncKey of the folder hierarchy, which FolderSync, FolderCreate, FolderUpdate and FolderDelete share. Pure. */
import type { Origin } from '../mailbox/types.ts';
import type { DeviceId } from '../ops/ids.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import { formatKey, parseKey } from './sync-key.ts';

/** What the holder of a key knows. */
export interface HierarchyPosition {
  readonly counter: number;
  /** Everything up to this hierarchy sequence. */
  readonly to: number;
  /**
   * Its own changes after `to`, as ranges of the counters that their answers carried. A change whose answer was lost is
   * not among them: it is news to the device that made it.
   */
  readonly own: readonly (readonly [first: number, last: number])[];
}

/** How the last key was come by. */
export type HierarchyAnswer =
  | { readonly kind: 'initial' | 'sync' }
  /** By a change of the device's own. `digest` tells a repetition from another change. */
  | { readonly kind: 'change'; readonly digest: string; readonly serverId?: string };

export interface HierarchyState {
  readonly generation: string;
  readonly incarnation: string;
  /** Spoken when the generation began; absent in states of earlier releases. */
  readonly version?: ProtocolVersion;
  /** Of the last key returned. */
  readonly last: HierarchyPosition;
  /** Of the key that it was the answer to, for as long as the answer may have been lost. */
  readonly before?: HierarchyPosition;
  readonly answer: HierarchyAnswer;
}

/** Only lost answers make a new range; a device that loses more gets its oldest changes told. */
const MOST_RANGES = 200;

/**
 * What a key means: `current` acknowledges the last answer, `repeat` comes from a device that has not seen it, and
 * everything else is status 9 (MS-ASCMD R4573, R4581).
 */
export function judgeHierarchyKey(
  state: HierarchyState,
  text: string,
): { readonly verdict: 'current' | 'repeat'; readonly at: HierarchyPosition } | undefined {
  const key = parseKey(text);
  if (!key || key.generation !== state.generation) return undefined;
  if (key.counter === state.last.counter) return { verdict: 'current', at: state.last };
  return key.counter === state.before?.counter ? { verdict: 'repeat', at: state.before } : undefined;
}

export function hierarchyKey(state: HierarchyState): string {
  return formatKey({ generation: state.generation, counter: state.last.counter });
}

export function firstState(
  generation: string,
  incarnation: string,
  to: number,
  version?: ProtocolVersion,
): HierarchyState {
  const state = { generation, incarnation, last: { counter: 1, to, own: [] }, answer: { kind: 'initial' } } as const;
  return version === undefined ? state : { ...state, version };
}

/**
 * Whether the device spoke another version when it began. What it keeps was written for that one: bodies of 2.5 are no
 * bodies of 12.0, and 12.1 knows no conversations. It has to begin anew, which is what X-MS-RP is for (MS-ASHTTP R1105).
 */
export function isOfOtherVersion({ version }: HierarchyState, spoken: ProtocolVersion): boolean {
  return version !== undefined && version !== spoken;
}

/** The state after a FolderSync that told everything up to `to` to a device that was `at` a position. */
export function toldState(state: HierarchyState, at: HierarchyPosition, to: number): HierarchyState {
  const last = { counter: state.last.counter + 1, to, own: [] };
  return { ...state, last, before: at, answer: { kind: 'sync' } };
}

/** The state after the device's own change; it knows no more than before, and what it did. */
export function changedState(
  state: HierarchyState,
  at: HierarchyPosition,
  answer: Extract<HierarchyAnswer, { kind: 'change' }>,
): HierarchyState {
  const counter = state.last.counter + 1;
  const [first, last] = at.own.at(-1) ?? [];
  const earlier = last === counter - 1 ? at.own.slice(0, -1) : at.own;
  const own = [...earlier, [last === counter - 1 ? first! : counter, counter] as const].slice(-MOST_RANGES);
  return { ...state, last: { counter, to: at.to, own }, before: at, answer };
}

/** The device has the last key and nothing new to hear up to `to`: the key stays (and what came before it is over). */
export function settledState(state: HierarchyState, to: number): HierarchyState {
  const { before: _, ...rest } = state;
  return { ...rest, last: { ...state.last, to, own: [] } };
}

/** The origin of a change whose answer will carry the last key of `next`. */
export function changeOrigin(next: HierarchyState, device: DeviceId): Origin {
  return { device, syncKey: hierarchyKey(next) };
}

/** Whether a device at a position made a change itself and had the answer. */
export function knownTo(state: HierarchyState, device: DeviceId, at: HierarchyPosition): (origin: Origin) => boolean {
  return (origin) => {
    const key = origin.device === device ? parseKey(origin.syncKey) : undefined;
    if (key?.generation !== state.generation) return false;
    return at.own.some(([first, last]) => first <= key.counter && key.counter <= last);
  };
}
