import { describe, expect, it, test } from 'vitest';
import { createPing } from '../../../lib/commands/ping.ts';
import type { Device } from '../../../lib/identity/types.ts';
import type { DeviceId, FolderId } from '../../../lib/ops/ids.ts';
import { silentLog } from '../../../lib/ops/log.ts';
import { type ProtocolVersion, SUPPORTED_VERSIONS, versionName } from '../../../lib/protocol/versions.ts';
import { StoreConflict, StoreUnavailable } from '../../../lib/store/ports.ts';
import { keys } from '../../../lib/store/schema.ts';
import { email, INBOX, TRASH } from '../../support/mailboxes.ts';
import { folderIds, openPingWorld, PHONE, type PingWorld, pinging, quiet } from '../../support/ping-world.ts';
import { validateResponses } from '../../support/xsd.ts';

const HOUR = 3_600_000;

interface Case {
  readonly name: string;
  readonly prepare?: (world: PingWorld) => void;
  readonly request: ReturnType<typeof pinging> | undefined;
  readonly answer: object;
  /** After this long; at once where absent. */
  readonly afterS?: number;
}

const CASES: readonly Case[] = [
  {
    name: '1 when the heartbeat ends without changes [MS-ASCMD R3148 R5710]',
    request: pinging(480, 'inbox'),
    afterS: 481,
    answer: { Status: 1 },
  },
  {
    name: '2 with the folders that have something [MS-ASCMD R306 R4235 R4236 R1708 R3082]',
    prepare: ({ news }) => news.set('inbox', 'now').set('drafts', 'now'),
    request: pinging(480, 'drafts', 'trash', 'inbox'),
    answer: { Status: 2, Folders: { Folder: ['drafts', 'inbox'] } },
  },
  {
    name: '2 at the end of the heartbeat when only flags or deletions came',
    prepare: ({ news }) => news.set('inbox', 'later'),
    request: pinging(60, 'trash', 'inbox'),
    afterS: 61,
    answer: { Status: 2, Folders: { Folder: ['inbox'] } },
  },
  {
    name: '3 for a first Ping without body [MS-ASCMD R4240 R4241]',
    request: undefined,
    answer: { Status: 3 },
  },
  { name: '3 for a first Ping without folders', request: pinging(480), answer: { Status: 3 } },
  { name: '3 for a first Ping without heartbeat', request: pinging(undefined, 'inbox'), answer: { Status: 3 } },
  {
    name: '4 for a folder that is named twice [MS-ASCMD R6699]',
    request: pinging(480, 'inbox', 'trash', 'inbox'),
    answer: { Status: 4 },
  },
  {
    name: '4 for a folder without Class [MS-ASCMD R4228]',
    request: { HeartbeatInterval: 480, Folders: { Folder: [{ Id: 'inbox' }] } },
    answer: { Status: 4 },
  },
  {
    name: '4 for a folder without Id',
    request: { HeartbeatInterval: 480, Folders: { Folder: [{ Class: 'Email' }] } },
    answer: { Status: 4 },
  },
  {
    name: '4 for a list of no folders',
    request: { HeartbeatInterval: 480, Folders: { Folder: [] } },
    answer: { Status: 4 },
  },
  {
    name: '5 with the minimum for a heartbeat that is too short [MS-ASCMD R5690 R5837]',
    request: pinging(59, 'inbox'),
    answer: { Status: 5, HeartbeatInterval: 60 },
  },
  {
    name: '5 with the minimum for a negative heartbeat',
    request: pinging(-1, 'inbox'),
    answer: { Status: 5, HeartbeatInterval: 60 },
  },
  {
    name: '5 with the maximum for a heartbeat that is too long [MS-ASCMD R5691 R4249]',
    request: pinging(3541, 'inbox'),
    answer: { Status: 5, HeartbeatInterval: 3540 },
  },
  {
    name: '6 with the maximum for too many folders [MS-ASCMD R4254 R3259]',
    request: pinging(480, ...folderIds(301)),
    answer: { Status: 6, MaxFolders: 300 },
  },
  {
    name: '7 when the folder hierarchy is out of date [MS-ASCMD R4257 R4258]',
    prepare: ({ hierarchy }) => (hierarchy.upToDate = false),
    request: pinging(480, 'inbox'),
    answer: { Status: 7 },
  },
  {
    name: '8 when the store is away',
    prepare: ({ table }) => {
      const { get } = table;
      // The device was let in before.
      table.get = (key, consistency) =>
        key.sk.startsWith('D#') ? get(key, consistency) : Promise.reject(new StoreUnavailable('away'));
    },
    request: pinging(480, 'inbox'),
    answer: { Status: 8 },
  },
  {
    name: '7 for a folder that is not there',
    prepare: ({ news }) => news.set('nowhere', 'gone'),
    request: pinging(480, 'inbox', 'nowhere'),
    answer: { Status: 7 },
  },
];

