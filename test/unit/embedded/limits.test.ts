import { describe, expect, test } from 'vitest';
import { deviceOptions, passwordOption, quotaOption, throttleOption } from '../../../lib/embedded/limits.ts';
import { BadOption, readOptions } from '../../../lib/embedded/options.ts';
import { AGENT_LIMIT } from '../../../lib/identity/user-agents.ts';
import { THROTTLE, throttleOptions } from '../../../lib/protocol/throttle.ts';

const HOUR = 3_600_000;

describe('by default', () => {
  const options = readOptions({});

  test('devices and mailboxes have no limit, and User-Agents may change', () => {
    expect(deviceOptions(options)).toEqual({});
    expect(quotaOption(options)).toEqual({});
  });

  test('what a device may ask is limited, and passwords are warned of 14 days ahead', () => {
    expect(throttleOptions(throttleOption(options))).toEqual(THROTTLE);
    expect(passwordOption(options)).toEqual({ warnDays: 14 });
  });
});

test('options and variables say it otherwise', () => {
  const options = readOptions(
    { maxDevices: '5', agentChanges: 2, agentHours: 12, sameCommands: 0, throttleMinutes: 1 },
    { QUOTA_BYTES: '1000', QUOTA_ITEM_BYTES: '10', PASSWORD_URL: 'https://id.example.test/', AGENT_BLOCK_HOURS: '3' },
  );
  expect(deviceOptions(options)).toEqual({
    maxDevices: 5,
    agents: { changes: 2, periodMs: 12 * HOUR, blockMs: 3 * HOUR },
  });
  expect(quotaOption(options)).toEqual({ bytes: 1000, itemBytes: 10 });
  expect(throttleOption(options)).toMatchObject({ sameCommands: 0, blockMs: 60_000 });
  expect(passwordOption(options)).toEqual({ warnDays: 14, url: 'https://id.example.test/' });
});

test('a limit of User-Agents is that of the specification where only its number is given', () => {
  expect(deviceOptions(readOptions({ agentChanges: AGENT_LIMIT.changes }))).toEqual({ agents: AGENT_LIMIT });
});

test.each([
  { maxDevices: -1 },
  { quotaBytes: Number.NaN },
  { quotaItems: 'many' },
  { quotaFolderItems: 0.5 },
  { commandsPerMinute: Number.POSITIVE_INFINITY },
  { throttleMinutes: 0 },
  { agentHours: 0 },
  { passwordUrl: 'ftp://x.test' },
  { passwordWarnDays: -1 },
])('%j is refused by name', (input) => {
  expect(() => readOptions(input)).toThrow(BadOption);
  expect(() => readOptions(input)).toThrow(Object.keys(input)[0]);
});
