import { describe, expect, it } from 'vitest';
import type { AnyCommand } from '../../../lib/protocol/command.ts';
import { createRegistry } from '../../../lib/protocol/registry.ts';

const command = (name: string, code: number) => ({ name, code }) as AnyCommand;
const PING = command('Ping', 18);
const SYNC = command('Sync', 0);

describe('the registry', () => {
  it('advertises the commands that are registered and no others, in the order of their codes [MS-ASHTTP R247]', () => {
    expect(createRegistry([PING, SYNC]).advertisement['MS-ASProtocolCommands']).toBe('Sync,Ping');
    expect(createRegistry([PING]).advertisement['MS-ASProtocolCommands']).toBe('Ping');
  });

  it('advertises the versions that it speaks, oldest first [MS-ASHTTP R249 R296 R459 R460 R461 R1201 R12011]', () => {
    expect(createRegistry([]).advertisement['MS-ASProtocolVersions']).toBe('12.1,14.0,14.1,16.0,16.1');
    const some = createRegistry([], [141, 121]);
    expect(some.advertisement['MS-ASProtocolVersions']).toBe('12.1,14.1');
    expect(some.newest).toBe(141);
    expect([some.speaks(121), some.speaks(140), some.speaks(161)]).toEqual([true, false, false]);
  });

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
    expect(() => createRegistry([], [25])).toThrow(TypeError);
    expect(() => createRegistry([], [25, 141])).toThrow(TypeError);
  });
});