/** All that the table below answered. */
const sent: { readonly command: string; readonly body: Uint8Array }[] = [];

describe.each(SUPPORTED_VERSIONS.map((version) => [versionName(version), version] as const))(
  'Ping %s [MS-ASCMD R4227 R4231]',
  (_, version: ProtocolVersion) => {
    it.each(CASES.map((one) => [one.name, one] as const))('answers %s', async (_name, one) => {
      const world = await openPingWorld();
      one.prepare?.(world);
      const answer = await world.ping(one.request, { version });
      if (one.afterS !== undefined) {
        await world.clock.advance((one.afterS - 2) * 1000);
        expect(answer.document).toBeUndefined();
        await world.clock.advance(2000);
        await quiet();
      }
      expect(answer.document).toEqual(one.answer);
      sent.push({ command: 'Ping', body: answer.bytes! });
    });
  },
);

test('every answer is valid against the schema of its response', async () => {
  expect(sent).toHaveLength(CASES.length * SUPPORTED_VERSIONS.length);
  expect((await validateResponses(sent)).errors).toEqual([]);
});

describe('the bounds', () => {
  it.each([60, 3540])('let a heartbeat of %i seconds in', async (seconds) => {
    const world = await openPingWorld();
    const answer = await world.ping(pinging(seconds, 'inbox'));
    expect(answer.document).toBeUndefined();
    await world.clock.advance(seconds * 1000 + 50);
    expect(answer.document).toEqual({ Status: 1 });
  });

  it('let as many folders in as they say', async () => {
    const world = await openPingWorld({ maxFolders: 3 });
    expect((await world.ping(pinging(60, ...folderIds(3)))).document).toBeUndefined();
    expect((await world.ping(pinging(60, ...folderIds(4)))).document).toEqual({ Status: 6, MaxFolders: 3 });
  });

  it.each([
    [{ maxFolders: Number.NaN }, RangeError],
    [{ minHeartbeatS: 0 }, RangeError],
    [{ strikes: 1.5 }, RangeError],
    [{ minHeartbeatS: 100, maxHeartbeatS: 99 }, RangeError],
    [{ maxfolders: 5 } as object, TypeError],
  ])('cannot be %o', async (options, error) => {
    const world = await openPingWorld();
    const { table } = world;
    const deps = {
      table,
      mailboxes: { open: () => world.mailbox },
      log: silentLog,
      news: { look: async () => new Map() },
      hierarchy: { upToDate: async () => true },
    };
    expect(() => createPing({ ...deps, options })).toThrow(error);
  });
});

