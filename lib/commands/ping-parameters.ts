import type { PingRequest, PingResponse } from '../documents/ping.ts';
import type { FolderId } from '../ops/ids.ts';
import { PingStatus } from './ping-status.ts';

export interface PingOptions {
  /** Seconds. Outlook mobile asks for 180, so a higher minimum would end its mail. */
  readonly minHeartbeatS: number;
  /** Seconds; a load balancer's idle time must be longer. */
  readonly maxHeartbeatS: number;
  readonly maxFolders: number;
  /** How often a device is told of a folder that it never synchronises, or that is gone, before that folder is left out. */
  readonly strikes: number;
}

export const PING_DEFAULTS: PingOptions = { minHeartbeatS: 60, maxHeartbeatS: 3540, maxFolders: 300, strikes: 3 };

/** @throws TypeError for an unknown name, RangeError for a value that is no positive whole number, or bounds that cross */
export function pingOptions(given: Partial<PingOptions> = {}): PingOptions {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in PING_DEFAULTS)) throw new TypeError(`unknown option ${name}`);
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new RangeError(`${name} must be a positive whole number`);
    }
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options = { ...PING_DEFAULTS, ...set };
  if (options.minHeartbeatS > options.maxHeartbeatS) throw new RangeError('minHeartbeatS is above maxHeartbeatS');
  return options;
}

/** What a device said before and need not say again (R5632, R5634). */
export interface PingParameters {
  readonly heartbeatS?: number;
  readonly folders?: readonly FolderId[];
}

export interface Judged {
  /** What is remembered from now on: each part that was valid, also when the other was not. */
  readonly keep: PingParameters;
  /** Present: answer this, there is nothing to wait for. */
  readonly refusal?: PingResponse;
}

/**
 * A request with what the device said before. An absent request is a repetition (R335, R322); an absent part is the
 * cached one (R5831, R5832). Syntax is judged first, then what is missing, then the bounds.
 */
export function judgeParameters(
  request: PingRequest | undefined,
  cached: PingParameters,
  options: PingOptions,
): Judged {
  const asked = foldersOf(request);
  if (asked === 'malformed') return { keep: cached, refusal: { Status: PingStatus.Malformed } };
  const heartbeatS = request?.HeartbeatInterval ?? cached.heartbeatS;
  const folders = asked ?? cached.folders;
  const bound = heartbeatS === undefined ? undefined : nearestBound(heartbeatS, options);
  const tooMany = folders !== undefined && folders.length > options.maxFolders;
  const keep = {
    heartbeatS: bound === undefined ? heartbeatS : cached.heartbeatS,
    folders: tooMany ? cached.folders : folders,
  };
  if (heartbeatS === undefined || folders === undefined)
    return { keep, refusal: { Status: PingStatus.MissingParameters } };
  if (bound !== undefined)
    return { keep, refusal: { Status: PingStatus.HeartbeatOutOfBounds, HeartbeatInterval: bound } };
  if (tooMany) return { keep, refusal: { Status: PingStatus.TooManyFolders, MaxFolders: options.maxFolders } };
  return { keep };
}

/** `undefined` where the request names none. A folder without Id or Class, or named twice (R6699), is a wrong request. */
function foldersOf(request: PingRequest | undefined): readonly FolderId[] | undefined | 'malformed' {
  if (!request?.Folders) return undefined;
  const folders: FolderId[] = [];
  const named = new Set<string>();
  for (const { Id, Class } of request.Folders.Folder ?? []) {
    if (!Id || !Class || named.has(Id)) return 'malformed';
    named.add(Id);
    folders.push(Id as FolderId);
  }
  return folders.length > 0 ? folders : 'malformed';
}

/** The bound that an interval is beyond; `undefined` for one within them. */
function nearestBound(seconds: number, { minHeartbeatS, maxHeartbeatS }: PingOptions): number | undefined {
  if (seconds < minHeartbeatS) return minHeartbeatS;
  return seconds > maxHeartbeatS ? maxHeartbeatS : undefined;
}
