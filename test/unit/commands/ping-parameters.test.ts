import { describe, expect, test } from 'vitest';
import {
  judgeParameters,
  PING_DEFAULTS,
  type PingParameters,
  pingOptions,
} from '../../../lib/commands/ping-parameters.ts';
import type { PingRequest } from '../../../lib/documents/ping.ts';
import type { FolderId } from '../../../lib/ops/ids.ts';

const ids = (...names: string[]) => names as FolderId[];
const named = (...names: string[]): Pick<PingRequest, 'Folders'> => ({
  Folders: { Folder: names.map((Id) => ({ Id, Class: 'Email' })) },
});
const OPTIONS = { ...PING_DEFAULTS, maxFolders: 2 };
const CACHED: PingParameters = { heartbeatS: 600, folders: ids('a') };

describe('a Ping', () => {
  test.each<[string, PingRequest | undefined, PingParameters, PingParameters]>([
    ['that says all', { HeartbeatInterval: 60, ...named('b', 'c') }, {}, { heartbeatS: 60, folders: ids('b', 'c') }],
    ['that says nothing', undefined, CACHED, CACHED],
    ['with nothing in it', {}, CACHED, CACHED],
    ['without folders', { HeartbeatInterval: 3540 }, CACHED, { heartbeatS: 3540, folders: ids('a') }],
    ['without an interval', named('b'), CACHED, { heartbeatS: 600, folders: ids('b') }],
  ])('%s can be waited for', (_, request, cached, keep) => {
    expect(judgeParameters(request, cached, OPTIONS)).toEqual({ keep });
  });

  test.each<[string, PingRequest | undefined, PingParameters, object, PingParameters]>([
    ['without folders at first', { HeartbeatInterval: 60 }, {}, { Status: 3 }, { heartbeatS: 60 }],
    ['without an interval at first', named('a'), {}, { Status: 3 }, { folders: ids('a') }],
    ['that says nothing at first', undefined, {}, { Status: 3 }, {}],
    ['with no folder', { Folders: { Folder: [] } }, CACHED, { Status: 4 }, CACHED],
    ['with no list of folders', { Folders: {} } as PingRequest, CACHED, { Status: 4 }, CACHED],
    ['with a folder twice', named('a', 'a'), CACHED, { Status: 4 }, CACHED],
    [
      'with a folder without its id',
      { Folders: { Folder: [{ Id: '', Class: 'Email' }] } },
      CACHED,
      { Status: 4 },
      CACHED,
    ],
    [
      'with a folder without its class',
      { Folders: { Folder: [{ Id: 'a', Class: '' }] } },
      CACHED,
      { Status: 4 },
      CACHED,
    ],
    [
      'that is too short keeps its folders',
      { HeartbeatInterval: 59, ...named('b') },
      CACHED,
      { Status: 5, HeartbeatInterval: 60 },
      { heartbeatS: 600, folders: ids('b') },
    ],
    ['that is too long', { HeartbeatInterval: 3541 }, CACHED, { Status: 5, HeartbeatInterval: 3540 }, CACHED],
    [
      'of too many folders keeps its interval',
      { HeartbeatInterval: 70, ...named('a', 'b', 'c') },
      CACHED,
      { Status: 6, MaxFolders: 2 },
      { heartbeatS: 70, folders: ids('a') },
    ],
    [
      'that is too long and of too many folders says the first',
      { HeartbeatInterval: 3541, ...named('a', 'b', 'c') },
      CACHED,
      { Status: 5, HeartbeatInterval: 3540 },
      CACHED,
    ],
    ['of too many folders without an interval', named('a', 'b', 'c'), {}, { Status: 3 }, {}],
  ])('%s is refused', (_, request, cached, refusal, keep) => {
    expect(judgeParameters(request, cached, OPTIONS)).toEqual({ keep, refusal });
  });
});

describe('its options', () => {
  test('are defaults where they are not given', () => {
    expect(pingOptions()).toEqual(PING_DEFAULTS);
    expect(pingOptions({ strikes: 1, maxFolders: undefined })).toEqual({ ...PING_DEFAULTS, strikes: 1 });
    expect(pingOptions({ minHeartbeatS: 3540 })).toEqual({ ...PING_DEFAULTS, minHeartbeatS: 3540 });
  });

  test.each<[object, new () => Error]>([
    [{ heartbeat: 60 }, TypeError],
    [{ strikes: 0 }, RangeError],
    [{ strikes: -1 }, RangeError],
    [{ strikes: 1.5 }, RangeError],
    [{ strikes: Number.NaN }, RangeError],
    [{ minHeartbeatS: 3541 }, RangeError],
  ])('cannot be %j', (options, error) => {
    expect(() => pingOptions(options)).toThrow(error);
  });
});
