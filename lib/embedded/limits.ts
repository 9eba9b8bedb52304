/** Options of the server as the parts that they limit take them. */
import type { AgentLimit } from '../identity/user-agents.ts';
import type { Quota } from '../mailbox/quota.ts';
import type { PasswordOptions } from '../protocol/password-age.ts';
import type { ThrottleOptions } from '../protocol/throttle.ts';
import type { EmbeddedOptions } from './options.ts';

const HOUR_MS = 3_600_000;

export const quotaOption = (options: EmbeddedOptions): Quota => ({
  bytes: options.quotaBytes,
  items: options.quotaItems,
  folderItems: options.quotaFolderItems,
  itemBytes: options.quotaItemBytes,
});

/** What `createDevices` is told; nothing for limits that are off. */
export function deviceOptions({ maxDevices, agentChanges, agentHours, agentBlockHours }: EmbeddedOptions): {
  readonly maxDevices?: number;
  readonly agents?: AgentLimit;
} {
  const agents = { changes: agentChanges, periodMs: agentHours * HOUR_MS, blockMs: agentBlockHours * HOUR_MS };
  return { ...(maxDevices > 0 && { maxDevices }), ...(agentChanges > 0 && { agents }) };
}

export const throttleOption = (options: EmbeddedOptions): Partial<ThrottleOptions> => ({
  commandsPerMinute: options.commandsPerMinute,
  syncsPerMinute: options.syncsPerMinute,
  sameCommands: options.sameCommands,
  blockMs: options.throttleMinutes * 60_000,
});

export const passwordOption = ({ passwordUrl: url, passwordWarnDays: warnDays }: EmbeddedOptions): PasswordOptions => ({
  warnDays,
  ...(url !== undefined && { url }),
});
