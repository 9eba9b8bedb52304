import type { DeviceId } from '../ops/ids.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import type { Condition, Row, Value } from '../store/ports.ts';
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
    cachedSync: typeof row.cachedSync === 'string' ? row.cachedSync : undefined,
    ping: typeof row.ping === 'object' && row.ping !== null ? row.ping : undefined,
  }),
);

/** What several write who do not know of each other; a write can be made to rest on what was read of it. */
export type Marked = 'wipe' | 'notice';

const MARKS: { readonly [name in Marked]: (value: NonNullable<Device[name]>) => string } = {
  wipe: ({ kind, state, at }) => `${kind} ${state} ${at}`,
  notice: ({ about, at }) => `${about} ${at}`,
};
const isMarked = (name: string): name is Marked => Object.hasOwn(MARKS, name);
const attributeOf = (name: Marked) => `${name}Mark`;

/** Conditions compare scalars only, so each such value has one beside it that says the same. */
export function markOf<N extends Marked>(name: N, value: Device[N]): string | undefined {
  return value && MARKS[name](value as NonNullable<Device[N]>);
}

/** That the row still says so. Rows that were written before there were marks have none to compare. */
export function holds<N extends Marked>(row: Row, name: N, value: NonNullable<Device[N]>): Condition {
  const attribute = attributeOf(name);
  return row[attribute] === undefined ? { row: 'present' } : { equals: { [attribute]: MARKS[name](value) } };
}

/** A patch as attributes to write and to remove. Nested values are written whole, without their undefined members. */
export function devicePatch(patch: Partial<Omit<Device, 'id'>>): {
  readonly set: Record<string, Value>;
  readonly remove: string[];
} {
  const set: Record<string, Value> = {};
  const remove: string[] = [];
  for (const [name, value] of Object.entries(patch)) {
    if (isMarked(name)) {
      const mark = markOf(name, value as Device[Marked]);
      if (mark === undefined) remove.push(attributeOf(name));
      else set[attributeOf(name)] = mark;
    }
    if (value === undefined) remove.push(name);
    else set[name] = Array.isArray(value) || typeof value !== 'object' ? (value as Value) : defined(value);
  }
  return { set, remove };
}

function defined(value: object): Value {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
