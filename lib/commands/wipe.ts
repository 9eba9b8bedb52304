import type { ProvisionRequest, ProvisionResponse } from '../documents/provision.ts';
import { canBeToldToWipe, isWipePending } from '../identity/policy-gate.ts';
import type { Device, Devices } from '../identity/types.ts';
import { type CommandContext, ProtocolFailure } from '../protocol/command.ts';

type Wipe = NonNullable<Device['wipe']>;
type Saver = Pick<Devices, 'save'>;

/** The order, in the answer to whatever the device asks of Provision. @throws ProtocolFailure 129 */
export async function directWipe(devices: Saver, context: CommandContext): Promise<ProvisionResponse> {
  const { device, version } = context;
  if (!canBeToldToWipe(device, version)) {
    throw new ProtocolFailure(129, 'the device has no account-only wipe, and is shut out instead');
  }
  if (device.wipe?.state === 'ordered') await record(devices, context, { state: 'sent' });
  return { Status: 1, ...directive(device) };
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
  context.log.info('wipe-reported', {
    account: context.account.id,
    device: device.id,
    kind: device.wipe.kind,
    reported,
  });
  if (reported !== 1) {
    await record(devices, context, { state: 'failed' });
    return { Status: 2, ...directive(device) };
  }
  // From now on it is a stranger: its keys are void, and it is let in again only when somebody removes the partnership.
  await record(devices, context, { state: 'done' }, VOID);
  return { Status: 1 };
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

async function record(
  devices: Saver,
  { account, device, clock }: CommandContext,
  change: Pick<Wipe, 'state'>,
  more: Partial<Device> = {},
): Promise<void> {
  const wipe: Wipe = { kind: device.wipe!.kind, ...change, at: clock.now() };
  await devices.save(account.id, device.id, { wipe, ...more });
}