describe('what the server remembers', () => {
  const ends = async (world: PingWorld, seconds: number, request?: ReturnType<typeof pinging>) => {
    const answer = await world.ping(request);
    await world.clock.advance((seconds - 1) * 1000);
    expect(answer.document).toBeUndefined();
    await world.clock.advance(2000);
    return answer.document;
  };

  it('is repeated by a Ping without body [MS-ASCMD R335 R322]', async () => {
    const world = await openPingWorld();
    await ends(world, 480, pinging(480, 'inbox', 'trash'));
    expect(await ends(world, 480)).toEqual({ Status: 1 });
    world.news.set('trash', 'now');
    expect((await world.ping()).document).toEqual({ Status: 2, Folders: { Folder: ['trash'] } });
  });

  it('is the heartbeat, for a Ping that names only folders [MS-ASCMD R5632 R5831 R3152 R5836]', async () => {
    const world = await openPingWorld();
    await world.ping(pinging(480, 'inbox'));
    world.news.set('inbox', 'now');
    expect(await ends(world, 480, pinging(undefined, 'trash'))).toEqual({ Status: 1 });
  });

  it('is the list of folders, for a Ping that names only a heartbeat [MS-ASCMD R5634 R5832]', async () => {
    const world = await openPingWorld();
    await world.ping(pinging(480, 'inbox'));
    expect(await ends(world, 120, pinging(120))).toEqual({ Status: 1 });
    world.news.set('inbox', 'now');
    expect((await world.ping()).document).toEqual({ Status: 2, Folders: { Folder: ['inbox'] } });
  });

  it('is the last of each', async () => {
    const world = await openPingWorld();
    await world.ping(pinging(480, 'inbox'));
    await world.ping(pinging(120, 'trash'));
    world.news.set('inbox', 'now');
    expect(await ends(world, 120)).toEqual({ Status: 1 });
  });

  it('is also the valid half of a request that was refused', async () => {
    const world = await openPingWorld();
    expect((await world.ping(pinging(10, 'inbox'))).document).toMatchObject({ Status: 5 });
    expect(await ends(world, 60, pinging(60))).toEqual({ Status: 1 });
    expect((await world.ping(pinging(90, ...folderIds(301)))).document).toMatchObject({ Status: 6 });
    expect(await ends(world, 90)).toEqual({ Status: 1 });
  });

  it('is never the half that was refused', async () => {
    const world = await openPingWorld();
    await world.ping(pinging(480, 'inbox'));
    expect((await world.ping(pinging(10, 'inbox'))).document).toMatchObject({ Status: 5 });
    expect((await world.ping(pinging(undefined, ...folderIds(301)))).document).toMatchObject({ Status: 6 });
    expect(await ends(world, 480)).toEqual({ Status: 1 });
  });

  it('is untouched by a request that is malformed', async () => {
    const world = await openPingWorld();
    await world.ping(pinging(480, 'inbox'));
    expect((await world.ping(pinging(120, 'trash', 'trash'))).document).toEqual({ Status: 4 });
    world.news.set('inbox', 'now');
    expect((await world.ping()).document).toMatchObject({ Status: 2 });
  });

  it('is written once for any number of Pings that say the same', async () => {
    const world = await openPingWorld();
    await ends(world, 60, pinging(60, 'inbox'));
    expect(world.memoryWrites()).toBe(1);
    for (let n = 0; n < 3; n++) await ends(world, 60, pinging(60, 'inbox'));
    await ends(world, 60);
    expect(world.memoryWrites()).toBe(0);
    await ends(world, 61, pinging(61, 'inbox'));
    expect(world.memoryWrites()).toBe(1);
  });

  it('leaves everything else in the row of the device as it is', async () => {
    const world = await openPingWorld();
    await world.ping(pinging(480, 'inbox'));
    expect(await world.table.get(keys.device(world.mailbox.id, PHONE))).toMatchObject({
      type: 'Phone',
      policyKey: '7',
    });
  });

  it('belongs to one device', async () => {
    const world = await openPingWorld();
    await world.ping(pinging(480, 'inbox'));
    const device = { id: 'other' as DeviceId, type: 'Phone', firstSeen: 0, lastSeen: 0 };
    expect((await world.ping(undefined, { device })).document).toEqual({ Status: 3 });
  });

  it('is nothing for a device without a partnership, whose row must not come into being', async () => {
    const world = await openPingWorld();
    const device = { id: 'validate' as DeviceId, type: 'Android', firstSeen: 0, lastSeen: 0 };
    expect((await world.ping(pinging(480, 'inbox'), { device })).document).toBeUndefined();
    expect(await world.table.get(keys.device(world.mailbox.id, device.id))).toBeUndefined();
  });
});

