import { describe, expect, test } from 'vitest';
import { isSpared, THROTTLE, Throttle, type ThrottleOptions } from '../../../lib/protocol/throttle.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const OFF = { commandsPerMinute: 0, syncsPerMinute: 0, sameCommands: 0 };
const bytes = (text: string) => new TextEncoder().encode(text);

function open(options: Partial<ThrottleOptions>) {
  const clock = new FakeClock();
  const throttle = new Throttle(clock, { ...OFF, ...options });
  const count = (command: string, body = '', device = 'ann p1', query = `Cmd=${command}`) =>
    throttle.count(device, command, query, bytes(body)).reason;
  return { clock, count, throttle };
}

describe('a device', () => {
  test('may send so many commands in a minute, whichever', async () => {
    const { clock, count } = open({ commandsPerMinute: 3 });
    for (const n of [1, 2, 3]) expect(count('FolderSync', `${n}`)).toBeUndefined();
    expect(count('Sync', '4')).toBe('CommandFrequency');
    await clock.advance(60_000);
    for (const n of [1, 2, 3]) expect(count('FolderSync', `${n}`)).toBeUndefined();
  });

  test('begins anew with every minute, not in the middle of one', async () => {
    const { clock, count } = open({ commandsPerMinute: 2 });
    count('Sync', '1');
    await clock.advance(59_999);
    count('Sync', '2');
    expect(count('Sync', '3')).toBe('CommandFrequency');
  });

  test('may send so many Syncs among them', () => {
    const { count } = open({ syncsPerMinute: 2 });
    for (const n of [1, 2]) expect(count('Sync', `${n}`)).toBeUndefined();
    expect(count('FolderSync', '1')).toBeUndefined();
    expect(count('Sync', '3')).toBe('SyncCommands');
  });

  test('may ask the same thing so often, with whatever between', async () => {
    const { clock, count } = open({ sameCommands: 2, samePeriodMs: 10_000 });
    count('Sync', 'key 1');
    count('Sync', 'key 2');
    count('Sync', 'key 1');
    expect(count('Sync', 'key 1')).toBe('RecentCommands');
    count('Sync', 'key 1');
    count('Sync', 'key 1');
    await clock.advance(10_000);
    expect(count('Sync', 'key 1')).toBeUndefined();
  });

  test('asks something else by another query', () => {
    const { count } = open({ sameCommands: 1 });
    expect(count('GetAttachment', '', 'ann p1', 'AttachmentName=1')).toBeUndefined();
    expect(count('GetAttachment', '', 'ann p1', 'AttachmentName=2')).toBeUndefined();
    expect(count('GetAttachment', '', 'ann p1', 'AttachmentName=2')).toBe('RecentCommands');
  });

  test.each(['Ping', 'Sync'])(
    'may repeat a %s without news for days, as long as it synchronises between',
    (command) => {
      const { count } = open({ sameCommands: 2 });
      const body = command === 'Ping' ? 'folders' : '';
      for (let n = 0; n < 20; n++) {
        expect(count(command, body)).toBeUndefined();
        expect(count('Sync', `key ${n}`)).toBeUndefined();
      }
      count(command, body);
      count(command, body);
      expect(count(command, body)).toBe('RecentCommands');
    },
  );

  test('counts for itself alone, and afresh after it was shut out', () => {
    const { count } = open({ commandsPerMinute: 1 });
    count('Sync', '1');
    expect(count('Sync', '1', 'ann p2')).toBeUndefined();
    expect(count('Sync', '2')).toBe('CommandFrequency');
    expect(count('Sync', '3')).toBeUndefined();
  });

  test('is remembered by its last requests only, and large ones are not compared', () => {
    const { count } = open({ sameCommands: 1 });
    count('Sync', 'first');
    for (let n = 0; n < 16; n++) count('Sync', `${n}`);
    expect(count('Sync', 'first')).toBeUndefined();
    const large = 'x'.repeat(70_000);
    for (let n = 0; n < 3; n++) expect(count('SendMail', large)).toBeUndefined();
  });

  test('is never shut out where all limits are off', () => {
    const { count } = open({});
    for (let n = 0; n < 10_000; n++) expect(count('Ping', 'same')).toBeUndefined();
  });
});

describe('a device that repeats itself', () => {
  const FIRST = 30_000;
  const reason = 'RecentCommands' as const;

  test('waits half a minute, then twice as long each time, up to the whole time', async () => {
    const { clock, throttle } = open({ blockMs: 600_000 });
    const waits: number[] = [];
    let before: ReturnType<typeof throttle.blocked> | undefined;
    for (let n = 0; n < 7; n++) {
      before = throttle.blocked(reason, before);
      waits.push((before.until - clock.now()) / 1000);
      await clock.advance(before.until - clock.now() + 600_000);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600]);
  });

  test('begins with half a minute again after half an hour without', async () => {
    const { clock, throttle } = open({ blockMs: 600_000 });
    const first = throttle.blocked(reason, undefined);
    await clock.advance(FIRST + 1_799_999);
    expect(throttle.blocked(reason, first)).toMatchObject({ times: 2 });
    await clock.advance(1);
    expect(throttle.blocked(reason, first)).toEqual({ reason, until: clock.now() + FIRST, times: 1 });
  });

  test('never waits longer than was configured, however often, and at once so long for asking too much', () => {
    const { clock, throttle } = open({ blockMs: 20_000 });
    const now = clock.now();
    expect(throttle.blocked(reason, undefined).until).toBe(now + 20_000);
    expect(throttle.blocked(reason, { reason, until: now, times: 5000 }).until).toBe(now + 20_000);
    expect(throttle.blocked('SyncCommands', undefined)).toEqual({ reason: 'SyncCommands', until: now + 20_000 });
  });

  test('is not counted again for what it was shut out for otherwise, or before times were counted', () => {
    const { clock, throttle } = open({ blockMs: 600_000 });
    const until = clock.now();
    expect(throttle.blocked(reason, { reason: 'SyncCommands', until })).toMatchObject({ times: 1 });
    expect(throttle.blocked(reason, { reason, until })).toMatchObject({ times: 2 });
  });

  test.each(['SendMail', 'SmartReply', 'SmartForward', 'Provision', 'Settings'])('may go on with %s', (command) => {
    const { count } = open({ sameCommands: 1, commandsPerMinute: 5 });
    for (let n = 0; n < 5; n++) expect(count(command, 'same')).toBeUndefined();
    expect(count(command, 'same')).toBe('CommandFrequency');
    expect(isSpared(reason, command)).toBe(true);
    expect(isSpared('CommandFrequency', command)).toBe(false);
    expect(isSpared(reason, 'Sync')).toBe(false);
  });

  test('has the answers noted of what it repeats, until another request comes between', () => {
    const { throttle } = open({ sameCommands: 5 });
    const ask = (command: string, body: string) => throttle.count('ann p1', command, '', bytes(body)).repeats!;
    ask('Sync', 'one').said = '3';
    ask('Sync', 'two').said = '1';
    expect(ask('Sync', 'one').said).toBe('3');
    ask('Ping', 'folders').said = '8';
    expect(ask('Ping', 'folders')).toMatchObject({ said: '8', count: 2 });
    ask('Sync', 'three');
    expect(ask('Ping', 'folders').said).toBeUndefined();
  });
});

test.each(Object.keys(THROTTLE))('%s must be a whole number', (name) => {
  for (const value of [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY]) {
    expect(() => new Throttle(new FakeClock(), { [name]: value })).toThrow(RangeError);
  }
});
