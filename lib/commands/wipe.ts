import type { ProvisionRequest, ProvisionResponse } from '../documents/provision.ts';
import { canBeToldToWipe, isWipePending } from '../identity/policy-gate.ts';
import type { Device, Devices } from '../identity/types.ts';
import { type CommandContext, ProtocolFailure } from '../protocol/command.ts';

type Wipe = NonNullable<Device['wipe']>;
type Saver = Pick<Devices, 'replace'>;

/** The order, in the answer to whatever the device asks of Provision. @throws ProtocolFailure 129 */
export async function directWipe(devices: Saver, context: CommandContext): Promise<ProvisionResponse> {
  const { device, version } = context;
  if (!canBeToldToWipe(device, version)) {
    throw new ProtocolFailure(129, 'the device has no account-only wipe, and is shut out instead');
  }
  if (device.wipe?.state !== 'ordered') return { Status: 1, ...directive(device) };
  const { replaced, device: now } = await record(devices, context, { state: 'sent' });
  return replaced ? { Status: 1, ...directive(device) } : overtaken(devices, context, now);
}

/** Somebody ordered another wipe, or took it back, since the request was admitted: what is there now counts. */
async function overtaken(devices: Saver, context: CommandContext, device: Device): Promise<ProvisionResponse> {
  if (isWipePending(device)) return directWipe(devices, { ...context, device });
  return { Status: device.wipe ? 1 : 2 };
}

/** What the device reports of a wipe, or `undefined` where the request is about something else. */
export async function acknowledgeWipe(
  devices: Saver,
  context: CommandContext,
  request: ProvisionRequest,
): Promise<ProvisionResponse | undefined> {
  const { device } = context;
  const reported = reportedStatus(device, request);
  if (reported === undefined) return undefined;
  // The answer to the report was lost, and the device asks again.
  if (device.wipe?.state === 'done') return { Status: 1 };
  // Nobody ordered one: no directive may be in the answer (R653).
  if (!device.wipe) return { Status: 2 };
  // The order became one for the whole device after this one was told of its account.
  if (request.AccountOnlyRemoteWipe && !request.RemoteWipe && device.wipe.kind === 'device') {
    return directWipe(devices, context);
  }
  context.log.info('wipe-reported', {
    account: context.account.id,
    device: device.id,
    kind: device.wipe.kind,
    reported,
  });
  if (reported !== 1) {
    const { replaced, device: now } = await record(devices, context, { state: 'failed' });
    return replaced ? { Status: 2, ...directive(device) } : overtaken(devices, context, now);
  }
  // From now on it is a stranger: its keys are void, and it is let in again only when somebody removes the partnership.
  const { replaced, device: now } = await record(devices, context, { state: 'done' }, VOID);
  return replaced ? { Status: 1 } : overtaken(devices, context, now);
}

const VOID = {
  blocked: true,
  policyKey: undefined,
  policyHash: undefined,
  temporaryPolicyKey: undefined,
  temporaryPolicyHash: undefined,
} as const;

/** iOS writes its Status beside the RemoteWipe rather than into it. */
function reportedStatus(device: Device, request: ProvisionRequest): number | undefined {
  const report = request.RemoteWipe ?? request.AccountOnlyRemoteWipe;
  if (report) return report.Status ?? request.Status ?? 0;
  const bare = request.Status !== undefined && !request.Policies && isWipePending(device);
  return bare && device.wipe?.state !== 'ordered' ? request.Status : undefined;
}

function directive({ wipe }: Device): Pick<ProvisionResponse, 'RemoteWipe' | 'AccountOnlyRemoteWipe'> {
  return wipe?.kind === 'account' ? { AccountOnlyRemoteWipe: true } : { RemoteWipe: true };
}

function record(
  devices: Saver,
  { account, device, clock }: CommandContext,
  change: Pick<Wipe, 'state'>,
  more: Partial<Device> = {},
): ReturnType<Saver['replace']> {
  const wipe: Wipe = { kind: device.wipe!.kind, ...change, at: clock.now() };
  return devices.replace(account.id, device, 'wipe', { wipe, ...more });
}
