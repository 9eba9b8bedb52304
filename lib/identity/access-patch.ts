import { type AccessAction, type AccessRules, judgeAccess } from './access.ts';
import type { Account, Device } from './types.ts';

export type AccessPatch = Pick<Device, 'access' | 'notice'>;

/** The mail that is due when a device is shut out; none when it is let in. */
export const noticeOf = (action: AccessAction, at: number): Device['notice'] =>
  action === 'allow' ? undefined : { about: action, at };

/**
 * What to write where the rules say something else of a device than before; `undefined` for nothing. The user is told
 * once for each time that a device is shut out, and not at all while a decision by hand has the say.
 */
export function accessPatch(
  rules: AccessRules,
  account: Pick<Account, 'id' | 'address'> | undefined,
  device: Device,
  now: number,
): AccessPatch | undefined {
  const decision = judgeAccess(rules, account, device);
  const before = device.access ?? { action: 'allow', by: 'default' };
  if (before.action === decision.action && before.by === decision.by) return undefined;
  const access = decision.action === 'allow' && decision.by === 'default' ? undefined : decision;
  const silent = device.decided !== undefined || before.action === decision.action;
  return silent ? { access } : { access, notice: noticeOf(decision.action, now) };
}
