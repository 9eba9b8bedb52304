import { HttpFailure } from '../http/failure.ts';
import { accessOf } from '../identity/access.ts';
import { isTestDevice } from '../identity/devices.ts';
import { isWipePending } from '../identity/policy-gate.ts';
import type { Account, Device, Devices, PolicyGate, ThrottleReason } from '../identity/types.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/log.ts';
import { ProtocolFailure } from './command.ts';
import type { RequestHead } from './request-head.ts';
import type { Encoding } from './responder.ts';
import { isSpared, type Repeats, THROTTLED, type Throttle } from './throttle.ts';

export interface AdmissionDeps {
  readonly devices: Pick<Devices, 'touch' | 'save'>;
  readonly policyGate: PolicyGate;
  /** Tells users of devices that are shut out. Never rejects. */
  readonly notices?: { device(account: Account, device: Device): Promise<void> };
  readonly throttle: Throttle;
  readonly clock: Clock;
  readonly log: Log;
}

/** A request whose device is known. */
export interface Asking {
  readonly account: Account;
  readonly device: Device;
  readonly head: RequestHead;
  readonly encoding: Encoding;
}

/**
 * What a quarantined device may do, so that it can be set up, tells what it is, and comes back when it is approved. What
 * is in the mailbox is none of it (as in Exchange, but without a mailbox that holds nothing but the notice).
 */
const IN_QUARANTINE: ReadonlySet<string> = new Set(['Provision', 'Settings', 'FolderSync']);

/**
 * Whether the device may run its command: behaviour, wipe, decisions and rules, policy. Everything it looks at was read
 * with the device.
 * @throws ProtocolFailure 129, or the gate's refusal; HttpFailure 503 while it is shut out for its behaviour
 */
export async function admit(deps: AdmissionDeps, { head, account, encoding, device }: Asking): Promise<void> {
  const { name } = encoding.command;
  const wiping = isWipePending(device);
  if (device.notice) await deps.notices?.device(account, device);
  // A wipe that was ordered reaches whoever it must, whatever else is said of the device.
  if (!wiping) refuseThrottled(device, name, deps.clock.now());
  // Provision sees to this itself: a device that was wiped may report it again, where the answer to its report was lost.
  if (device.blocked && name !== 'Provision') throw new ProtocolFailure(129, 'the device is blocked');
  if (!wiping && !device.blocked) {
    const access = accessOf(device);
    const allowed = access === 'allow' || (access === 'quarantine' && IN_QUARANTINE.has(name));
    if (!allowed) throw new ProtocolFailure(129, `the device is not let in: ${access}`);
  }
  // Ping and Provision ask for no policy key (MS-ASPROV R61103).
  if (!encoding.command.needsPolicy) return;
  const refusal = await deps.policyGate.check(account, device, head.version, head.policyKey);
  if (refusal !== undefined) throw new ProtocolFailure(refusal, 'the policy does not let the device in');
}

/**
 * Counts a request with its body, and shuts the device out when it was one too many: from now on for this process, and
 * with the device's row for all others. What is given back takes the answer, so that a loop can be told by it.
 * @throws HttpFailure 503
 */
export async function countRequest(
  deps: AdmissionDeps,
  { account, device, encoding }: Asking,
  query: string,
  body: Uint8Array,
): Promise<Repeats | undefined> {
  if (isWipePending(device)) return undefined;
  const { name: command } = encoding.command;
  const { reason, repeats } = deps.throttle.count(`${account.id} ${device.id}`, command, query, body);
  if (!reason) return repeats;
  const throttled = deps.throttle.blocked(reason, device.throttled);
  const ms = throttled.until - deps.clock.now();
  const answered = reason === 'RecentCommands' ? repeats?.said : undefined;
  deps.log.warn('throttled', { account: account.id, device: device.id, command, reason, answered, ms });
  if (!isTestDevice(device.id)) await deps.devices.save(account.id, device.id, { throttled });
  throw tooMuch(reason, ms);
}

function refuseThrottled({ throttled }: Device, command: string, now: number): void {
  if (!throttled || throttled.until <= now || isSpared(throttled.reason, command)) return;
  throw tooMuch(throttled.reason, throttled.until - now);
}

/** HTTP for every version: there is no status that says when to come again (MS-ASHTTP R273, R287). */
function tooMuch(reason: ThrottleReason, ms: number): HttpFailure {
  return new HttpFailure(503, 'the device asks too much', {
    label: `${THROTTLED}${reason}`,
    headers: { 'X-MS-ASThrottle': reason, 'Retry-After': `${Math.max(1, Math.ceil(ms / 1000))}` },
  });
}