describe('changes while a Ping waits', () => {
  it('end it, whichever of its folders they are in [MS-ASCMD R5714]', async () => {
    const world = await openPingWorld();
    const answer = await world.ping(pinging(3540, INBOX, TRASH));
    await world.clock.advance(HOUR / 2);
    expect(answer.document).toBeUndefined();
    world.news.set(TRASH, 'now');
    await world.mailbox.append(TRASH, [email('a')]);
    await quiet();
    expect(answer.document).toEqual({ Status: 2, Folders: { Folder: [TRASH] } });
  });

  it('are looked for by sweeps, which read heads and nothing else as long as these stay as they are', async () => {
    const world = await openPingWorld({}, { sweepMs: 60_000 });
    const answer = await world.ping(pinging(3540, INBOX, TRASH));
    expect(world.looks).toBe(1);
    await world.clock.advance(HOUR / 2);
    expect(world.looks).toBe(1);
    // A head that moved deserves a look, and one that found nothing is not repeated.
    await world.mailbox.append(INBOX, [email('a')]);
    await quiet();
    await world.clock.advance(HOUR / 4);
    expect(world.looks).toBe(2);
    world.news.set(INBOX, 'now');
    await world.mailbox.append(INBOX, [email('b')]);
    await quiet();
    expect(answer.document).toMatchObject({ Status: 2 });
  });

  it.each(['policyEpoch', 'wipeEpoch'] as const)('of %s are status 7, once', async (epoch) => {
    const world = await openPingWorld();
    const answer = await world.ping(pinging(480, INBOX));
    await world.mailbox.raise(epoch);
    await quiet();
    expect(answer.document).toEqual({ Status: 7 });
    expect((await world.ping()).document).toBeUndefined();
  });

  it('of the policy are told also when they came between two Pings', async () => {
    const world = await openPingWorld();
    await world.ping(pinging(480, INBOX));
    await world.clock.advance(HOUR);
    await world.mailbox.raise('policyEpoch');
    expect((await world.ping()).document).toEqual({ Status: 7 });
    expect((await world.ping()).document).toBeUndefined();
  });

  it('of the policy from before the first Ping are none of its business', async () => {
    const world = await openPingWorld();
    await world.mailbox.raise('policyEpoch');
    expect((await world.ping(pinging(480, INBOX))).document).toBeUndefined();
  });

  it('of the hierarchy are status 7, as long as the device did no FolderSync', async () => {
    const world = await openPingWorld();
    const answer = await world.ping(pinging(480, INBOX));
    world.hierarchy.upToDate = false;
    await world.mailbox.createFolder({ name: 'New', parent: '0' as FolderId, type: 12 });
    await quiet();
    expect(answer.document).toEqual({ Status: 7 });
    expect((await world.ping()).document).toEqual({ Status: 7 });
    world.hierarchy.upToDate = true;
    expect((await world.ping()).document).toBeUndefined();
  });

  it('of the hierarchy that the device made itself are no news', async () => {
    const world = await openPingWorld();
    const answer = await world.ping(pinging(480, INBOX));
    await world.mailbox.createFolder({ name: 'Mine', parent: '0' as FolderId, type: 12 });
    await quiet();
    expect(answer.document).toBeUndefined();
  });

  it('do not touch the sync state of any folder', async () => {
    const world = await openPingWorld();
    const { pk, sk } = keys.syncState(world.mailbox.id, PHONE, INBOX);
    await world.table.transact([{ op: 'put', table: 'devices', row: { pk, sk, generation: 'g', counter: 5 } }]);
    await world.ping(pinging(480, INBOX));
    await world.ping(pinging(120, INBOX, TRASH));
    await world.ping(pinging(120, TRASH));
    expect(await world.table.get({ table: 'devices', pk, sk })).toMatchObject({ generation: 'g', counter: 5 });
  });
});

