import { describe, expect, it } from 'vitest';
import type { AnyCommand } from '../../../lib/protocol/command.ts';
import { createRegistry } from '../../../lib/protocol/registry.ts';
import { hasVersion, nearestVersion, type VersionRange } from '../../../lib/protocol/versions.ts';

const command = (name: string, code: number, versions?: VersionRange) => ({ name, code, versions }) as AnyCommand;
const PING = command('Ping', 18);
const SYNC = command('Sync', 0);

describe('the registry', () => {
  it('advertises the commands that are registered and no others, in the order of their codes [MS-ASHTTP R247]', () => {
    expect(createRegistry([PING, SYNC]).advertisement['MS-ASProtocolCommands']).toBe('Sync,Ping');
    expect(createRegistry([PING]).advertisement['MS-ASProtocolCommands']).toBe('Ping');
  });

  it('advertises the versions that it speaks, oldest first [MS-ASHTTP R249 R296 R297 R459 R460 R461 R1201 R12011]', () => {
    expect(createRegistry([]).advertisement['MS-ASProtocolVersions']).toBe('2.5,12.0,12.1,14.0,14.1,16.0,16.1');
    const some = createRegistry([], [141, 121]);
    expect(some.advertisement['MS-ASProtocolVersions']).toBe('12.1,14.1');
    expect(some.newest).toBe(141);
    expect([some.speaks(121), some.speaks(140), some.speaks(161)]).toEqual([true, false, false]);
  });

  it.each([
    [[25, 120], 'Sync,GetAttachment,Settings'],
    [[25], 'Sync,GetAttachment'],
    [[121, 161], 'Sync,GetAttachment,Settings,Find'],
    [[140, 141], 'Sync,Settings'],
    [[161], 'Sync,Settings,Find'],
  ] as const)(
    'has of versions %j the commands that at least one of them has: %s [MS-ASHTTP R247]',
    (versions, names) => {
      const all = [
        SYNC,
        command('GetAttachment', 4, { until: 121 }),
        command('Settings', 17, { since: 120 }),
        command('Find', 23, { since: 161 }),
      ];
      const registry = createRegistry(all, versions);
      expect(registry.advertisement['MS-ASProtocolCommands']).toBe(names);
      const found = all.filter(({ name }) => registry.find(name)).map(({ name }) => name);
      expect(found.join(',')).toBe(names);
    },
  );

  it('repeats both for a device that begins anew, with X-MS-RP', () => {
    expect(createRegistry([SYNC], [141]).reinitialize).toEqual({
      'MS-ASProtocolVersions': '14.1',
      'MS-ASProtocolCommands': 'Sync',
      'X-MS-RP': '14.1',
    });
  });

  it('finds commands by their exact name', () => {
    const registry = createRegistry([PING, SYNC]);
    expect(registry.find('Ping')).toBe(PING);
    expect(registry.find('ping')).toBeUndefined();
    expect(registry.find('__proto__')).toBeUndefined();
  });

  it('refuses what cannot be', () => {
    expect(() => createRegistry([PING, PING])).toThrow('twice');
    expect(() => createRegistry([command('Ping', 17)])).toThrow('foreign code');
    expect(() => createRegistry([command('Pong', 18)])).toThrow('foreign code');
    expect(() => createRegistry([], [])).toThrow(TypeError);
    expect(() => createRegistry([], [10 as never])).toThrow(TypeError);
    expect(() => createRegistry([], [10 as never, 141])).toThrow(TypeError);
  });
});

describe('a range of versions', () => {
  it.each([
    [{}, 25, 25],
    [{ since: 120 }, 25, 120],
    [{ since: 120 }, 120, 120],
    [{ until: 121 }, 161, 121],
    [{ until: 121 }, 25, 25],
    [{ since: 140, until: 141 }, 161, 141],
    [{ since: 140, until: 141 }, 121, 140],
  ] as const)('%j has for %i the nearest %i', (range, version, nearest) => {
    expect(nearestVersion(range, version)).toBe(nearest);
    expect(hasVersion(range, version)).toBe(version === nearest);
  });
});
