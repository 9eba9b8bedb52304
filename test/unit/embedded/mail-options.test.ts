import { describe, expect, test } from 'vitest';
import { BadOption, readOptions } from '../../../lib/embedded/options.ts';

describe('options of mail out', () => {
  test('have values for everybody, and no relay', () => {
    expect(readOptions({})).toMatchObject({
      maxSendBytes: 36_700_160,
      maxRecipients: 500,
      recipientsPerHour: 2_000,
      relayOwnDomains: false,
    });
    expect(readOptions({}).relayUrl).toBeUndefined();
  });

  test.each(['smtp://host', 'smtp://user:p%40ss@host:587', 'smtps://host:465/?x=1'])(
    'take the relay %s',
    (RELAY_URL) => {
      expect(readOptions({}, { RELAY_URL }).relayUrl).toBe(RELAY_URL);
    },
  );

  test.each([
    ['RELAY_URL', 'http://host'],
    ['RELAY_URL', 'host:25'],
    ['RELAY_URL', 'file:///etc/passwd'],
    ['MAIL_NAME', 'a b'],
    ['MAIL_NAME', 'x\r\nEvil: 1'],
  ])('refuse %s=%j by its name', (name, value) => {
    expect(() => readOptions({}, { [name]: value })).toThrow(BadOption);
    expect(() => readOptions({}, { [name]: value })).toThrow(name);
  });

  test.each([{ maxSendBytes: 'x' }, { maxRecipients: 0 }, { recipientsPerHour: -1 }])('refuse %j', (flags) => {
    expect(() => readOptions(flags as never)).toThrow(BadOption);
  });
});