describe('a folder that the device never synchronised', () => {
  const unsynced = async () => {
    const world = await openPingWorld();
    world.news.set(TRASH, 'unsynced');
    return world;
  };
  const deliver = async (world: PingWorld, name: string) => {
    await world.mailbox.append(TRASH, [email(name)]);
    await quiet();
    await world.clock.advance(2000);
    await quiet();
  };

  it('is no reason to answer, whatever was in it before: iOS lists such folders', async () => {
    const world = await unsynced();
    await world.mailbox.append(TRASH, [email('old')]);
    expect((await world.ping(pinging(480, INBOX, TRASH))).document).toBeUndefined();
  });

  it('is told of what is added while the Ping waits', async () => {
    const world = await unsynced();
    const answer = await world.ping(pinging(480, INBOX, TRASH));
    await deliver(world, 'new');
    expect(answer.document).toEqual({ Status: 2, Folders: { Folder: [TRASH] } });
  });

  it('is told three times in vain, then the device is asked for a FolderSync, then there is peace', async () => {
    const world = await unsynced();
    const statuses: (number | undefined)[] = [];
    for (let n = 0; n < 7; n++) {
      const answer = await world.ping(pinging(480, INBOX, TRASH));
      await deliver(world, `n${n}`);
      statuses.push(answer.document?.Status);
    }
    expect(statuses).toEqual([2, 2, 2, 7, undefined, undefined, undefined]);
  });

  it('is named in the order in which the device listed it', async () => {
    const world = await unsynced();
    const answer = await world.ping(pinging(480, INBOX, TRASH));
    world.news.set(INBOX, 'now');
    await deliver(world, 'new');
    expect(answer.document!.Folders!.Folder).toEqual([INBOX, TRASH]);
  });

  it('is named beside a folder that is synchronised, as often as that one is', async () => {
    const world = await unsynced();
    for (let n = 0; n < 6; n++) {
      const answer = await world.ping(pinging(480, INBOX, TRASH));
      world.news.set(INBOX, 'now');
      await deliver(world, `n${n}`);
      expect(answer.document).toMatchObject({ Status: 2 });
      expect(answer.document!.Folders!.Folder).toContain(INBOX);
      world.news.delete(INBOX);
    }
  });

  it('is told again once the device has synchronised it', async () => {
    const world = await unsynced();
    for (let n = 0; n < 5; n++) {
      await world.ping(pinging(480, TRASH));
      await deliver(world, `n${n}`);
    }
    world.news.set(TRASH, 'now');
    expect((await world.ping(pinging(480, TRASH))).document).toMatchObject({ Status: 2 });
    world.news.set(TRASH, 'unsynced');
    const answer = await world.ping(pinging(480, TRASH));
    await deliver(world, 'again');
    expect(answer.document).toMatchObject({ Status: 2 });
  });
});

describe('a folder that is gone', () => {
  it('is status 7 some times and then left out, so that no loop of FolderSync and Ping arises', async () => {
    const world = await openPingWorld();
    world.news.set('nowhere', 'gone');
    const statuses: (number | undefined)[] = [];
    for (let n = 0; n < 6; n++) statuses.push((await world.ping(pinging(480, INBOX, 'nowhere'))).document?.Status);
    expect(statuses).toEqual([7, 7, 7, 7, undefined, undefined]);
    world.news.set(INBOX, 'now');
    const answer = await world.ping(pinging(480, INBOX, 'nowhere'));
    await world.clock.advance(1000);
    expect(answer.document).toEqual({ Status: 2, Folders: { Folder: [INBOX] } });
  });
});

describe('a folder that is gone while the device must FolderSync anyway', () => {
  it('is status 7 as often as it is asked for', async () => {
    const world = await openPingWorld();
    world.news.set('nowhere', 'gone');
    world.hierarchy.upToDate = false;
    for (let n = 0; n < 6; n++) {
      expect((await world.ping(pinging(480, 'nowhere'))).document).toEqual({ Status: 7 });
    }
    world.hierarchy.upToDate = true;
    expect((await world.ping(pinging(480, 'nowhere'))).document).toEqual({ Status: 7 });
  });
});

