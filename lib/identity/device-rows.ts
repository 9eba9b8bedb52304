import type { DeviceId } from '../ops/ids.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import type { Value } from '../store/ports.ts';
import { readOnce } from '../store/rows.ts';
import type { Device, DeviceInformation } from './types.ts';

export const DEVICE_PREFIX = 'D#';

export const deviceOf = readOnce(
  (row): Device => ({
    id: row.sk.slice(DEVICE_PREFIX.length) as DeviceId,
    type: (row.type as string | undefined) ?? '',
    userAgent: row.userAgent as string | undefined,
    version: row.version as ProtocolVersion | undefined,
    firstSeen: (row.firstSeen as number | undefined) ?? 0,
    lastSeen: (row.lastSeen as number | undefined) ?? 0,
    information: row.information as DeviceInformation | undefined,
    policyKey: row.policyKey as string | undefined,
    policyHash: row.policyHash as string | undefined,
    temporaryPolicyKey: row.temporaryPolicyKey as string | undefined,
    temporaryPolicyHash: row.temporaryPolicyHash as string | undefined,
    wipe: row.wipe as Device['wipe'],
    blocked: row.blocked as boolean | undefined,
    recovery: row.recovery as string | undefined,
    decided: row.decided as Device['decided'],
    access: row.access as Device['access'],
    notice: row.notice as Device['notice'],
    throttled: row.throttled as Device['throttled'],
    agentChanges: row.agentChanges as Device['agentChanges'],
  }),
);

/** A patch as attributes to write and to remove. Nested values are written whole, without their undefined members. */
export function devicePatch(patch: Partial<Omit<Device, 'id'>>): {
  readonly set: Record<string, Value>;
  readonly remove: string[];
} {
  const set: Record<string, Value> = {};
  const remove: string[] = [];
  for (const [name, value] of Object.entries(patch)) {
    if (value === undefined) remove.push(name);
    else set[name] = Array.isArray(value) || typeof value !== 'object' ? (value as Value) : defined(value);
  }
  return { set, remove };
}

function defined(value: object): Value {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
