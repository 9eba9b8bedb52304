import type { SyncRequest } from '../../documents/sync.ts';
import { SyncStatus } from './status.ts';

type RequestCollection = NonNullable<SyncRequest['Collections']>['Collection'][number];

/** What a request asks for, checked as far as the request alone can tell. */
export interface SyncPlan {
  readonly collections: readonly RequestCollection[];
  /** Collections that ask for what cannot be, by id, with the status that says so; the others are served. */
  readonly refused: ReadonlyMap<string, number>;
  /** How long the server may wait for something to say; 0: not at all. */
  readonly waitMs: number;
  readonly windowSize: number | undefined;
  readonly hasCommands: boolean;
  /** The request as an empty one repeats it; absent where it may not be repeated. */
  readonly cache: SyncRequest | undefined;
}

/**
 * A whole request that fails: `Status` below `Sync`, and the bound that it missed. So does one of which every collection
 * is refused; Exchange says it there, too.
 */
export interface SyncFailure {
  readonly Status: number;
  readonly Limit?: number;
}

export interface PlanLimits {
  /** Add, Change, Delete and Fetch of one request (MS-ASCMD R5659). */
  readonly maxCommands: number;
  readonly maxCollections: number;
}

export const PLAN_LIMITS: PlanLimits = { maxCommands: 200, maxCollections: 300 };

/** MS-ASCMD R3227-R3230. */
const WAIT_MINUTES = { min: 1, max: 59 };
const HEARTBEAT_SECONDS = { min: 60, max: 3540 };

const { Protocol: PROTOCOL_ERROR, Incomplete: INCOMPLETE, BadWait: BAD_WAIT } = SyncStatus;
const { TooManyCollections: TOO_MANY, BodyPartType: PART_TYPE } = SyncStatus;
const HTML = 2;

/**
 * Joins a request with the cached one where it is empty or partial, and checks it. Nothing has had an effect when a
 * failure comes back.
 */
export function planSync(
  request: SyncRequest | undefined,
  cached: SyncRequest | undefined,
  limits: PlanLimits = PLAN_LIMITS,
): SyncPlan | SyncFailure {
  const joined = join(request, cached);
  if (!joined) return { Status: INCOMPLETE };
  const waitMs = waitOf(joined);
  if (typeof waitMs === 'object') return waitMs;
  const collections = joined.Collections?.Collection ?? [];
  if (collections.length > limits.maxCollections) return { Status: TOO_MANY, Limit: limits.maxCollections };
  if (!collections.every(hasKey)) return { Status: PROTOCOL_ERROR };
  if (new Set(collections.map(({ CollectionId }) => CollectionId)).size < collections.length) {
    return { Status: PROTOCOL_ERROR };
  }
  const commands = collections.reduce((count, { Commands }) => count + (Commands?.length ?? 0), 0);
  if (commands > limits.maxCommands) return { Status: PROTOCOL_ERROR };
  const refused = new Map<string, number>();
  for (const one of collections) {
    const status = refusalOf(one);
    if (status !== undefined) refused.set(one.CollectionId, status);
  }
  const whole = wholeRefusal(collections.map(({ CollectionId }) => refused.get(CollectionId)));
  if (whole !== undefined) return { Status: whole };
  const hasCommands = commands > 0;
  const cache = hasCommands ? undefined : repeatable(joined, collections);
  return { collections, refused, waitMs, windowSize: joined.WindowSize, hasCommands, cache };
}

/** Whether the request says all that it wants. AOSP sends a heartbeat without collections for those that it named before. */
export function isWhole(request: SyncRequest | undefined): boolean {
  return request !== undefined && !request.Partial && (request.Collections?.Collection.length ?? 0) > 0;
}

/** An empty request is the cached one again (MS-ASCMD R673); a partial one changes some of its collections. */
function join(request: SyncRequest | undefined, cached: SyncRequest | undefined): SyncRequest | undefined {
  if (request === undefined) return cached;
  if (isWhole(request)) return request;
  if (!cached) return undefined;
  const given = request.Collections?.Collection ?? [];
  const byId = new Map((cached.Collections?.Collection ?? []).map((one) => [one.CollectionId, one]));
  for (const one of given) byId.set(one.CollectionId, one);
  const waits = request.Wait !== undefined || request.HeartbeatInterval !== undefined;
  const { Wait, HeartbeatInterval } = waits ? request : cached;
  return {
    Collections: { Collection: [...byId.values()] },
    Wait,
    HeartbeatInterval,
    WindowSize: request.WindowSize ?? cached.WindowSize,
  };
}

function waitOf({ Wait, HeartbeatInterval }: SyncRequest): number | SyncFailure {
  if (Wait !== undefined && HeartbeatInterval !== undefined) return { Status: PROTOCOL_ERROR };
  if (Wait !== undefined) return bounded(Wait, WAIT_MINUTES, 60_000);
  return HeartbeatInterval === undefined ? 0 : bounded(HeartbeatInterval, HEARTBEAT_SECONDS, 1000);
}

function bounded(value: number, { min, max }: typeof WAIT_MINUTES, unitMs: number): number | SyncFailure {
  if (value < min) return { Status: BAD_WAIT, Limit: min };
  return value > max ? { Status: BAD_WAIT, Limit: max } : value * unitMs;
}

/** The status of the request where all of its collections are refused: the first one's. */
export function wholeRefusal(statuses: readonly (number | undefined)[]): number | undefined {
  return statuses.every((status) => status !== undefined) ? statuses[0] : undefined;
}

/** A request without keys is none, whatever else it asks for. */
const hasKey = ({ SyncKey }: RequestCollection): boolean => SyncKey !== '' && SyncKey.length <= 64;

/** What a collection by itself may not ask for. */
function refusalOf(collection: RequestCollection): number | undefined {
  if (!asksForKeyOnly(collection) || !preferencesDiffer(collection)) return PROTOCOL_ERROR;
  return partIsHtml(collection) ? undefined : PART_TYPE;
}

/** Key 0 asks for a key and for nothing else (MS-ASCMD R3128, R5838). */
function asksForKeyOnly({ SyncKey, GetChanges, Commands }: RequestCollection): boolean {
  return SyncKey !== '0' || (GetChanges !== true && (Commands?.length ?? 0) === 0);
}

/** The part of a message comes as HTML and as nothing else (MS-ASCON R241). */
function partIsHtml({ Options }: RequestCollection): boolean {
  return (Options ?? []).every(({ BodyPartPreference: part }) => part === undefined || part.Type === HTML);
}

/** Of two preferences for one type of body neither counts (MS-ASAIRS R10016). */
function preferencesDiffer({ Options }: RequestCollection): boolean {
  return (Options ?? []).every(({ BodyPreference = [] }) => {
    const types = BodyPreference.map(({ Type }) => Type);
    return new Set(types).size === types.length;
  });
}

/** A request as it is cached where these collections were refused: repeating it would be no more than that again. */
export function without(request: SyncRequest | undefined, refused: ReadonlySet<string>): SyncRequest | undefined {
  if (!request || refused.size === 0) return request;
  const kept = request.Collections?.Collection.filter(({ CollectionId }) => !refused.has(CollectionId)) ?? [];
  return { ...request, Collections: { Collection: kept } };
}

/** What an empty request may repeat: without what counts once only. */
function repeatable(request: SyncRequest, collections: readonly RequestCollection[]): SyncRequest {
  return {
    ...request,
    Partial: undefined,
    Collections: { Collection: collections.map((one) => ({ ...one, Supported: undefined, Commands: undefined })) },
  };
}