describe('trouble', () => {
  it('with the mailbox from the beginning is status 8 [MS-ASCMD R4261]', async () => {
    const world = await openPingWorld();
    world.mailbox.heads = () => Promise.reject(new StoreUnavailable('away'));
    const answer = await world.ping(pinging(480, INBOX));
    await world.clock.advance(60_000);
    expect(answer.document).toEqual({ Status: 8 });
  });

  it('with the mailbox while it waits is waited out', async () => {
    const world = await openPingWorld();
    const answer = await world.ping(pinging(480, INBOX));
    const heads = world.mailbox.heads.bind(world.mailbox);
    world.mailbox.heads = () => Promise.reject(new StoreUnavailable('away'));
    world.news.set(INBOX, 'now');
    await world.mailbox.append(INBOX, [email('a')]);
    await quiet();
    await world.clock.advance(60_000);
    expect(answer.document).toBeUndefined();
    world.mailbox.heads = heads;
    await world.clock.advance(120_000);
    expect(answer.document).toMatchObject({ Status: 2 });
  });

  it('with another request that writes the row of the device at the same time is none', async () => {
    const world = await openPingWorld();
    const { transact } = world.table;
    let conflicts = 2;
    world.table.transact = (writes) => (conflicts-- > 0 ? Promise.reject(new StoreConflict('busy')) : transact(writes));
    expect((await world.ping(pinging(480, INBOX))).document).toBeUndefined();
    expect((await world.ping()).document).toBeUndefined();
  });

  it('that nobody foresaw is not called status 8', async () => {
    const world = await openPingWorld();
    world.table.get = () => Promise.reject(new TypeError('bug'));
    await expect(world.ping(pinging(480, INBOX))).rejects.toThrow(TypeError);
  });

  it.each([
    [101, 4],
    [102, 4],
    [103, 4],
    [111, 8],
    [110, 8],
    [126, 126],
    [177, 177],
  ])('%i of the request is status %i of the command [MS-ASCMD R4244]', async (common, own) => {
    const { command } = await openPingWorld();
    expect(command.failure(common)).toEqual({ Status: own });
  });
});

describe('a Ping', () => {
  it('needs no policy key and may come without body', async () => {
    const { command } = await openPingWorld();
    expect(command).toMatchObject({ name: 'Ping', code: 18, needsPolicy: false, body: 'optional' });
  });

  it.each(['ordered', 'sent'] as const)('of a device whose wipe is %s is status 7 at once', async (state) => {
    const world = await openPingWorld();
    const device: Device = { id: PHONE, type: 'P', firstSeen: 0, lastSeen: 0, wipe: { kind: 'device', state, at: 1 } };
    expect((await world.ping(pinging(480, INBOX), { device })).document).toEqual({ Status: 7 });
  });

  it('of a device that was wiped and set up again waits as any other', async () => {
    const world = await openPingWorld();
    const wipe = { kind: 'account', state: 'done', at: 1 } as const;
    const device: Device = { id: PHONE, type: 'P', firstSeen: 0, lastSeen: 0, wipe };
    expect((await world.ping(pinging(480, INBOX), { device })).document).toBeUndefined();
  });

  it('ends the one before it with status 1', async () => {
    const world = await openPingWorld();
    const older = await world.ping(pinging(480, INBOX));
    await world.ping(pinging(480, INBOX));
    expect(older.document).toEqual({ Status: 1 });
  });

  it('is answered with status 1 while the server drains', async () => {
    const world = await openPingWorld();
    const held = await world.ping(pinging(480, INBOX));
    void world.holder.drain(10_000);
    expect((await world.ping(pinging(480, INBOX))).document).toEqual({ Status: 1 });
    await world.clock.advance(10_000);
    expect(held.document).toEqual({ Status: 1 });
  });
});

describe('on a host that may not hold', () => {
  it.each([
    ['status 1', 'none', { Status: 1 }],
    ['the additions', 'now', { Status: 2, Folders: { Folder: [INBOX] } }],
    ['the flags', 'later', { Status: 2, Folders: { Folder: [INBOX] } }],
    ['status 7 for what is gone', 'gone', { Status: 7 }],
  ] as const)('it answers at once with %s', async (_, kind, answer) => {
    const world = await openPingWorld();
    world.news.set(INBOX, kind);
    expect((await world.ping(pinging(480, INBOX), { lane: 'lambda' })).document).toEqual(answer);
    expect(world.holder.held).toBe(0);
  });

  it('it refuses as everywhere', async () => {
    const world = await openPingWorld();
    const refused = await world.ping(pinging(5, INBOX), { lane: 'lambda' });
    expect(refused.document).toEqual({ Status: 5, HeartbeatInterval: 60 });
  });
});
