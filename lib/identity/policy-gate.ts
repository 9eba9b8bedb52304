import type { ProtocolVersion } from '../protocol/versions.ts';
import type { Applied, Policies } from './policies.ts';
import type { Device, PolicyGate, PolicyRefusal } from './types.ts';

/** Stands for "nothing was demanded" where a device keeps the hash of what it acknowledged. */
export const NO_POLICY_HASH = 'none';

/** A wipe was ordered and the device has not reported that it is done; one that failed is ordered still. */
export const isWipePending = ({ wipe }: Device): boolean => wipe !== undefined && wipe.state !== 'done';

/**
 * Versions before 16.1 have no directive for an account alone (MS-ASPROV R6906). Wiping the whole device instead would
 * destroy what is not ours: such a device is shut out and keeps what it has, until it speaks 16.1.
 */
export const canBeToldToWipe = (device: Device, version: ProtocolVersion): boolean =>
  device.wipe?.kind === 'device' || version >= 161;

/** Whether a device may run commands: wipe, block, policy, in this order. */
export function createPolicyGate(policies: Pick<Policies, 'forAccount'>): PolicyGate {
  return {
    async check(account, device, version, policyKey) {
      if (isWipePending(device)) return canBeToldToWipe(device, version) ? 140 : 129;
      if (device.blocked || device.wipe !== undefined) return 129;
      return refusal(await policies.forAccount(account), device, version, policyKey?.trim());
    },
  };
}

function refusal(
  applied: Applied,
  device: Device,
  version: ProtocolVersion,
  key: string | undefined,
): PolicyRefusal | undefined {
  if (applied.kind === 'corrupt') return 142;
  if (applied.kind !== 'policy') {
    // Whoever still complies with a policy that is gone is told so once. The others need not ask at all.
    return (device.policyHash ?? NO_POLICY_HASH) === NO_POLICY_HASH ? undefined : 143;
  }
  const { policy } = applied;
  const { hash, dropped } = applied.render(version);
  if (dropped.length > 0 && !policy.allowPartial) return 139;
  if (key === undefined || key === '') {
    if (policy.withoutKey === 'allow') return undefined;
    return policy.withoutKey === 'refuse' ? 141 : 142;
  }
  if (Number(key) === 0) return 142;
  if (key !== device.policyKey) return 144;
  return device.policyHash === hash ? undefined : 143;
}
