import type { Device, Throttled } from './types.ts';

/** How often a device may call itself something else (MS-ASHTTP 3.2.5.1.1). */
export interface AgentLimit {
  /** Changes within the period; one more shuts the device out. */
  readonly changes: number;
  readonly periodMs: number;
  readonly blockMs: number;
}

/** The limit that MS-ASHTTP R418 and R420 name. Off unless it is asked for, as in Exchange (R455): an upgrade of the system is a change too. */
export const AGENT_LIMIT: AgentLimit = { changes: 2, periodMs: 24 * 3_600_000, blockMs: 14 * 3_600_000 };

/** @throws RangeError */
export function checkedAgentLimit(limit: AgentLimit): AgentLimit {
  for (const [name, value] of Object.entries(limit)) {
    if (!(value >= 1) || !Number.isFinite(value)) throw new RangeError(`${name} must be a number of at least 1`);
  }
  return limit;
}

/** What a request under another name does to its device. The first name is no change. */
export function agentChange(
  device: Pick<Device, 'userAgent' | 'agentChanges'>,
  userAgent: string | undefined,
  now: number,
  { changes, periodMs, blockMs }: AgentLimit,
): { readonly agentChanges?: readonly number[]; readonly throttled?: Throttled } {
  if (userAgent === undefined || device.userAgent === undefined || userAgent === device.userAgent) return {};
  const recent = [...(device.agentChanges ?? []).filter((at) => at > now - periodMs), now];
  if (recent.length <= changes) return { agentChanges: recent };
  return { agentChanges: [], throttled: { reason: 'UserAgentChanges', until: now + blockMs } };
}
