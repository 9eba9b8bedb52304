import { describe, expect, test } from 'vitest';
import { THROTTLE, Throttle, type ThrottleOptions } from '../../../lib/protocol/throttle.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const OFF = { commandsPerMinute: 0, syncsPerMinute: 0, sameCommands: 0 };
const bytes = (text: string) => new TextEncoder().encode(text);

function open(options: Partial<ThrottleOptions>) {
  const clock = new FakeClock();
  const throttle = new Throttle(clock, { ...OFF, ...options });
  const count = (command: string, body = '', device = 'ann p1', query = `Cmd=${command}`) =>
    throttle.count(device, command, query, bytes(body));
  return { clock, count };
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

test.each(Object.keys(THROTTLE))('%s must be a whole number', (name) => {
  for (const value of [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY]) {
    expect(() => new Throttle(new FakeClock(), { [name]: value })).toThrow(RangeError);
  }
});
